"""Objects that share other objects, as JSON and back: what was one object is one object again.

    {"classes": {"Order": ["id", "kind", ...]}, "objects": [["Order", 7, "market", ...], ...], "root": ...}

- Instances of classes that are made known by ``entity`` become rows of ``objects``, named by number: ``{"$o": 12}``.
- Instances of small immutable classes made known by ``value`` stand where they are: ``{"$Trail": [10, 5, 10]}``.
- Lists, dicts with text keys, text, whole numbers, finite floats, booleans and None are themselves. Everything else
  that is data has a mark: tuples ``$t``, other dicts ``$d``, sets ``$s``, decimals ``$D``, and so on below.
- Things that belong to the house and not to the state (a service, an instrument) are ``known`` by a name: ``$k``.

Anything else is refused with StateError. The field names of each class are written too, so that a state says itself
what it holds, and a field that a later version added gets its default.
"""

from __future__ import annotations

import dataclasses
import math
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from operator import attrgetter
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from zepix.errors import StateError
from zepix.model.alert import EMPTY, Alert
from zepix.model.decision import Accepted, Decision, DecisionRow, Refused
from zepix.model.event import (
    Bar,
    BarClosed,
    OrderCancelled,
    OrderFilled,
    OrderRefused,
    PriceReached,
    TicketClosed,
    TimerFired,
)
from zepix.model.numbers import Numbers, SaidNumbers
from zepix.model.order import Order, Trail
from zepix.model.quantity import Quantity
from zepix.model.side import Side
from zepix.model.stop_trail import StopTrail
from zepix.model.ticket import ClosingFill, Ticket

__all__ = ["decode", "encode", "entity", "value"]

_AS_IT_IS: Final = frozenset({str, int, bool, type(None)})
_PLAIN_HINTS: Final = frozenset({"str", "int", "bool", "int | None", "str | None", "bool | None"})
_FACTORIES: Final = {"int": int, "float": float, "list": list, "dict": dict, "set": set, "str": str, "bool": bool}

_NO_TUPLE: Final[dict[str, Any]] = {"$t": []}
_NO_PROXY: Final[dict[str, Any]] = {"$p": []}
"""Written thousands of times in a state; nobody changes them."""

Mend = Callable[[Any], None]


class _Entity:
    """How the instances of one class are written: plain fields first, in one go, then those that need a look."""

    __slots__ = ("cls", "defaults", "fields", "is_tuple", "name", "plain", "plain_of", "rich", "rich_of")

    def __init__(self, name: str, cls: type, fields: Mapping[str, bool], defaults: Mapping[str, Any]) -> None:
        self.name = name
        self.cls = cls
        self.is_tuple = issubclass(cls, tuple)
        self.plain = tuple(n for n, is_plain in fields.items() if is_plain)
        self.rich = tuple(n for n, is_plain in fields.items() if not is_plain)
        self.fields = (*self.plain, *self.rich)
        self.plain_of = _getter(self.plain)
        self.rich_of = _getter(self.rich)
        self.defaults = defaults


_ENTITIES: Final[dict[type, _Entity]] = {}
_BY_NAME: Final[dict[str, _Entity]] = {}
_VALUES: Final[dict[type, tuple[str, Callable[[Any], Iterable[Any]]]]] = {}
_MAKERS: Final[dict[str, Callable[..., Any]]] = {}


