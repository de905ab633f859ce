"""One sweep's base, and one cell of it: which spec it is, which data, which hash, and its run.

A job travels to worker processes as bytes: paths and settings, never prices. Each process opens the prices by memory
map (the cache of bars) and reads the alerts, once, and keeps what it opened; alerts that were handed over as objects
travel once. A cell's hash covers all that can change its result and nothing else: the resolved spec without its paths,
the checksums of prices, alerts and instruments, and the code of zepix and of the strategies that run.
"""

from __future__ import annotations

import hashlib
import inspect
import json
import pickle
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from types import CodeType, MappingProxyType
from typing import Any, Final

from zepix.config import complete_settings
from zepix.engine.registry import PluginRegistry
from zepix.engine.strategy import Strategy
from zepix.errors import ConfigError, DataError
from zepix.model import Alert, Quarantined
from zepix.research import replay as replaying
from zepix.research.result import Result
from zepix.research.sweep.space import Cell
from zepix.spec import Spec, load_spec

__all__ = ["Desk", "Job", "Task", "code_checksum", "code_of", "dumps", "rows_checksum"]

SCHEMA: Final = 1
_KEPT: Final = 3
_NOT_HASHED: Final = (
    *("title", "alerts", "bars", "instruments", "strategy_folders", "out", "report", "path", "dialect_files", "cache"),
)
"""What a spec says of places and of names; the checksums of what lies there stand in for it."""
_LOADING: Final = (
    *("alerts", "bars", "instruments", "choice", "crossed", "cache", "from_ns", "to_ns", "dialect_files", "dialects"),
    "symbol_map",
)


@dataclass(frozen=True, slots=True)
class Task:
    """One cell on its way to a process; ``data`` is the checksum that its inputs and strategies must have there."""

    number: int
    hash: str
    cell: Cell
    data: str


@dataclass(slots=True)
class Job:
    """What every cell has in common: ``given`` are arguments of ``load_spec``, ``flags`` settings under the cell's.

    ``cls`` is a strategy that was handed over as a class and ``code`` its checksum, ``rows`` are alerts that are no
    log's and ``checksums`` theirs.
    """

    spec: str | None
    given: dict[str, Any] = field(default_factory=dict)
    flags: dict[str, Any] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)
    cls: type[Strategy] | None = None
    code: str = ""
    rows: list[Alert | Quarantined] = field(default_factory=list)
    checksums: dict[str, str] = field(default_factory=dict)

    def load(self, cell: Mapping[str, Any], registry: PluginRegistry | None, *, check: bool = True) -> Spec:
        """The spec of a cell. Raises ConfigError with every problem."""
        return load_spec(
            self.spec,
            flags={**self.flags, **cell},
            environ=self.environ,
            check_strategies=check,
            registry=registry,
            **self.given,
        )

    def packed(self) -> bytes:
        """The job as bytes. Raises ConfigError for a class of a notebook where nothing can carry it."""
        cls = b"" if self.cls is None else _carried(self.cls)
        return dumps((replace(self, cls=None), cls))

    @classmethod
    def unpacked(cls, text: bytes) -> Job:
        job, carried = pickle.loads(text)  # noqa: S301 - written by the process that started this one
        return replace(job, cls=pickle.loads(carried)) if carried else job  # type: ignore[no-any-return] # noqa: S301


class _Pickler(pickle.Pickler):
    """Also takes the read-only tables of alerts."""

    def reducer_override(self, value: Any) -> Any:
        return (_table, (dict(value),)) if type(value) is MappingProxyType else NotImplemented


def _table(values: dict[str, Any]) -> MappingProxyType[str, Any]:
    return MappingProxyType(values)


def dumps(value: Any) -> bytes:
    """A value as bytes, alerts included."""
    import io

    written = io.BytesIO()
    _Pickler(written, pickle.HIGHEST_PROTOCOL).dump(value)
    return written.getvalue()


def _carried(cls: type[Strategy]) -> bytes:
    """A class as bytes: by its name where others can import it, else whole, which cloudpickle does."""
    module = inspect.getmodule(cls)
    if module is not None and module.__name__ != "__main__" and getattr(module, cls.__name__, None) is cls:
        return pickle.dumps(cls)
    try:
        import cloudpickle  # type: ignore[import-untyped]
    except ImportError:
        raise ConfigError(
            f"the class {cls.__name__} is in no file that other processes could import: pip install cloudpickle, or "
            "put it into strategies/ and name it, or say workers=0 to run the cells in this process"
        ) from None
    carried: bytes = cloudpickle.dumps(cls)
    return carried


