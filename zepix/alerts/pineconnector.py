"""The PineConnector dialect: one command a body, ``LicenseID,command,symbol,parameter=value,...``.

| command                              | becomes                                                                   |
|--------------------------------------|---------------------------------------------------------------------------|
| buy, sell (long, bull, short, bear)  | entry; buystop, buylimit, sellstop, selllimit with ``price=``: pending    |
| closelong, closeshort, closelongshort| exit of open tickets, pending orders stay; ``...pct``: of a share         |
| closelongopenshort and the like      | reversal; closelongopenlong closes its own side, closelongshort... both   |
| cancellong, cancelshort              | cancel of pending orders                                                  |
| newsltplong, newsltpbuystop and so on| modify of tickets, or of pending orders of that kind                      |
| eaoff, eaon                          | pause, resume, of every symbol (``*``)                                    |

``sl, tp, risk, price`` are counted in what the EA's inputs say, so their unit is unknown until the settings
``target_type, volume_type, pending_type`` say it; ``sl_pips, sl_price, vol_lots`` and the like say it themselves. A
level of 0 is none. ``betrigger, beoffset, trailtrig, traildist, trailstep, spread`` are pips. Commands and parameters
that are known and not done are set aside by their name, and so are those that nobody knows.

Words are compared without case, spaces, underscores and dashes. The first cell is a licence and ``secret=`` a password:
neither is kept, nor shown in a reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.dialects import Dialect, register
from zepix.alerts.payload import Body, shown
from zepix.alerts.pineconnector_table import (
    COMMANDS,
    EVERY_SYMBOL,
    LEVELS,
    NOT_DONE,
    NOT_DONE_PARAMETERS,
    SETTINGS,
    VOLUMES,
    Command,
)
from zepix.alerts.reading import Reading
from zepix.alerts.reasons import Unreadable
from zepix.alerts.secrets import BLOT
from zepix.model.quantity import UNKNOWN, Quantity

__all__ = ["PINECONNECTOR", "read"]

NAME: Final = "pineconnector"
_MOST_CELLS: Final = 64
_LONGEST_WORD: Final = 32
_PIPS: Final = frozenset({"betrigger", "beoffset", "trailtrig", "traildist", "trailstep", "spread"})
_SETTING_OF: Final = {"sl": "target_type", "tp": "target_type", "entry_price": "pending_type"}
_EA: Final = frozenset({"pause", "resume"})
_OPENS: Final = frozenset({"entry", "reversal"})


@lru_cache(maxsize=4096)
def _word(cell: str) -> str:
    return cell.strip().lower().replace("_", "").replace("-", "").replace(" ", "")


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a PineConnector line. Raises Unreadable."""
    text = reading.body.text
    if "\n" in text or "\r" in text:
        raise Unreadable("several_commands", "a body holds one command on one line; send an alert for each")
    cells = text.split(",", _MOST_CELLS)
    if len(cells) > _MOST_CELLS:
        raise Unreadable("too_large", f"more than {_MOST_CELLS} cells")
    sent = cells[1].strip()
    command = _command(reading, sent)
    out: dict[str, Any] = {"type": command.type, "signal": sent}
    if command.type in _EA:
        out["symbol"] = EVERY_SYMBOL
    else:
        out["symbol"] = reading.symbol(cells[2].strip() if len(cells) > 2 else "")
    if command.side is not None:
        out["side"] = command.side
    if command.order_type != "market":
        out["order_type"] = command.order_type
    if command.closing != "opposite":
        out["closing"] = command.closing
    if command.applies_to:
        reading.extras["applies_to"] = command.applies_to
    _parameters(reading, command, _pairs(cells[3:]), out)
    return out


def _command(reading: Reading, sent: str) -> Command:
    word = _word(sent[:_LONGEST_WORD])
    if "{{" in sent:
        raise Unreadable("placeholder", f"the command still holds {shown(sent)}")
    if word in NOT_DONE:
        raise Unreadable("unsupported_command", f"{shown(sent)} {NOT_DONE[word]}")
    command = COMMANDS.get(word)
    if command is None:
        raise Unreadable("unsupported_command", f"{shown(sent)} is no command of PineConnector")
    if word == "closeall" and "_" not in sent and reading.settings.get("closeall") != "symbol":
        what = "closeall closes every symbol, and an alert has one; send closelongshort, or set"
        raise Unreadable("unsupported_command", f"{what} dialects.{NAME}.closeall to symbol")
    return command


