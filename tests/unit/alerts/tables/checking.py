"""One case of a table against the parser: every field named in it, and nothing secret kept."""

from __future__ import annotations

from typing import Any

from zepix.alerts import AlertProcessor
from zepix.model import Alert, Catalogue, Quarantined

__all__ = ["check"]


def check(catalogue: Catalogue, dialect: str, body: str, settings: dict[str, str], expected: dict[str, Any]) -> None:
    """The body read with the settings has the expected fields, or is set aside for the expected reason."""
    found = AlertProcessor(catalogue, settings={dialect: settings}).parse(body, id="x", received_ns=1)
    if "reason" in expected:
        assert isinstance(found, Quarantined), found
        assert (found.reason, found.dialect) == (expected["reason"], dialect), found.detail
        assert expected["detail"] in found.detail
        return
    assert isinstance(found, Alert), found
    wanted = {"dialect": dialect} | expected
    assert {name: getattr(found, name) for name in wanted} == wanted
