"""Makes the package ``zepix.alerts`` callable, so that ``zx.alerts(...)`` and ``import zepix.alerts.log`` both work.

A package is the attribute of its parent under its own name, whoever imports it first: a function of that name would be
gone as soon as anybody reads a log. Python lets a module have a class of its own (``module.__class__``), so the package
stays what it is and can be called besides. Nothing heavy is imported before it is.
"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from zepix.research.alerts_surface import Alerts  # tidy: zx.alerts is this package, called

__all__ = ["CallableAlerts"]


class CallableAlerts(ModuleType):
    """``zx.alerts(source)`` reads alerts; ``zx.alerts.from_signals(bars, ...)`` makes them of vectorised signals."""

    def __call__(self, source: Any, **options: Any) -> Alerts:
        """Alerts of log files, of a list of Alert, or of a DataFrame; ``zepix.research.alerts_surface`` says more."""
        from zepix.research.alerts_surface import read_alerts  # tidy: zx.alerts is this package, called

        return read_alerts(source, **options)

    def from_signals(self, bars: Any, *signals: Any, **options: Any) -> Alerts:
        """Alerts of boolean signals by bar; ``zepix.research.alerts_signals`` says more."""
        from zepix.research.alerts_signals import from_signals  # tidy: zx.alerts is this package, called

        return from_signals(bars, *signals, **options)
