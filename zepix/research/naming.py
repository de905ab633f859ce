"""Wrong names say which exist: what a notebook asks of a result and does not find."""

from __future__ import annotations

from typing import Any

from zepix.config.keys import near

__all__ = ["SaysNames"]


class SaysNames:
    """Gives an object's ``AttributeError`` the names that it has."""

    def __getattr__(self, name: str) -> Any:
        kind = type(self)
        if name.startswith("_"):
            raise AttributeError(f"{kind.__name__} has no attribute {name!r}")
        known = sorted(one for one in {*dir(kind), *vars(self)} if not one.startswith("_"))
        if name in known:  # a property that failed inside with an AttributeError of its own
            raise AttributeError(f"{kind.__name__}.{name} could not be computed")
        raise AttributeError(f"{kind.__name__} has no {name!r}{near(name, known) or '; it has ' + ', '.join(known)}")