def _pairs(cells: list[str]) -> dict[str, tuple[str, str]]:
    """Parameters by their word: (as sent, value). Raises Unreadable for what is no pair, or stands twice."""
    found: dict[str, tuple[str, str]] = {}
    for cell in cells:
        name, equals, value = cell.partition("=")
        name, value = name.strip(), value.strip()
        if not equals:
            if name:
                raise Unreadable("bad_field", f"{shown(name)} is no parameter; name=value was expected")
            continue
        if len(name) > _LONGEST_WORD:
            raise Unreadable("unsupported_parameter", f"{shown(name)} is no parameter of PineConnector")
        word = _word(name)
        if word in found and found[word][1] != value:
            raise Unreadable("duplicate_key", f"{shown(name)} stands twice with different values")
        if "{{" in value and word not in ("secret", "comment"):
            raise Unreadable("placeholder", f"{shown(name)} still holds {shown(value)}")
        found[word] = (name, value)
    return found


def _parameters(reading: Reading, command: Command, pairs: dict[str, tuple[str, str]], out: dict[str, Any]) -> None:
    pips: dict[str, float] = {}
    opens = command.type in _OPENS
    for word, (name, value) in pairs.items():
        if word == "secret":
            continue
        if word == "comment":
            _comment(reading, value, out)
        elif word in LEVELS and (opens or command.type == "modify"):
            _level(reading, LEVELS[word], name, value, out)
        elif word in VOLUMES and (opens or command.part):
            _volume(reading, command, VOLUMES[word], name, value, out)
        elif word in _PIPS and opens:
            pips[word] = _number(name, value)
        elif word in NOT_DONE_PARAMETERS:
            raise Unreadable("unsupported_parameter", f"{shown(name)}: {NOT_DONE_PARAMETERS[word]}")
        elif word not in LEVELS and word not in VOLUMES and word not in _PIPS:
            raise Unreadable("unsupported_parameter", f"{shown(name)} is no parameter of PineConnector")
        else:
            reading.extras[name] = values.text(name, value)  # of another command: it asks for nothing here
    if pips:
        _follow(reading, pips, out)
    _complete(reading, command, out)


def _complete(reading: Reading, command: Command, out: dict[str, Any]) -> None:
    """What a command cannot do without. Raises Unreadable."""
    if command.order_type != "market" and "entry_price" not in out:
        raise Unreadable("bad_price", f"{shown(out['signal'])} needs price=, entry_price= or entry_pips=")
    if command.order_type == "market":
        out.pop("entry_price", None)
    if command.type == "modify":
        if "sl" not in out and "tp" not in out:
            raise Unreadable("bad_price", f"{shown(out['signal'])} needs sl= or tp= above zero")
        if command.applies_to == "tickets" and (_is_distance(out.get("sl")) or _is_distance(out.get("tp"))):
            reading.extras["levels_from"] = "market"
    if command.part and "close_left_frac" not in out:
        share = reading.settings.get("partial_close")
        if share is None:
            what = f"{shown(out['signal'])} closes the per cent of the EA's inputs; send risk=50, or set"
            raise Unreadable("missing_setting", f"{what} dialects.{NAME}.partial_close")
        out["close_left_frac"] = int(share) / 100


def _is_distance(level: float | Quantity | None) -> bool:
    return isinstance(level, Quantity)


def _comment(reading: Reading, value: str, out: dict[str, Any]) -> None:
    text = values.text("comment", value).strip("\"'")
    if "{{" in text:
        reading.give_up("comment", text, important=False)
    elif text:
        out["comment"] = text


def _level(reading: Reading, place: tuple[str, str], name: str, value: str, out: dict[str, Any]) -> None:
    field, unit = place
    if field in out:
        raise Unreadable("duplicate_key", f"{shown(name)} is the second word for {field}")
    setting = _SETTING_OF[field]
    level = _measured(values.level, name, value, unit or reading.settings.get(setting, UNKNOWN), setting)
    if level is not None:
        out[field] = level


