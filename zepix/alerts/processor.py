"""From a body to an Alert or to a reason: decode, recognise the dialect, read, resolve the symbol. Never raises.

The same processor serves a replay and, later, live: it knows no clock; the time of receipt and the id are given to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Protocol, cast, runtime_checkable

from zepix.alerts import (  # importing a dialect registers it
    bar,
    broker_webhook,
    flat,
    four_cell,
    key_value,
    legacy,
    pineconnector,
    pipe,
    plain,
    tradingview_strategy,
    v3,
    v6,
)
from zepix.alerts.dialects import Dialect, detect, known
from zepix.alerts.draft import Draft
from zepix.alerts.payload import Body, decode, kept
from zepix.alerts.reading import NO_SETTINGS, Reading
from zepix.alerts.reasons import REASONS, Unreadable
from zepix.alerts.secrets import conceal, redact, redact_text, scrub
from zepix.model import Alert, Catalogue, Quarantined

__all__ = ["BUILT_IN", "AlertProcessor", "SymbolResolver"]

BUILT_IN: Final[tuple[Dialect, ...]] = (
    v3.V3,
    v6.V6,
    bar.BAR,
    legacy.LEGACY,
    four_cell.FOUR_CELL,
    tradingview_strategy.TRADINGVIEW,
    broker_webhook.BROKER_WEBHOOK,
    flat.FLAT,
    key_value.KEY_VALUE,
    pineconnector.PINECONNECTOR,
    pipe.PIPE,
    plain.PLAIN,
)
_CACHE_LIMIT: Final = 4096
NO_DIALECT: Final = "text that no dialect recognises; JSON, name=value, LICENSE,command,symbol or a|b|c are expected"


@runtime_checkable
class Concealing(Protocol):
    """A dialect that knows secrets of its own (a table names their places)."""

    def conceal(self, text: str, body: Body, /) -> str:
        """Blots them out in the body, and in its text, which is given back."""


class SymbolResolver:
    """Names as sent to symbols of the catalogue: first by ``symbol_map``, then by the catalogue, in any case.

    ``symbol_map`` maps what a sender calls a symbol to what the catalogue calls it (``{"GOLD": "XAUUSD"}``), with or
    without the exchange's prefix. A name that nobody knows stays, in capitals: the engine refuses it later.
    """

    def __init__(self, catalogue: Catalogue, symbol_map: Mapping[str, str]) -> None:
        self._catalogue = catalogue
        self._map = {name.strip().upper(): symbol for name, symbol in symbol_map.items()}
        self._any_case = {symbol.upper(): symbol for symbol in reversed(list(catalogue))}
        self._found: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        found = self._found.get(name)
        if found is None:
            found = self._resolve(name)
            if len(self._found) < _CACHE_LIMIT:
                self._found[name] = found
        return found

    def _resolve(self, name: str) -> str:
        capitals = name.upper()
        bare = capitals.rsplit(":", 1)[-1].strip()
        mapped = self._map.get(capitals) or self._map.get(bare)
        if mapped is not None:
            return mapped
        resolved = self._catalogue.resolve(name)
        if resolved in self._catalogue:
            return resolved
        return self._any_case.get(bare) or self._any_case.get(resolved.upper()) or resolved.upper() or capitals


class AlertProcessor:
    """Reads bodies of every registered dialect: ``parse(raw) -> Alert | Quarantined``."""

    def __init__(
        self,
        catalogue: Catalogue,
        symbol_map: Mapping[str, str] = MappingProxyType({}),
        *,
        settings: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
        own: Sequence[Dialect] = (),
    ) -> None:
        """``settings``: of each dialect by its name; ``own``: dialects asked beside the built-in ones, by rank."""
        self.resolve = SymbolResolver(catalogue, symbol_map)
        self._settings = {name: dict(table) for name, table in settings.items()}
        self._dialects = sorted([*own, *known()], key=lambda one: one.rank) if own else None

    def parse(
        self,
        raw: str | bytes | Mapping[str, Any],
        *,
        received_ns: int = 0,
        id: str | None = None,
        source: str = "",
        source_id: str | None = None,
        ticker: str | None = None,
        timeframe: str | None = None,
        fallback_id: str = "",
        text: str | None = None,
    ) -> Alert | Quarantined:
        """An Alert, or the reason why the body is none. Never raises, whatever the body.

        ``id`` names the alert in its log; without it the payload's own id does, else ``fallback_id``. ``ticker`` and
        ``timeframe`` came beside the body (a column, an address) and stand in for what it does not say. ``text`` is the
        text of a body that comes as a mapping, where it is known.
        """
        dialect: Dialect | None = None
        whole: str | None = None
        try:
            whole, body = decode(raw, text)
            if body.fields is not None:
                whole = conceal(whole, body)
            dialect = detect(body, self._dialects)
            if dialect is None:
                raise Unreadable("unknown_dialect", NO_DIALECT)
            if self._dialects is not None and isinstance(dialect, Concealing):
                whole = dialect.conceal(whole, body)
            reading = Reading(body, ticker, timeframe, self._settings.get(dialect.name, NO_SETTINGS))
            found = dialect.read(reading)
            found["symbol"] = self.resolve(found["symbol"])
            if body.fields is None:
                whole = redact_text(whole, dialect.name)
            if reading.extras:
                found["fields"] = MappingProxyType(reading.extras)
            if reading.repairs:
                found["repairs"] = tuple(reading.repairs)
            draft = Draft(
                id=id or found.get("explicit_id") or fallback_id,
                received_ns=received_ns,
                dialect=dialect.name,
                source=source,
                source_id=source_id,
                raw=whole,
                **found,
            )
            draft.__class__ = Alert
            return cast("Alert", draft)
        except Unreadable as problem:
            reason, detail = problem.reason, problem.detail
        except Exception as error:  # noqa: BLE001 - whatever a body does to a dialect, the receiver lives on
            reason, detail = "parser_error", f"{type(error).__name__} in dialect {dialect and dialect.name}"
        arrived = whole if whole is not None else kept(text or raw)
        beside = (received_ns, source, source_id)
        return _set_aside(id or fallback_id, reason, detail, arrived, dialect.name if dialect else None, *beside)


def _set_aside(
    id: str,
    reason: str,
    detail: str,
    arrived: str,
    dialect: str | None,
    received_ns: int,
    source: str,
    source_id: str | None,
) -> Quarantined:
    """A body and the sentence about it as they may be kept: nothing secret in them, the sentence in ASCII.

    A dialect may quote what it could not read; where that is part of a secret, the reason's own sentence stands in.
    """
    if not detail.isascii():  # a name of the sender's own, for example
        detail = ascii(detail)[1:-1]
    raw = redact(arrived, dialect)
    return Quarantined(
        id=id,
        reason=reason,
        detail=detail if raw == arrived else scrub(detail, arrived, dialect, REASONS[reason]),
        raw=raw,
        received_ns=received_ns,
        dialect=dialect,
        source=source,
        source_id=source_id,
    )
