"""Every test that docs/rules.md names is there."""

from __future__ import annotations

import re

from source_tree import ROOT

PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")


def test_every_test_that_holds_a_rule_is_there():
    named = re.findall(r"`([a-z0-9_/]+\.py)::(\w+)`", PAGE)
    assert len(named) > 200
    missing = []
    for file, name in dict.fromkeys(named):
        if file == "services/test_shield.py" and name == "test_x":  # the example at the top
            continue
        found = [path for path in (ROOT / "tests" / "unit" / file, ROOT / "tests" / file) if path.is_file()]
        if not found or f"def {name}(" not in found[0].read_text(encoding="utf-8"):
            missing.append(f"{file}::{name}")
    assert not missing, missing


def test_every_place_of_a_rule_that_names_a_file_is_there():
    rooms = ("alerts", "services", "engine", "model", "data", "research")
    for place in dict.fromkeys(re.findall(rf"`((?:{'|'.join(rooms)})/\w+\.(?:py|csv))`", PAGE)):
        assert (ROOT / "zepix" / place).is_file(), place