def _volume(reading: Reading, command: Command, unit: str, name: str, value: str, out: dict[str, Any]) -> None:
    if command.part:
        number = values.volume(name, value)
        if unit or number > 100:
            raise Unreadable("bad_volume", f"{shown(out['signal'])} takes risk= as per cent, 1 to 100")
        out["close_left_frac"] = number / 100
        return
    if "volume" in out:
        raise Unreadable("duplicate_key", f"{shown(name)} is the second word for the volume")
    unit = unit or reading.settings.get("volume_type", UNKNOWN)
    out["volume"] = _measured(values.volume, name, value, unit, "volume_type")


@lru_cache(maxsize=4096)  # a script sends the same distances for years
def _measured(
    convert: Callable[[str, Any], float], name: str, value: str, unit: str, setting: str
) -> float | Quantity | None:
    """A level or a volume with its unit, as ``Reading.quantity`` gives it; None for 0. Raises Unreadable."""
    number = convert(name, value)
    if not number:
        return None
    if unit in ("price", "lots"):
        return number
    if unit == "percent":
        return Quantity(number / 100, "fraction")
    return Quantity(number, unit, f"dialects.{NAME}.{setting}" if unit == UNKNOWN else "")


@lru_cache(maxsize=4096)
def _pip_quantity(number: float) -> Quantity:
    return Quantity(number, "pips")


@lru_cache(maxsize=4096)
def _number(name: str, value: str) -> float:
    """Pips, zero or above."""
    number = values.finite(name, value)
    if number < 0 or number > 1e9:
        raise Unreadable("bad_number", f"{shown(name)} must be pips, 0 or above, not {shown(value)}")
    return number


def _follow(reading: Reading, pips: Mapping[str, float], out: dict[str, Any]) -> None:
    """Spread filter, break-even and trailing; 0 is none. Raises Unreadable for what the Alert cannot hold."""
    if pips.get("spread"):
        out["max_spread"] = _pip_quantity(pips["spread"])
    trigger, offset = pips.get("betrigger", 0.0), pips.get("beoffset", 0.0)
    start, distance = pips.get("trailtrig", 0.0), pips.get("traildist", 0.0)
    if bool(start) != bool(distance):
        raise Unreadable("bad_field", "trailtrig and traildist belong together; one of them is missing or 0")
    if offset and not trigger:
        raise Unreadable("bad_field", "beoffset needs betrigger")
    if start:
        step = _pip_quantity(pips["trailstep"]) if pips.get("trailstep") else Quantity(1.0, "points")
        if step.unit == "points":
            reading.repairs.append("trailstep: missing -> 1 point")
        out["trailing"] = {"start": _pip_quantity(start), "step": step, "distance": _pip_quantity(distance)}
    if not trigger:
        return
    if not offset:
        out["break_even_points"] = _pip_quantity(trigger)
    elif start:
        raise Unreadable("unsupported_parameter", "beoffset beside a trailing stop is not done; betrigger alone is")
    elif offset >= trigger:
        raise Unreadable("unsupported_parameter", f"beoffset {offset:g} must lie below betrigger {trigger:g}")
    else:  # a stop that moves once, to the offset ahead of the entry
        away = _pip_quantity(round(trigger - offset, 9))
        out["trailing"] = {"start": _pip_quantity(trigger), "step": _pip_quantity(0.0), "distance": away}


def _claims(body: Body) -> bool:
    """Three cells or more of which the second is a command; after a licence of digits any word is taken as one."""
    if body.fields is not None:
        return False
    first, comma, rest = body.text[:256].partition(",")
    if not comma or "=" in first or "|" in first:
        return False
    second, comma, _ = rest.partition(",")
    if not comma:
        return False
    word = _word(second[:_LONGEST_WORD])
    if word in COMMANDS or word in NOT_DONE:
        return True
    licence = first.strip()
    is_licence = licence == BLOT or (licence.isdecimal() and len(licence) >= 6)
    return is_licence and bool(word) and "=" not in word


PINECONNECTOR: Final = register(Dialect(name=NAME, rank=62, claims=_claims, read=read, settings=SETTINGS))
