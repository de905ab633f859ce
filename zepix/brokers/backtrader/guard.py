"""Analyzers of the user, kept apart: one that raises is named and dropped, and the run goes on."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Final

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


def guarded(cls: Any, told: Callable[[str], None]) -> Any:
    """A subclass of an analyzer whose errors end it alone; ``told`` hears the sentence."""
    name = cls.__name__

    def wrap(method: str) -> Callable[..., Any]:
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            if self.zepix_failure:
                return None
            try:
                return getattr(super(made, self), method)(*args, **kwargs)
            except Exception as error:  # noqa: BLE001 - the user's analyzer, not ours
                what = f"{method.strip('_')}: {type(error).__name__}: {error}"
                self.zepix_failure = f"analyzer {name} raised in {what}; it is dropped, the run goes on"
                told(self.zepix_failure)
                warnings.warn(self.zepix_failure, DroppedAnalyzer, stacklevel=2)
                return None

        return call

    def get_analysis(self: Any) -> Any:
        if self.zepix_failure:
            return {"error": self.zepix_failure}
        return super(made, self).get_analysis()

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        try:
            super(made, self).__init__(*args, **kwargs)
        except Exception as error:
            raise ConfigError(f"analyzer {name} cannot be made: {type(error).__name__}: {error}") from error

    body: dict[str, Any] = {method: wrap(method) for method in CALLED if hasattr(cls, method)}
    body |= {
        "__init__": init,
        "zepix_failure": "",
        "get_analysis": get_analysis,
        "__module__": cls.__module__,
        "__doc__": cls.__doc__,
    }
    made = type(cls)(name, (cls,), body)
    return made
