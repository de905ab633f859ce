"""Analyzers of the user, kept apart: one that raises is named and dropped, and the run goes on."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

from zepix.brokers.backtrader.border import bt
from zepix.errors import ConfigError

__all__ = ["DroppedAnalyzer", "guarded"]

CALLED: Final = (
    "_start",
    "_stop",
    "_prenext",
    "_nextstart",
    "_next",
    "_notify_order",
    "_notify_trade",
    "_notify_cashvalue",
    "_notify_fund",
)


class DroppedAnalyzer(UserWarning):
    """An analyzer raised and takes no further part; the run's figures are not touched by it."""


def guarded(cls: Any, told: Callable[[str], None]) -> Callable[..., Any]:
    """What makes an analyzer whose errors end it alone; ``told`` hears the sentence.

    Making it raises ConfigError where it cannot be made: backtrader calls ``create_analysis`` before ``__init__``.
    """
    kept_apart = _kept_apart(cls, told)

    def make(*args: Any, **kwargs: Any) -> Any:
        try:
            return kept_apart(*args, **kwargs)
        except Exception as error:
            raise ConfigError(f"analyzer {cls.__name__} cannot be made: {type(error).__name__}: {error}") from error

    make.__name__ = cls.__name__  # the name in the strategy's list
    return make


def _kept_apart(cls: Any, told: Callable[[str], None]) -> Any:
    """A subclass of an analyzer that never raises once it is made."""
    name = cls.__name__

    def drop(self: Any, method: str, error: Exception) -> None:
        what = f"{method.strip('_')}: {type(error).__name__}: {error}"
        self.zepix_failure = f"analyzer {name} raised in {what}; it is dropped, the run goes on"
        told(self.zepix_failure)
        warnings.warn(self.zepix_failure, DroppedAnalyzer, stacklevel=3)

    def wrap(method: str) -> Callable[..., Any]:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self.zepix_failure:
                return None
            try:
                return getattr(super(made, self), method)(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the user's analyzer, not ours
                drop(self, method, error)
                return None

        return call

    def get_analysis(self: Any) -> Any:
        """Called by writers at the end of the run as well."""
        if not self.zepix_failure:
            try:
                return super(made, self).get_analysis()
            except Exception as error:  # noqa: BLE001 - as above
                drop(self, "get_analysis", error)
        return {"error": self.zepix_failure}

    body: dict[str, Any] = {method: wrap(method) for method in CALLED if hasattr(cls, method)}
    if getattr(cls, "get_pf_items", None) is bt.analyzers.PyFolio.get_pf_items:
        body["get_pf_items"] = get_pf_items
    body |= {
        "zepix_failure": "",
        "get_analysis": get_analysis,
        "__module__": cls.__module__,
        "__doc__": cls.__doc__,
    }
    made = type(cls)(name, (cls,), body)
    return made


def get_pf_items(analyzer: Any) -> Any:
    """What ``bt.analyzers.PyFolio`` gives, with the positions of every feed: its own keeps the last one's only."""
    if analyzer.zepix_failure:
        raise ConfigError(analyzer.zepix_failure)
    returns, positions, transactions, leverage = bt.analyzers.PyFolio.get_pf_items(analyzer)
    head, *rows = analyzer.rets["positions"].values()
    whole = type(positions)(rows, index=positions.index, columns=list(head))
    return returns, whole, transactions, leverage
