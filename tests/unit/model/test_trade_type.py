"""The four cells: which side a position has, and whether it is opened or closed."""

from __future__ import annotations

import pytest

from tests.world import alert
from zepix.model import Side
from zepix.model.trade_type import TRADE_TYPES, trade_type, trade_types


def test_four_cells_by_side_and_deed() -> None:
    cells = [trade_type(side, opens) for side in (Side.BUY, Side.SELL) for opens in (True, False)]
    assert tuple(cells) == TRADE_TYPES == ("long_entry", "long_exit", "short_entry", "short_exit")
    assert [trade_type(sign, True) for sign in (1, -1)] == ["long_entry", "short_entry"]


@pytest.mark.parametrize(
    ("kind", "side", "closing", "cells"),
    [
        ("entry", "buy", "opposite", ("long_entry",)),
        ("entry", "sell", "opposite", ("short_entry",)),
        ("exit", "buy", "opposite", ("long_exit",)),
        ("exit", "sell", "opposite", ("short_exit",)),
        ("exit", None, "opposite", ("long_exit", "short_exit")),
        ("reversal", "buy", "opposite", ("short_exit", "long_entry")),
        ("reversal", "sell", "opposite", ("long_exit", "short_entry")),
        ("reversal", "sell", "same", ("short_exit", "short_entry")),
        ("reversal", "buy", "all", ("long_exit", "short_exit", "long_entry")),
        ("entry", None, "opposite", ()),
        ("reversal", None, "opposite", ()),
        ("modify", "buy", "opposite", ()),
        ("cancel", "sell", "opposite", ()),
        ("trend_pulse", "buy", "opposite", ()),
    ],
)
def test_what_an_alert_asks_for(kind: str, side: str | None, closing: str, cells: tuple[str, ...]) -> None:
    assert trade_types(alert(1, kind, side, closing=closing)) == cells
