"""What is asked and answered, as the API's own description (OpenAPI) has it. Rows are those of the tables."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, create_model

from zepix_live.storage.columns import columns_of
from zepix_live.storage.searching import DAYS, FILTERS, MOST
from zepix_live.storage.tables import TABLES

__all__ = [
    "AlertId",
    "AuditPage",
    "Command",
    "ConfigAnswer",
    "Confirmation",
    "Fault",
    "Flatten",
    "Live",
    "Mode",
    "Nothing",
    "OfPlugin",
    "PluginId",
    "Plugins",
    "Promote",
    "Rearm",
    "Recovery",
    "Status",
    "Strategies",
    "Taken",
    "Why",
    "page_of",
    "query_of",
]

WORD: Final = r"^[^\x00-\x1f\x7f]*$"
PRINTABLE: Final = r"^[ -~¡-¬®-ɏ]*$"
Book = Literal["shadow", "live", "twin"]


def _day(value: str) -> str:
    if date.fromisoformat(value).isoformat() != value:
        raise ValueError("a day is such as 2026-01-31")
    return value


Text = Annotated[str, Field(min_length=1, max_length=200, pattern=WORD)]
Day = Annotated[str, Field(json_schema_extra={"format": "date"}), AfterValidator(_day)]
Cursor = Annotated[str, Field(pattern=r"^([0-9]{4}-[0-9]{2}-[0-9]{2}_)?[0-9]{1,18}$")]
AlertId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f/]+$")]
PluginId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
_TYPES: Final[dict[str, Any]] = {"integer": int, "text": str, "boolean": bool, "json": Any}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Fault(BaseModel):
    """Why something was not answered: a word, and a sentence."""

    error: str
    detail: Any = None


class Behind(BaseModel):
    """How far the database is: ``rows`` of the journal are not in it yet."""

    position: int
    journal: int
    rows: int
    trouble: str | None


# --- tables -----------------------------------------------------------------------------------------------------------


def row_of(table: str) -> type[BaseModel]:
    """A row of a table."""
    fields: dict[str, Any] = {
        one.name: (_TYPES[one.kind] | None if one.is_nullable and one.kind != "json" else _TYPES[one.kind], ...)
        for one in columns_of(table)
    }
    return create_model(f"{_camel(table)}Row", __config__=ConfigDict(extra="forbid"), **fields)


def page_of(table: str, **more: Any) -> type[BaseModel]:
    """A page of rows; ``next`` is to be asked as ``before`` for those after it."""
    rows = row_of(table)
    fields: dict[str, Any] = {"rows": (list[rows], ...), "next": (str | None, ...), "behind": (Behind, ...), **more}  # type: ignore[valid-type]
    return create_model(f"{_camel(table)}Page", **fields)


def query_of(table: str) -> type[BaseModel]:
    """What a table may be asked by; anything else is refused."""
    fields: dict[str, Any] = {
        "limit": (int, Field(100, ge=1, le=MOST)),
        "before": (Cursor | None, Field(None, description="The page before said so in ``next``.")),
    }
    for key in FILTERS[table]:
        fields[key] = (Book | None if key == "book" else Text | None, None)
    if "strategy" in FILTERS[table]:
        fields["plugin"] = (Text | None, Field(None, description="The same as ``strategy``."))
    if "day" in TABLES[table].columns:
        for key in DAYS:
            fields[key] = (Day | None, None)
    return create_model(f"{_camel(table)}Query", __config__=ConfigDict(extra="forbid"), **fields)


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


class Refusal(BaseModel):
    """A request that was turned away."""

    t_ns: int
    address: str
    method: str
    path: str
    reason: str


AuditPage = page_of("audit_log", refused=(list[Refusal], ...))


# --- how it stands ----------------------------------------------------------------------------------------------------


class Live(BaseModel):
    """That the API answers at all."""

    alive: bool


class Engine(BaseModel):
    """The engine's sign of life."""

    state: str
    detail: str
    t_ns: int
    inbox_seq: int


class Status(BaseModel):
    """How the runner is; ``view`` is what the engine says of itself, empty where it has not yet."""

    engine: Engine
    behind: Behind
    journal_trouble: str | None
    clients: int
    view: dict[str, Any]


class Plugin(BaseModel):
    """One plugin; ``told`` is what the engine says of it."""

    plugin: str
    strategy: str
    enabled: bool
    mode: str | None
    effective_mode: str | None
    state: str | None
    settings: dict[str, Any]
    told: dict[str, Any]


class Plugins(BaseModel):
    """Every plugin of the session."""

    plugins: list[Plugin]


class StrategyRow(BaseModel):
    """A strategy and the plugins that are instances of it."""

    strategy: str
    plugins: list[str]


class Strategies(BaseModel):
    """Every strategy of the session."""

    strategies: list[StrategyRow]


class ConfigAnswer(BaseModel):
    """The settings that the session runs by, by dotted key, secrets masked."""

    seq: int
    hash: str
    version: str
    changed_at: str
    who: str
    settings: dict[str, Any]


class Recovery(BaseModel):
    """What the last start found."""

    model_config = ConfigDict(extra="allow")
    lines: list[str]


class Why(BaseModel):
    """What became of one alert; ``lines`` tell it."""

    alert: row_of("alerts")  # type: ignore[valid-type]
    decisions: list[row_of("decisions")]  # type: ignore[valid-type]
    orders: list[row_of("orders")]  # type: ignore[valid-type]
    positions: list[row_of("positions")]  # type: ignore[valid-type]
    trades: list[row_of("trades")]  # type: ignore[valid-type]
    others: list[str]
    lines: list[str]


# --- commands ---------------------------------------------------------------------------------------------------------


class Command(_Strict):
    """Who commands, and the command's own id: the same id twice is one command."""

    by: Annotated[str, Field(max_length=64, pattern=PRINTABLE)] | None = None
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:-]{8,64}$")] | None = None


class OfPlugin(Command):
    """Of one plugin, or of all."""

    plugin: PluginId | None = None


class Mode(Command):
    """How orders are executed."""

    mode: Literal["LIVE", "SHADOW", "HYBRID"]


class Promote(Command):
    """``force``: although the thresholds are not met."""

    force: bool | None = None


class Rearm(Command):
    """``base_equity``: from which equity the guard counts; without it from that of now."""

    base_equity: Annotated[float, Field(gt=0, lt=1e15)] | None = None


class Flatten(OfPlugin):
    """Close what is open, cancel what waits, take no new risk; ``confirmation`` is the code of the first call."""

    book: Book | None = None
    confirmation: Annotated[str, Field(pattern=r"^[0-9a-f]{8}$")] | None = None


class Nothing(_Strict):
    """No body."""


class Taken(BaseModel):
    """The command is durable; ``outcome`` is what the engine made of it, and ``is_refused`` whether it did not obey;
    both null where it has not said yet."""

    seq: int
    id: str
    command: str
    plugin: str
    is_running: bool
    outcome: str | None
    is_refused: bool | None


class WouldClose(BaseModel):
    """An open ticket."""

    book: str
    ticket: int
    plugin: str
    symbol: str
    side: str
    open_lots: str | None
    entry_price: str | None


class Confirmation(BaseModel):
    """Call again with the code within ``good_s`` seconds; ``would_close`` is null where the database does not say."""

    error: str
    detail: str
    confirmation: str
    good_s: float
    would_close: list[WouldClose] | None
    would_cancel: int | None
    trouble: str | None
