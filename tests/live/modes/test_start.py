"""What a configuration asks for, what it gets, and what is said of it; and that one without a slot is as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.live.desk import Desk, entry
from tests.live.modes.slots import SLOT, rows_of, tell, trade
from zepix.config.check import Raw
from zepix.errors import ConfigError
from zepix_live.engine.options import EngineOptions
from zepix_live.first_line import first_line
from zepix_live.rerunning import rerun_folder

QUIET = "SHADOW: no order leaves this machine. Everything durable lies in data."
LINES = {
    "nothing asked": ({}, QUIET),
    "shadow asked": ({"shadow_mode.default_mode": "SHADOW"}, QUIET),
    "live without a broker": (
        {"shadow_mode.default_mode": "LIVE"},
        "SHADOW, not LIVE as shadow_mode asks, since there is no live broker (broker.live.name): no order leaves this "
        "machine. Everything durable lies in data.",
    ),
    "shadow switched off without a broker": (
        {"shadow_mode.enabled": "false"},
        "SHADOW, not LIVE as shadow_mode asks, since there is no live broker (broker.live.name): no order leaves this "
        "machine. Everything durable lies in data.",
    ),
    "hybrid with a broker that there is not": (
        {"shadow_mode.default_mode": "HYBRID", "broker.live.name": "metatrader"},
        "SHADOW, not HYBRID as shadow_mode asks, since broker.live.name 'metatrader' is no live broker that works "
        "here; there is simulated: no order leaves this machine. Everything durable lies in data.",
    ),
    "live on the simulated one": (
        {"shadow_mode.default_mode": "LIVE", "broker.live.name": "simulated"},
        "LIVE: orders of every plugin go to the simulated live broker; no order leaves this machine. Everything "
        "durable lies in data.",
    ),
}


@pytest.mark.parametrize(("flags", "line"), LINES.values(), ids=LINES)
def test_the_first_line_says_whose_orders_are_real(flags: dict[str, str], line: str) -> None:
    options = EngineOptions(Path("data"), flags={key: Raw(value) for key, value in flags.items()})
    assert first_line(options, {}) == line
    environ = {f"ZEPIX_{key.upper().replace('.', '__')}": value for key, value in flags.items()}
    assert first_line(EngineOptions(Path("data")), environ) == line


def test_the_first_line_reads_the_file_and_leaves_what_is_wrong_in_it_to_others(tmp_path: Path) -> None:
    config = tmp_path / "live.toml"
    config.write_text('[shadow_mode]\ndefault_mode = "LIVE"\n', encoding="utf-8")
    assert first_line(EngineOptions(Path("data"), config), {}).startswith("SHADOW, not LIVE")
    for text in ("[shadow_mode\n", '[shadow_mode]\ndefault_mode = "PAPER"\n', "shadow_mode = 5\n[broker]\nlive = 3\n"):
        config.write_text(text, encoding="utf-8")
        assert first_line(EngineOptions(Path("data"), config), {}) == QUIET


WRONG = {
    "a mode that is none": ({"shadow_mode__default_mode": "PAPER"}, "default_mode"),
    "a name that no plugin has": ({**SLOT, "shadow_mode__shadow_plugins": '["brocket"]'}, "did you mean 'bracket'"),
    "a share above one": ({**SLOT, "broker__live__refusal_rate": 1.5}, "refusal_rate is a share, 0 to 1, not 1.5"),
    "a spread below zero": ({**SLOT, "broker__live__spread_points": -1}, "spread_points is 0 to"),
    "a fill that is none": ({**SLOT, "broker__live__fill__latency_ms": -5}, "latency_ms must be a whole number"),
    "a breaker over no ticket": ({"shadow_mode__breaker__tickets": 0}, "shadow_mode.breaker.tickets is 1 to 1000"),
    "a promotion below nothing": ({"shadow_mode__promotion__min_days": -1}, "promotion.min_days is 0 or above"),
    "both at once": (
        {"shadow_mode__enabled": "false", "shadow_mode__default_mode": "HYBRID"},
        "nothing runs in shadow",
    ),
    "an unknown key": ({"broker__live__spred_points": 3}, "spread_points"),
}


@pytest.mark.parametrize(("flags", "told"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_told_before_anything_runs(desk, flags: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        desk(**flags).open()


def test_a_plugins_own_flag_is_shadow_whatever_the_session_is(desk) -> None:
    one: Desk = desk(**SLOT, plugins__bracket__shadow_mode="true")
    one.open()
    one.run(30)
    trade(one, 1)
    assert [len(rows_of(one, book, "closed")) for book in ("shadow", "live", "twin")] == [1, 0, 0]


def lived(one: Desk) -> list[tuple[str, dict[str, Any]]]:
    """A life with alerts of all kinds, commands and a crash: its rows without the configuration."""
    one.open()
    one.run(30)
    trade(one, 3, sl_pips=10)
    one.post("no alert at all")
    one.post(entry(id="again"))
    one.post(entry(id="again"))
    tell(one, "pause")
    one.post(entry(id="held"))
    one.crash()
    one.open()
    tell(one, "resume")
    one.post(entry(symbol="NOSUCH", id="who"))
    one.post({"type": "reversal", "side": "sell", "symbol": "EURUSD", "volume": 0.1, "id": "turn"})
    one.run(8)
    one.close()
    kinds = ("config", "recovery")
    return [(kind, body) for _, kind, body in one.rows() if kind not in kinds]


def test_a_session_in_shadow_has_the_same_rows_with_a_live_slot_as_without(tmp_path: Path) -> None:
    without = lived(Desk(tmp_path / "without"))
    with_slot = lived(Desk(tmp_path / "with", broker__live__name="simulated", broker__live__spread_points=9))
    assert without == with_slot
    assert len(without) > 150 and not any("book" in body for _, body in without)
    assert rerun_folder(tmp_path / "with", {}).is_equal


def test_a_state_of_before_there_were_modes_loads(desk) -> None:
    one: Desk = desk()
    engine = one.open()
    one.run(30)
    one.post(entry(id="a", sl=1.0))
    one.run(3)
    state = engine.consumer.session.save()
    del state["conduct"]
    other = engine.consumer.session.copy()
    fresh = type(other)(other.plan, other._timeframes)
    from zepix_live.engine.price_rows import PriceColumns

    fresh.take_over(PriceColumns.of(other.feed.growing))
    fresh.load(json.loads(json.dumps(state)))
    assert len(fresh.simulation.broker.tickets) == 1


def test_the_hash_of_a_configuration_that_says_nothing_of_modes_is_what_it_was(desk) -> None:
    """So a runner that is updated goes on as the same session: ``modes`` are part of it only where they decide."""
    one: Desk = desk(shadow_mode__default_mode="LIVE", shadow_mode__shadow_plugins='["bracket"]')
    hashed = one.open().consumer.course.config.hash
    one.close()
    two = Desk(one.folder.parent / "two")
    assert two.open().consumer.course.config.hash == hashed
    two.close()
