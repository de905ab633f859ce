"""The page docs/services.md names every setting of these services, and no other."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from zepix.model.settings_market import MarketSettings
from zepix.model.settings_sessions import SessionSettings
from zepix.model.settings_trend import TrendSettings

PAGE = Path(__file__).resolve().parents[3] / "docs" / "services.md"


@pytest.mark.parametrize(
    ("heading", "settings"), [("Trend", TrendSettings), ("Sessions", SessionSettings), ("Market", MarketSettings)]
)
def test_page_names_every_setting_of_a_service(heading: str, settings: Any) -> None:
    text = PAGE.read_text(encoding="utf-8")
    part = re.search(rf"^## {heading}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert part is not None
    table = part[1].split("| setting `")[1]
    written = re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)
    assert written == [field.name for field in dataclasses.fields(settings)]


def test_settings_can_be_taken_apart() -> None:
    for settings in (TrendSettings(), SessionSettings(), MarketSettings()):
        assert dataclasses.asdict(settings)