class Desk:
    """A job in one process: strategies found once, inputs opened once, cells run one by one."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.registry = replaying.registry_for(job.load({}, None, check=False))
        if job.cls is not None:
            self.registry.register(job.cls)
        self._inputs: dict[str, tuple[replaying.Loaded, str]] = {}
        self._codes: dict[str, str] = {}

    def spec(self, cell: Mapping[str, Any]) -> Spec:
        """The spec of a cell. Raises ConfigError with every problem."""
        return self.job.load(cell, self.registry)

    def task(self, number: int, cell: Cell) -> Task:
        """A cell with its hash. Raises ConfigError and DataError, also for inputs that are not there."""
        spec = self.spec(cell)
        data = self._sources(spec)
        kept = {name: value for name, value in spec.as_dict().items() if name not in _NOT_HASHED}
        said = [SCHEMA, kept, data, code_checksum()]
        text = json.dumps(said, sort_keys=True, separators=(",", ":"))
        return Task(number, hashlib.sha256(text.encode()).hexdigest()[:32], cell, data)

    def inputs(self, spec: Spec) -> tuple[replaying.Loaded, str]:
        """Alerts and prices of a spec with their checksum; what was opened before is not opened again."""
        key = repr([getattr(spec, name) for name in _LOADING] + [spec.account.currency, spec.fill.finer])
        if key not in self._inputs:
            loaded = replaying.load(spec, self.job.rows)
            while len(self._inputs) >= _KEPT:
                del self._inputs[next(iter(self._inputs))]
            self._inputs[key] = loaded, _checksum_of(loaded, self.job.checksums)
        return self._inputs[key]

    def run(self, cell: Mapping[str, Any], data: str | None = None) -> Result:
        """The replay of one cell. Raises DataError where the inputs are others than ``data`` says."""
        spec = self.spec(cell)
        loaded, _ = self.inputs(spec)
        if data is not None and self._sources(spec) != data:
            raise DataError(
                "prices, alerts or strategies here are others than those the sweep began with; were files changed?"
            )
        registry = PluginRegistry(complete_settings)  # plugins keep state, classes are shared
        registry.classes = dict(self.registry.classes)
        registry.failures, registry.notes = dict(self.registry.failures), list(self.registry.notes)
        return replaying.run_loaded(spec, loaded, registry, replaying.plugins_of(spec))

    def _sources(self, spec: Spec) -> str:
        """The checksum of a cell's inputs and of the strategies that run."""
        codes = ",".join(sorted(self._code(plugin.strategy) for plugin in spec.plugins))
        return f"{self.inputs(spec)[1]}-{hashlib.sha256(codes.encode()).hexdigest()[:16]}"

    def _code(self, strategy: str) -> str:
        if strategy not in self._codes:
            found = self.registry.find_class(strategy)
            self._codes[strategy] = self.job.code if found is self.job.cls else code_of(found)
        return self._codes[strategy]


def rows_checksum(rows: Sequence[Alert | Quarantined]) -> str:
    """Of alerts in memory: every field of every one."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(repr(row).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _checksum_of(loaded: replaying.Loaded, own: Mapping[str, str]) -> str:
    series = [*loaded.series.values(), *loaded.bars.finer.values()]
    prices = sorted([one.symbol, one.timeframe, str(one.facts.get("checksum")), len(one)] for one in series)
    text = json.dumps([prices, sorted(map(str, loaded.checksums.values())), sorted(own.values())])
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def code_checksum() -> str:
    """Of every file of zepix that can take part in a replay."""
    root = Path(__file__).resolve().parents[2]
    return _of_files(path for path in sorted(root.rglob("*.py")) if path.parent.name != "commands")


def code_of(cls: type[Strategy]) -> str:
    """Of a strategy: its file or the folder of its package; of a script's or a notebook's class its functions."""
    try:
        path = Path(inspect.getfile(cls))
    except (OSError, TypeError):
        path = Path()
    if not path.is_file() or cls.__module__ == "__main__":
        return hashlib.sha256(repr(_of_class(cls)).encode()).hexdigest()
    return _of_files(sorted(path.parent.rglob("*.py")) if path.name == "__init__.py" else [path])


def _of_files(paths: Any) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.name.encode() + b"\0" + path.read_bytes().replace(b"\r\n", b"\n"))
    return digest.hexdigest()


def _of_class(cls: type) -> list[Any]:
    """What a class that stands in no file does: code, constants, settings."""
    found: list[Any] = [cls.__qualname__]
    for base in cls.__mro__[:-1]:
        if base is Strategy:
            break
        for name, value in sorted(vars(base).items()):
            code = getattr(value, "__code__", None)
            if code is not None:
                found.append((name, _of_code(code)))
            elif not name.startswith("__") or name == "__annotations__":
                found.append((name, _of_value(value)))
    return found


def _of_code(code: CodeType) -> list[Any]:
    constants = [_of_code(one) if isinstance(one, CodeType) else _of_value(one) for one in code.co_consts]
    return [code.co_code.hex(), constants, code.co_names, code.co_varnames]


def _of_value(value: Any) -> str:
    """The same words in every process: no order of a set, no address in memory."""
    if isinstance(value, set | frozenset):
        return repr(sorted(map(repr, value)))
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))
