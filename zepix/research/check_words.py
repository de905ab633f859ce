"""What ``zepix check`` found, as plain text and as plain values for JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from zepix.journal.codec import plain
from zepix.research.check import Checked
from zepix.research.check_worst import Bound, Recorded
from zepix.research.headline import count
from zepix.research.report_parts.refusals import meaning
from zepix.research.why_parts.wording import amount, harmless
from zepix.research.why_parts.words import line
from zepix.research.write import iso_utc

__all__ = ["as_dict", "check_lines"]

_UNSET: Final = {"fill.slippage_points": "the instrument's"}
"""What a setting means that is left open."""
_UNITS: Final = ("bytes", "kB", "MB", "GB")
_HEADS: Final = ("symbol", "bars", "point", "pip", "a point", "a pip", "margin a lot", "lots", "spread", "commission",
                 "alerts")  # fmt: skip


def check_lines(checked: Checked) -> list[str]:
    """The whole answer but the problems, line by line; those are for the error stream."""
    made = [f"Check of {checked.title}: {_verdict(checked)}", "", *_settings(checked), "", *_files(checked)]
    made += ["", *_plugins(checked)]
    if checked.instruments:
        made += ["", *_instruments(checked)]
    made += ["", *_worst(checked)]
    if checked.notes:
        made += ["", "NOTES", *(text for note in checked.notes for text in line("-", note, width=0))]
    return [harmless(text).rstrip() for text in made]


def as_dict(checked: Checked) -> dict[str, Any]:
    """Plain values; money as numbers, an unbounded loss as null with its reason in ``why``."""
    found: dict[str, Any] = {"schema": 1, "title": checked.title, "currency": checked.currency}
    found["balance"] = float(checked.balance)
    found["settings"] = [_row(row) for row in checked.settings]
    found["files"], found["alerts"] = checked.files, checked.alerts
    found["plugins"] = [{**one, "differs": [_row(row) for row in one["differs"]]} for one in checked.plugins]
    found["instruments"] = [_numbers(dataclasses.asdict(one)) for one in checked.instruments]
    found["caps"] = _numbers(checked.caps)
    found["worst_case"] = {
        name: {
            "one_alert": _bound(one),
            "one_day": _bound(day),
            "recorded": _recorded(checked.recorded[name]) if name in checked.recorded else None,
        }
        for name, (one, day) in checked.worst.items()
    }
    found |= {"problems": checked.problems, "notes": checked.notes, "exit_status": checked.exit_status}
    made: dict[str, Any] = plain(found)
    return made


def _row(row: tuple[str, Any, Any, str]) -> dict[str, Any]:
    key, value, default, origin = row
    return {"key": key, "value": value, "default": default, "origin": origin}


def _bound(bound: Bound) -> dict[str, Any]:
    return {"money": None if bound.money is None else float(bound.money), "why": bound.why}


def _recorded(one: Recorded) -> dict[str, Any]:
    found: dict[str, Any] = {"entries": one.entries, "measured": one.measured}
    if one.largest is not None:
        alert, lots, pips, money = one.largest
        found["largest"] = {"alert": alert, "lots": float(lots), "stop_pips": float(pips), "money": float(money)}
    if one.worst_day is not None:
        day, entries, money = one.worst_day
        found["worst_day"] = {"day": day, "entries": entries, "money": float(money)}
    return {**found, "unbounded": one.unbounded, "refused": one.refused, "unknown": one.unknown}


def _numbers(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in values.items()}


# --- text ------------------------------------------------------------------------------------------------------------


def _verdict(checked: Checked) -> str:
    if checked.problems:
        return f"{count(len(checked.problems), 'problem')}; a run would stop"
    return "nothing stands against a run"


def _settings(checked: Checked) -> Iterator[str]:
    yield "SETTINGS (* differs from the default)"
    for key, value, default, origin in checked.settings:
        is_own = value != default
        unset = _UNSET.get(key)
        said = unset if unset and value is None else _value(value)
        if is_own:
            was = f"default {unset or _value(default)}, " if unset or default is not None else ""
            said += f"  ({was}from {_origin(origin)})"
        yield from line(f"{'*' if is_own else ' '} {key}", said, width=26, indent=0)


def _origin(word: str) -> str:
    return {"file": "the spec", "environment": "the environment", "flag": "a flag"}.get(word, word)


def _value(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value.normalize():,f}"
    return "not set" if value is None else amount(value)


def _files(checked: Checked) -> Iterator[str]:
    yield "FILES"
    for one in checked.files:
        size = "MISSING" if one["size"] is None else _size(one["size"])
        yield from line(one["what"], f"{one['path']} ({size})")
    if checked.alerts:
        found = checked.alerts
        yield from line("in them", f"{found['alerts']:,} alerts, {found['quarantined']:,} quarantined")


def _size(size: float) -> str:
    for unit in _UNITS:
        if size < 1000 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes everything")


def _plugins(checked: Checked) -> Iterator[str]:
    yield "PLUGINS"
    for one in checked.plugins:
        frames = ", ".join(one.get("timeframes") or ()) or "any timeframe"
        shadow = ", in shadow mode" if one["shadow_mode"] else ""
        kept = f"{count(one['kept'], 'setting')} as by default" if one["kept"] else "no setting as by default"
        if not one["kept"] and not one["differs"]:
            kept = "it has no settings"
        yield from line(one["plugin_id"], f"strategy {one['strategy']}, {frames}{shadow}; {kept}")
        for name, value, default, origin in one["differs"]:
            yield from line(
                f"* {name}", f"{_value(value)}  (default {_value(default)}, from {_origin(origin)})", indent=4, width=24
            )


def _instruments(checked: Checked) -> Iterator[str]:
    yield f"INSTRUMENTS (money of one lot in {checked.currency}, at each one's last price)"
    rows = [
        [
            one.symbol,
            f"{one.timeframe} x {one.rows:,}" if one.rows else "no prices",
            f"{one.point.normalize():f}",
            f"{one.pip.normalize():f}",
            _money(one.money_a_point),
            _money(one.money_a_pip),
            _money(one.margin_a_lot),
            f"{one.volume_min.normalize():f} to {one.volume_max.normalize():f}",
            "-" if one.spread_points is None else f"{one.spread_points} points",
            _money(one.commission_a_lot),
            f"{one.alerts:,}",
        ]
        for one in checked.instruments
    ]
    yield from _columns(_HEADS, rows)
    times = [one.at_ns for one in checked.instruments if one.at_ns is not None]
    if times:
        yield f"  last prices of {(iso_utc(max(times)) or '')[:16].replace('T', ' ')} UTC; commission for both sides"


def _columns(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """A table in plain text: the first two columns to the left, numbers to the right."""
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(len(heads))]
    for row in [heads, *rows]:
        cells = [text.ljust(w) if n < 2 else text.rjust(w) for n, (text, w) in enumerate(zip(row, widths, strict=True))]
        yield "  " + "  ".join(cells)


def _money(value: Decimal | None) -> str:
    if value is None:
        return "no rate"
    return f"{value:,.2f}" if value >= 1 or not value else f"{value:.4f}"


def _worst(checked: Checked) -> Iterator[str]:
    unit = checked.currency
    yield "WORST CASE (losses at the stop; without costs, slippage and gaps)"
    for name, (one, day) in checked.worst.items():
        yield from line(name, f"one alert: {_loss(one, unit)}")
        yield from line("", f"one day: {_loss(day, unit)}")
        if name in checked.recorded:
            for text in _of_recorded(checked.recorded[name], unit):
                yield from line("", text)
    if not checked.worst:
        yield "  no plugin could be made"
    if checked.caps:
        caps = ", ".join(f"{name} {value:,.2f} {unit}" for name, value in checked.caps.items())
        yield from line("caps", f"{caps}: they bind strategies that ask api.risk.gate, and no other")
    if checked.stop_out_frac:
        yield from line(
            "account",
            f"whatever plugins do, the broker closes tickets once equity is {checked.stop_out_frac:.0%} of the margin: "
            f"more than the balance of {checked.balance:,.2f} {unit} is lost only where a price jumps over that",
        )
    else:
        yield from line("account", "fill.stop_out_frac is 0: no broker stops losses, not even at a balance of zero")


def _loss(bound: Bound, unit: str) -> str:
    return f"{'UNBOUNDED' if bound.money is None else f'{bound.money:,.2f} {unit}'}: {bound.why}"


def _of_recorded(one: Recorded, unit: str) -> Iterator[str]:
    if not one.entries:
        yield "in these alerts: no entry goes to it"
        return
    yield f"in these alerts: {one.entries:,} entries, {one.measured:,} of them with a stop that can be priced"
    if one.largest is not None:
        alert, lots, pips, money = one.largest
        yield (f"  the largest is {alert}: {lots.normalize():f} lots, stop {pips:.1f} pips away, {money:,.2f} {unit}")
    if one.worst_day is not None:
        day, entries, money = one.worst_day
        yield f"  the worst day is {day}: {entries} entries, {money:,.2f} {unit} if each one lost at its stop"
    for reason, n in one.unbounded.items():
        yield f"  {count(n, 'entry').replace('entrys', 'entries')} UNBOUNDED ({reason}: it brings no stop)"
    if one.unknown:
        words = {"stop_by_atr": "its stop comes from the ATR of that moment", "no_prices": "no price known then"}
        yield "  not known: " + "; ".join(f"{n} ({words.get(r, r)})" for r, n in one.unknown.items())
    if one.refused:
        said = "; ".join(f"{n} {r} ({meaning(r)})" if meaning(r) else f"{n} {r}" for r, n in one.refused.items())
        yield f"  refused anyway: {said}"
