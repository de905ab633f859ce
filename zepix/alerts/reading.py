"""What a dialect works with: one body, what stands beside it, and the names its fields may have.

- A field may come under several names (``NAMES``); two names of one thing must say the same, but for texts and times,
  of which the contract's own name wins and the other stays in ``fields``. Names are compared without case, underscores
  and dashes (``stopLoss``, ``stop_loss``).
- A key that no dialect understands goes to ``fields``, unless it speaks of what is traded (``trade_words``): a stop, a
  size or a kind of order that nobody understands sets a body that trades aside.
- ``{{ticker}}`` becomes the symbol that came beside the body (the export's Ticker column, the webhook's address), and
  ``{{interval}}`` its timeframe. Other placeholders in a field that matters set the body aside, since nobody knows what
  was meant; in the rest (``price``, ``time``, a message) they become nothing. Each repair is noted.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final

from zepix.alerts import values
from zepix.alerts.payload import Body, shown
from zepix.alerts.reasons import Unreadable
from zepix.alerts.timestamps import NoZone
from zepix.alerts.trade_words import ACTIONS, bare, kind_of, refuse_beside
from zepix.model import timeframe as timeframes
from zepix.model.quantity import UNKNOWN, Quantity

__all__ = ["NAMES", "UNIMPORTANT", "Reading"]

ALIASES: Final[dict[str, tuple[str, ...]]] = {
    "type": ("event_type",),
    "symbol": ("ticker", "instrument", "asset"),
    "side": ("direction", "action"),
    "timeframe": ("tf", "interval", "time_frame"),
    "volume": ("qty", "quantity", "lots", "lot", "lot_size"),
    "sl": ("stop_loss", "sl_price"),
    "tp": ("take_profit", "tp_price"),
    "id": ("alert_id",),
    "time": ("timestamp",),
    "plugin_hint": ("plugin",),
    "order_type": (),
    "entry_price": (),
    "limit_price": (),
    "expires_s": (),
    "break_even_points": (),
    "close_frac": (),
    "strategy": (),
    "price": (),
    "ref": (),
    "oco": (),
    "trailing": (),
    "comment": (),
}
NAMES: Final[dict[str, str]] = {alias: name for name, others in ALIASES.items() for alias in (name, *others)}
_PLAIN_NAMES: Final = {alias.replace("_", ""): name for alias, name in NAMES.items()}
UNIMPORTANT: Final = frozenset({"price", "time", "comment", "message"})
"""A placeholder left in these harms nobody: they become nothing."""
NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})
NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_LONGEST_NAME: Final = 64
_LENIENT: Final = frozenset({"id", "time", "comment", "strategy", "plugin_hint"})
"""Of these a second name with another value is kept beside."""
_ASKS: Final = frozenset(
    {"order_type", "entry_price", "limit_price", "close_frac", "trailing", "break_even_points", "expires_s", "oco"}
    | {"ref", "volume"}
)
"""What a dialect has to understand, or to set aside: it changes what is traded."""
_TRADES: Final = re.compile(r"entry|exit|revers|close|modify|cancel")


@lru_cache(maxsize=4096)
def _name_of(key: str) -> str | None:
    return _PLAIN_NAMES.get(key.lower().replace("_", "").replace("-", "").replace(" ", ""))


@lru_cache(maxsize=256)
def _is_trade(word: str) -> bool:
    return not word or _TRADES.search(word) is not None


@lru_cache(maxsize=4096)  # sizes and distances are the same for years
def _unknown(value: float, dialect: str, setting: str) -> Quantity:
    return Quantity(value, UNKNOWN, f"dialects.{dialect}.{setting}")


class Reading:
    """One body being read: its fields under their names, the rest, and what had to be repaired."""

    __slots__ = ("body", "extras", "repairs", "settings", "ticker", "timeframe")

    def __init__(
        self,
        body: Body,
        ticker: str | None,
        timeframe: str | None,
        settings: Mapping[str, str] = NO_SETTINGS,
    ) -> None:
        self.body = body
        self.ticker = ticker
        self.timeframe = timeframe
        self.settings = settings
        self.repairs: list[str] = []
        self.extras: dict[str, Any] = {}

    @property
    def trades(self) -> bool:
        """Whether the body's type, as far as it says one, asks for a trade."""
        return _is_trade(self.body.word)

    def named(self, matters: Collection[str] = (), takes: Mapping[str, str] = NOTHING) -> dict[str, Any]:
        """The fields under the contract's names; what has none goes to ``extras``, what is null goes nowhere.

        ``matters`` names extra fields of the dialect's own, in which a placeholder sets the body aside; ``takes`` maps
        words without separators to more names. Raises Unreadable, also for an extra field that asks for a trade.
        """
        body = self.body
        assert body.fields is not None, "text has no fields"
        found: dict[str, Any] = {}
        taken_by_alias: set[str] = set()
        for key, value in body.fields.items():
            name = NAMES.get(key)
            if name is None and isinstance(key, str) and len(key) <= _LONGEST_NAME:
                name = _name_of(key)
                if name is None and takes:
                    name = takes.get(bare(key))
            if name is None:
                self._keep(key, value)
            elif value is None:
                continue
            elif name not in found:
                found[name] = value
                if key != name:
                    taken_by_alias.add(name)
            elif name not in _LENIENT:
                self._second(key, name, value, found)
            elif key == name and name in taken_by_alias:
                self._keep(f"{name} (other name)", found[name])
                found[name] = value
            else:
                self._keep(key, value)
        if body.has_placeholders:
            self._mend(found, matters)
        if self.extras and self.trades:
            refuse_beside(self.extras, has_size="volume" in found, known=matters)
        return found

    def _second(self, key: str, name: str, value: Any, found: dict[str, Any]) -> None:
        """A second name of one thing: kept beside where it says the same. Raises Unreadable where it does not.

        An action beside a side (``open``, ``close_long``) is no second side: it is checked with the type.
        """
        first = found[name]
        if not _says_the_same(name, first, value):
            words = [values.SIDES.get(one.strip().lower()) if isinstance(one, str) else None for one in (first, value)]
            acts = [isinstance(one, str) and bare(one[:_LONGEST_NAME]) in ACTIONS for one in (first, value)]
            if name != "side" or None not in words or not all(acts):
                reason = "conflicting_side" if name == "side" else "duplicate_key"
                raise Unreadable(reason, f"{shown(key)} is the second word for {name}, with another value")
            if words[0] is None:
                found[name], value = value, first
            key = "action"
        elif kind_of(key):  # nothing is lost, and it would be looked at as one that nobody understands
            return
        self._keep(key, value)

    def _keep(self, key: Any, value: Any) -> None:
        if not isinstance(key, str):
            raise Unreadable("bad_json", f"the key {shown(key)} is no text")
        if not values.is_finite_throughout(value):
            raise Unreadable("bad_number", f"{shown(key)} holds a number that is not finite")
        self.extras[key] = value

    def _mend(self, found: dict[str, Any], matters: Collection[str]) -> None:
        for name, value in list(found.items()):
            if not isinstance(value, str):
                if isinstance(value, Mapping | list) and "{{" in str(value):
                    raise Unreadable("placeholder", f"{name} still holds {shown(str(value))}")
            elif "{{" in value and name not in ("symbol", "timeframe"):
                self.give_up(name, value, important=name not in UNIMPORTANT)
                del found[name]
        for name, value in self.extras.items():
            if isinstance(value, str) and "{{" in value:
                self.give_up(name, value, important=name in matters or (self.trades and kind_of(name) != ""))
                self.extras[name] = None

    def give_up(self, name: str, value: str, *, important: bool) -> None:
        """Notes a placeholder that becomes nothing. Raises Unreadable where the field matters."""
        if important:
            raise Unreadable("placeholder", f"{shown(name)} still holds {shown(value)}")
        self.repairs.append(f"{ascii(name)[1:-1]}: {ascii(value[:80])[1:-1]} -> null")

    def symbol(self, value: Any) -> str:
        """The symbol as sent, else as it came beside the body. Raises Unreadable."""
        if value is None or value == "" or (isinstance(value, str) and "{{" in value):
            if not self.ticker:
                if value:
                    raise Unreadable("placeholder", f"symbol still holds {shown(value)} and no ticker came beside it")
                raise Unreadable("missing_symbol", "there is no symbol, neither in the body nor beside it")
            self.repairs.append(f"symbol: {ascii(value)[1:-1] if value else 'missing'} -> ticker beside the body")
            value = self.ticker
        return values.symbol_text(value)

    def quantity(self, value: float, dialect: str, setting: str) -> float | Quantity:
        """A number in the unit that a setting of the dialect says: a price or lots as they are, else with its unit.

        A setting in per cent of the price (``percent``) is kept as a fraction. Without the setting the unit is unknown.
        """
        if not self.settings:
            return _unknown(value, dialect, setting)
        unit = self.settings.get(setting, UNKNOWN)
        if unit in ("price", "lots"):
            return value
        if unit == "percent":
            return Quantity(value / 100, "fraction")
        return Quantity(value, unit, f"dialects.{dialect}.{setting}" if unit == UNKNOWN else "")

    def period(self, value: Any) -> str | None:
        """The timeframe as sent, else as it came beside the body, else None. Raises Unreadable."""
        if value is None or value == "" or (isinstance(value, str) and "{{" in value):
            if not self.timeframe:
                if value:
                    raise Unreadable("placeholder", f"timeframe still holds {shown(value)} and none came beside it")
                return None
            note = ascii(value[:80])[1:-1] if value else "missing"
            self.repairs.append(f"timeframe: {note} -> timeframe beside the body")
            value = self.timeframe
        return values.timeframe("timeframe", value)

    def moment_ns(self, value: Any) -> int | None:
        """The sender's own time. It informs only, so one that cannot be read is kept beside and noted."""
        try:
            return values.time_ns(value)
        except ValueError as error:
            self.extras["time"] = value if values.is_finite_throughout(value) else None
            why = "no zone" if isinstance(error, NoZone) else "no time"
            self.repairs.append(f"time: {shown(value)} -> null ({why})")
            return None

    def common(self, found: dict[str, Any]) -> dict[str, Any]:
        """Takes out of ``found`` what means the same in every dialect, and gives it as fields of an Alert.

        Raises Unreadable.
        """
        out: dict[str, Any] = {"symbol": self.symbol(found.pop("symbol", None))}
        period = self.period(found.pop("timeframe", None))
        if period is not None:
            out["timeframe"] = period
        if "price" in found:
            out["price"] = values.price("price", found.pop("price"))
        if "time" in found:
            out["time_ns"] = self.moment_ns(found.pop("time"))
        for name, target in (("id", "explicit_id"), ("plugin_hint", "plugin_hint"), ("comment", "comment")):
            text = values.text(name, found.pop(name)) if name in found else ""
            if text:
                out[target] = text
        return out

    def keep_rest(self, found: Mapping[str, Any]) -> None:
        """What a dialect has no use for stays readable in ``fields``. Raises Unreadable for what asks for a trade."""
        for name, value in found.items():
            if (name in _ASKS or kind_of(name)) and self.trades and name not in ("sl", "tp"):
                raise Unreadable("unsupported_parameter", f"{name} is not understood in an alert of this type")
            self._keep(name, value)


def _says_the_same(name: str, first: Any, second: Any) -> bool:
    """Whether two values of one thing are the same in two spellings (``1.1`` and ``"1.10"``, ``buy`` and ``Long``)."""
    if first == second:
        return True
    if not isinstance(first, str | int | float) or not isinstance(second, str | int | float):
        return False
    one, other = str(first).strip(), str(second).strip()
    if name in ("symbol", "timeframe") and ("{{" in one or "{{" in other):
        return "{{" in other or not other
    if name == "side":
        return (found := values.SIDES.get(one.lower())) is not None and found is values.SIDES.get(other.lower())
    if name == "symbol":
        return _symbol_word(one) == _symbol_word(other)
    try:
        if name == "timeframe":
            return timeframes.normalise(one[:16]) == timeframes.normalise(other[:16])
        return float(one[:64]) == float(other[:64])
    except ValueError:
        return bare(one[:_LONGEST_NAME]) == bare(other[:_LONGEST_NAME])


def _symbol_word(text: str) -> str:
    return text.upper().rsplit(":", 1)[-1].replace("/", "").strip()
