"""From a body to an Alert or to a reason: decode, recognise the dialect, read, resolve the symbol. Never raises.

The same processor serves a replay and, later, live: it knows no clock; the time of receipt and the id are given to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, cast

from zepix.alerts import legacy, plain, v3, v6  # importing a dialect registers it
from zepix.alerts.dialects import Dialect, detect, known
from zepix.alerts.draft import Draft
from zepix.alerts.payload import body_text, decode
from zepix.alerts.reading import NO_SETTINGS, Reading
from zepix.alerts.reasons import Unreadable
from zepix.model import Alert, Catalogue, Quarantined

__all__ = ["BUILT_IN", "AlertProcessor", "SymbolResolver"]

BUILT_IN: Final[tuple[Dialect, ...]] = (v3.V3, v6.V6, legacy.LEGACY, plain.PLAIN)
_CACHE_LIMIT: Final = 4096


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
        self._dialects = sorted([*own, *known()], key=lambda one: one.rank)

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
        try:
            whole, body = decode(raw, text)
            dialect = detect(body, self._dialects)
            if dialect is None:
                raise Unreadable("unknown_dialect", "text that no dialect recognises; JSON or V6 pipes are expected")
            reading = Reading(body, ticker, timeframe, self._settings.get(dialect.name, NO_SETTINGS))
            found = dialect.read(reading)
            found["symbol"] = self.resolve(found["symbol"])
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
        return Quarantined(
            id=id or fallback_id,
            reason=reason,
            detail=detail,
            raw=text or body_text(raw),
            received_ns=received_ns,
            dialect=dialect.name if dialect else None,
            source=source,
            source_id=source_id,
        )