def _getter(names: tuple[str, ...]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda one: tuple(getattr(one, name) for name in names)


def entity(name: str, cls: type, fields: Iterable[str] | None = None) -> None:
    """Make a class known whose instances are shared; ``name`` stays the same for ever.

    ``fields``: its attributes; None: a dataclass or named tuple, whose fields are told by its annotations.
    """
    defaults: dict[str, Any] = {}
    if fields is not None:
        found = dict.fromkeys(fields, False)
    elif dataclasses.is_dataclass(cls):
        found = {f.name: str(f.type) in _PLAIN_HINTS for f in dataclasses.fields(cls)}
        for one in dataclasses.fields(cls):
            if one.default is not dataclasses.MISSING:
                defaults[one.name] = lambda default=one.default: default
            elif one.default_factory is not dataclasses.MISSING:
                defaults[one.name] = one.default_factory
    else:
        found = dict.fromkeys(getattr(cls, "_fields"), True)  # noqa: B009 - a named tuple
    _ENTITIES[cls] = _BY_NAME[name] = _Entity(name, cls, found, defaults)


def value(name: str, cls: type, parts: Callable[[Any], Iterable[Any]], make: Callable[..., Any]) -> None:
    """Make an immutable class known: ``make(*parts(one))`` equals ``one``."""
    _VALUES[cls] = (f"${name}", parts)
    _MAKERS[f"${name}"] = make


# --- out ------------------------------------------------------------------------------------------------------------


def encode(root: Any, known: Mapping[int, str] = MappingProxyType({})) -> dict[str, Any]:
    """Everything that ``root`` reaches, as JSON types. ``known``: names of things that are not written, by ``id``.

    Raises StateError for what is no data.
    """
    writer = _Writer(known)
    try:
        written = writer.value(root)
        writer.rest()
    except RecursionError:
        raise StateError("something is nested too deep to be saved, or holds itself") from None
    return {"classes": writer.classes, "objects": writer.rows, "root": written}


class _Writer:
    def __init__(self, known: Mapping[int, str]) -> None:
        self.rows: list[list[Any]] = []
        self.classes: dict[str, list[str]] = {}
        self._known = known
        self._numbers: dict[int, int] = {}
        self._found: list[Any] = []

    def rest(self) -> None:
        """Write the objects that were met, and those that they lead to."""
        found, write = self._found, self.value
        for one in found:  # grows meanwhile
            kind = _ENTITIES[type(one)]
            row = [kind.name, *kind.plain_of(one)]
            for part in kind.rich_of(one):
                row.append(part if type(part) in _AS_IT_IS else write(part))
            self.rows.append(row)
            if kind.name not in self.classes:
                self.classes[kind.name] = list(kind.fields)

    def value(self, one: Any) -> Any:
        kind = type(one)
        if kind in _AS_IT_IS:
            return one
        if kind in _ENTITIES:
            number = self._numbers.get(id(one))
            if number is None:
                number = self._numbers[id(one)] = len(self._found)
                self._found.append(one)
            return {"$o": number}
        write = _WRITERS.get(kind)
        if write is not None:
            return write(self, one)
        if kind in _VALUES:
            name, parts = _VALUES[kind]
            return {name: [self.value(part) for part in parts(one)]}
        name = self._known.get(id(one), "")
        if name:
            return {"$k": name}
        if isinstance(one, np.generic):
            return {"$n": [one.dtype.str, one.item()]}
        raise StateError(f"a {kind.__qualname__} is no data and cannot be saved")

    def of_list(self, one: list[Any]) -> Any:
        write = self.value
        return [part if type(part) in _AS_IT_IS else write(part) for part in one]

    def of_tuple(self, one: tuple[Any, ...]) -> Any:
        return {"$t": self.of_list(list(one))} if one else _NO_TUPLE

    def of_float(self, one: float) -> Any:
        return one if math.isfinite(one) else {"$f": str(one)}

    def of_dict(self, one: dict[Any, Any]) -> Any:
        if all(type(key) is str and key[:1] != "$" for key in one):
            write = self.value
            return {key: part if type(part) in _AS_IT_IS else write(part) for key, part in one.items()}
        return {"$d": self.of_pairs(one)}

    def of_pairs(self, one: Mapping[Any, Any]) -> list[Any]:
        return [[self.value(key), self.value(part)] for key, part in one.items()]

    def of_set(self, one: Iterable[Any]) -> Any:
        return {"$s": [self.value(part) for part in sorted(one, key=repr)]}

    def of_frozenset(self, one: Iterable[Any]) -> Any:
        return {"$F": [self.value(part) for part in sorted(one, key=repr)]}

    def of_proxy(self, one: Mapping[str, Any]) -> Any:
        return {"$p": self.of_pairs(one)} if one else _NO_PROXY

    def of_deque(self, one: deque[Any]) -> Any:
        return {"$q": [one.maxlen, self.of_list(list(one))]}

    def of_defaults(self, one: defaultdict[Any, Any]) -> Any:
        name = getattr(one.default_factory, "__name__", "")
        if one.default_factory is not None and _FACTORIES.get(name) is not one.default_factory:
            raise StateError(f"a defaultdict of {one.default_factory!r} cannot be saved, only of a built-in type")
        return {"$dd": [name, self.of_pairs(one)]}

    def of_array(self, one: np.ndarray[Any, Any]) -> Any:
        if one.dtype.kind not in "biuf":
            raise StateError(f"an array of {one.dtype} cannot be saved, only one of numbers")
        return {"$a": [one.dtype.str, list(one.shape), one.tobytes().hex()]}


_WRITERS: Final[dict[type, Callable[[_Writer, Any], Any]]] = {
    list: _Writer.of_list,
    tuple: _Writer.of_tuple,
    float: _Writer.of_float,
    dict: _Writer.of_dict,
    set: _Writer.of_set,
    frozenset: _Writer.of_frozenset,
    MappingProxyType: _Writer.of_proxy,
    deque: _Writer.of_deque,
    defaultdict: _Writer.of_defaults,
    np.ndarray: _Writer.of_array,
    Decimal: lambda _, one: {"$D": str(one)},
    Side: lambda _, one: {"$side": one.value},
    bytes: lambda _, one: {"$b": one.hex()},
    OrderedDict: lambda writer, one: {"$od": writer.of_pairs(one)},
    Counter: lambda writer, one: {"$c": writer.of_pairs(one)},
    Numbers: lambda writer, one: writer.of_dict(one.as_dict()),
    SaidNumbers: lambda writer, one: writer.of_dict(one.as_dict()),
}


# --- in -------------------------------------------------------------------------------------------------------------


def decode(
    written: Mapping[str, Any], known: Mapping[str, Any] = MappingProxyType({}), mend: Mapping[str, Mend] | None = None
) -> Any:
    """The root that ``encode`` wrote, with everything it reaches.

    ``known``: the things of this house by the names they were written under; ``mend``: by class name, what is to be
    done to each object once it has its fields. Raises StateError for what no version of zepix has written.
    """
    try:
        return _Reader(known).read(written, mend or {})
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise StateError(f"the state is broken: {type(error).__name__}: {error}") from error


class _Reader:
    def __init__(self, known: Mapping[str, Any]) -> None:
        self._known = known
        self._objects: list[Any] = []

    def read(self, written: Mapping[str, Any], mend: Mapping[str, Mend]) -> Any:
        kinds = {name: _kind_of(name, fields) for name, fields in written["classes"].items()}
        made = self._objects
        for name, *row in written["objects"]:
            kind = kinds[name]
            made.append(kind.cls(*row) if kind.is_tuple else object.__new__(kind.cls))
        put = object.__setattr__
        for one, (name, *row) in zip(made, written["objects"], strict=True):
            kind = kinds[name]
            if kind.is_tuple:
                continue
            fields = written["classes"][name]
            for field, part in zip(fields, row, strict=True):
                put(one, field, part if type(part) in _AS_IT_IS else self.value(part))
            for field in kind.fields if len(fields) < len(kind.fields) else ():
                if field not in fields:
                    put(one, field, kind.defaults[field]())
            if name in mend:
                mend[name](one)
        return self.value(written["root"])

    def value(self, part: Any) -> Any:
        kind = type(part)
        if kind is list:
            return [one if type(one) in _AS_IT_IS else self.value(one) for one in part]
        if kind is not dict:
            return part
        if len(part) == 1:
            mark = next(iter(part))
            if mark[:1] == "$":
                return self._marked(mark, part[mark])
        return {key: one if type(one) in _AS_IT_IS else self.value(one) for key, one in part.items()}

    def _marked(self, mark: str, given: Any) -> Any:
        if mark == "$o":
            return self._objects[given]
        if mark == "$t":
            return tuple(self.value(given))
        if mark == "$k":
            if given not in self._known:
                raise StateError(f"the state names {given!r}, which this run does not have")
            return self._known[given]
        make = _MAKERS.get(mark)
        if make is not None:
            return make(*(self.value(one) for one in given))
        return _READERS[mark](self, given)

    def pairs(self, given: list[Any]) -> dict[Any, Any]:
        return {self.value(key): self.value(part) for key, part in given}


def _kind_of(name: str, fields: list[str]) -> _Entity:
    kind = _BY_NAME.get(name)
    if kind is None:
        raise StateError(f"the state holds a {name!r}, which this version of zepix does not know")
    unknown = sorted(set(fields) - set(kind.fields))
    missing = sorted(set(kind.fields) - set(fields) - set(kind.defaults))
    if unknown or missing:
        raise StateError(f"the state's {name} has {unknown or 'nothing'} too much and lacks {missing or 'nothing'}")
    return kind


_READERS: Final[dict[str, Callable[[_Reader, Any], Any]]] = {
    "$f": lambda _, given: float(given),
    "$d": _Reader.pairs,
    "$s": lambda reader, given: set(reader.value(given)),
    "$F": lambda reader, given: frozenset(reader.value(given)),
    "$p": lambda reader, given: MappingProxyType(reader.pairs(given)) if given else EMPTY,
    "$q": lambda reader, given: deque(reader.value(given[1]), given[0]),
    "$dd": lambda reader, given: defaultdict(_FACTORIES.get(given[0]), reader.pairs(given[1])),
    "$od": lambda reader, given: OrderedDict(reader.pairs(given)),
    "$c": lambda reader, given: Counter(reader.pairs(given)),
    "$D": lambda _, given: Decimal(given),
    "$side": lambda _, given: Side(given),
    "$b": lambda _, given: bytes.fromhex(given),
    "$n": lambda _, given: np.dtype(given[0]).type(given[1]),
    "$a": lambda _, given: np.frombuffer(bytes.fromhex(given[2]), given[0]).reshape(given[1]).copy(),
}


def _stop_trail(start: int, step: int, distance: int, start_frac: float, step_frac: float, least: int) -> StopTrail:
    made = StopTrail(start, step, distance)
    made.start_frac, made.step_frac, made.least_points = start_frac, step_frac, least
    return made


def _frozen(name: str, cls: Any) -> None:
    """A frozen dataclass, by its fields."""
    value(name, cls, _getter(tuple(f.name for f in dataclasses.fields(cls))), cls)


entity("Order", Order)
entity("Ticket", Ticket)
entity("Fill", ClosingFill)
entity("Alert", Alert)
entity("DecisionRow", DecisionRow, DecisionRow.FIELDS)
value("Trail", Trail, tuple, Trail)
value("StopTrail", StopTrail, lambda t: (*t, t.start_frac, t.step_frac, t.least_points), _stop_trail)
for _cls in (Quantity, Accepted, Refused, Decision, Bar):
    _frozen(_cls.__name__, _cls)
for _event in (OrderFilled, OrderRefused, OrderCancelled, TicketClosed, PriceReached, TimerFired, BarClosed):
    _frozen(_event.__name__, _event)
