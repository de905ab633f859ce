"""``[live]`` as the environment says it: over the file, under the flags, as every other setting.

Read by the process that is started, which loads next to nothing: what reads settings is loaded only where a variable
is there (``ZEPIX_LIVE__RECEIVER__MIRROR='["https://..."]'``).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = ["over"]

_BEGINS: Final = "ZEPIX_LIVE__"


def over(live: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """The table of the file with what the environment says of it. Raises ConfigError."""
    mine = {name: value for name, value in environ.items() if name.upper().startswith(_BEGINS)}
    if not mine:
        return dict(live)
    from zepix.config.layers import read_environment

    return _laid(live, read_environment(mine).get("live", {}))


def _laid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    from zepix.config.check import plain

    found = dict(below)
    for name, value in above.items():
        under = found.get(name)
        if isinstance(value, Mapping):
            found[name] = _laid(under if isinstance(under, Mapping) else {}, value)
        else:
            found[name] = plain(value)
    return found
