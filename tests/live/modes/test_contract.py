"""Shadow never calls the broker: whatever alerts come, whoever switches what, at any moment."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.live.chain_life import CONFIG, body
from tests.live.desk import Desk, entry
from tests.live.modes.slots import Watched, tell
from zepix_live.engine import live_slot
from zepix_live.engine.options import EngineOptions
from zepix_live.rerunning import rerun_folder

V6 = "BULLISH_ENTRY|EURUSD|5|1.1|BUY|HIGH|85|30|STRONG|1.097|1.1015|1.103|1.106|5/1|TL_OK|"
V6_EXIT = "EXIT_BULLISH|EURUSD|5|1.1|4"
PLUGINS = ("bracket", "v3_combined", "v6_price_action_5m")
MORE = """
[plugins.v6_price_action]
strategy = "v6_price_action"

[shadow_mode]
default_mode = "{mode}"
shadow_plugins = {shadow}

[broker.live]
name = "simulated"
"""


@pytest.fixture(autouse=True)
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Watched]]:
    """The broker in the live slot keeps book of every call."""
    monkeypatch.setitem(live_slot.LIVE_BROKERS, "simulated", Watched)
    Watched.asked, Watched.forbids = [], False
    yield Watched


def three(folder: Path, mode: str, shadow: tuple[str, ...] = ()) -> Desk:
    """A desk with V3 and its chains, V6 and bracket."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    config = folder / "spec.toml"
    config.write_text(CONFIG + MORE.format(mode=mode, shadow=json.dumps(list(shadow))), encoding="utf-8")
    return Configured(folder / "live", config)


class Configured(Desk):
    """A desk whose settings lie in a file."""

    def __init__(self, folder: Path, config: Path) -> None:
        super().__init__(folder, speed=300.0)
        self.config = config

    def options(self, flags: Mapping[str, Any] | None = None) -> EngineOptions:
        return replace(super().options(flags), config=self.config)


def post(one: Desk, rng: random.Random, number: int) -> None:
    """Some alert, of any of the three."""
    kind = rng.random()
    if kind < 0.5:
        one.post(body(rng, number, rng.choice(("EURUSD", "XAUUSD"))))
    elif kind < 0.7:
        one.post(rng.choice((V6, V6_EXIT)))
    elif kind < 0.9:
        one.post(entry(rng.choice(("buy", "sell")), id=f"b{number}", strategy="bracket", sl_pips=rng.choice((4, 20))))
    else:
        one.post({"type": "exit", "symbol": "EURUSD", "strategy": "bracket", "id": f"x{number}"})


def test_in_shadow_nobody_asks_the_live_broker_for_anything(tmp_path: Path) -> None:
    Watched.forbids = True
    one, rng = three(tmp_path / "a", "SHADOW"), random.Random(7)
    one.open()
    for number in range(60):
        post(one, rng, number)
        one.run(0.4)
        if number == 30:
            one.crash()
            one.open()
    one.close()
    assert Watched.asked == []
    bodies = [body for _, _, body in one.rows("intent", "decision", "filled", "closed")]
    assert len(bodies) > 60 and {body.get("book", "shadow") for body in bodies} == {"shadow"}
    assert not one.rows("error")


def test_in_hybrid_only_plugins_that_are_live_send_orders(tmp_path: Path) -> None:
    one, rng = three(tmp_path / "a", "HYBRID", ("v3_combined", "v6_price_action")), random.Random(3)
    one.open()
    for number in range(40):
        post(one, rng, number)
        one.run(0.4)
    one.close()
    assert {plugin for call, plugin, _ in Watched.asked if call == "submit"} == {"bracket"}
    opened = {body["plugin"] for _, _, body in one.rows("intent") if body.get("book") is None}
    assert "v3_combined" in opened and "bracket" not in opened


SWITCH = st.sampled_from(
    [("mode", "", {"mode": word}) for word in ("LIVE", "SHADOW", "HYBRID")]
    + [("mode", name, {"mode": word}) for name in PLUGINS for word in ("LIVE", "SHADOW")]
    + [("demote", name, {}) for name in PLUGINS]
    + [("promote", name, {"force": True}) for name in PLUGINS]
)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 10_000), switches=st.lists(SWITCH, min_size=2, max_size=8))
def test_no_order_that_opens_reaches_the_live_broker_of_a_plugin_in_shadow(
    tmp_path: Path, seed: int, switches: list[tuple[str, str, dict[str, Any]]]
) -> None:
    Watched.asked, Watched.forbids = [], False
    one, rng = three(tmp_path / "drawn", "HYBRID", ("v3_combined",)), random.Random(seed)
    engine = one.open()
    for number in range(3 * len(switches)):
        post(one, rng, number)
        if not number % 3:
            word, plugin, more = switches[number // 3]
            tell(one, word, plugin, **more)
        seen = len(Watched.asked)
        modes = engine.consumer.session.conduct.modes
        live_before = {name for name in PLUGINS if not modes.is_plugin_in_shadow(name)}
        one.run(0.3)
        live_after = {name for name in PLUGINS if not modes.is_plugin_in_shadow(name)}
        fresh = {p for call, p, opens in Watched.asked[seen:] if call == "submit" and opens and p in PLUGINS}
        assert fresh <= live_before | live_after
    virtual = {key_of(b) for _, _, b in one.rows("intent") if is_entry(b) and "book" not in b}
    real = {key_of(b) for _, _, b in one.rows("intent") if is_entry(b) and b.get("book") == "live"}
    assert not virtual & real, "an alert was traded both virtually and live"
    one.close()
    assert rerun_folder(one.folder, {}).is_equal


def key_of(intent: dict[str, Any]) -> tuple[str, str, str]:
    return intent["alert"], intent["plugin"], intent.get("role", "")


def is_entry(intent: dict[str, Any]) -> bool:
    return intent["kind"] == "market" and bool(intent["alert"])
