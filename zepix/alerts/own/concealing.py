"""Secrets at the places that a table names: told to whoever verifies them, blotted out of what is kept.

Keys that say they are secrets (``api_key``) need no table: ``zepix.alerts.secrets`` knows them. This is for the others.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from zepix.alerts.own.paths import find
from zepix.alerts.own.table import Table
from zepix.alerts.payload import Body
from zepix.alerts.secrets import BLOT

__all__ = ["conceal", "secrets_of"]

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def secrets_of(table: Table, body: Body) -> list[str]:
    """What stands at the places of the table's secrets, as text; nothing for what is blotted out already."""
    found: list[Any] = []
    if body.fields is not None:
        found = [find(body.fields, path) for path in table.secrets]
    names = {path.steps[0] for path in table.secrets}
    text = body.text if body.fields is None else find(body.fields, table.text) if table.text is not None else None
    if names and isinstance(text, str):
        for pattern in table.patterns:
            found += [value for name, value in (pattern.groups(text) or {}).items() if name in names]
    return [str(one) for one in found if is_told(one)]


def is_told(value: Any) -> bool:
    """Whether a value is a secret, rather than nothing, or one that is blotted out."""
    return value is not None and not isinstance(value, bool) and value not in ("", BLOT)


def conceal(table: Table, text: str, body: Body) -> str:
    """Blots the secrets out of the body, and gives its text without them: the very text where there are none."""
    if not table.secrets or not secrets_of(table, body):
        return text
    names = {path.steps[0] for path in table.secrets}
    if body.fields is None:
        body.text = _blotted(table, body.text, names)
        return body.text
    fields: Any = body.fields
    for path in table.secrets:
        if is_told(find(fields, path)):
            fields = _replaced(fields, path.steps, BLOT)
    if table.text is not None and isinstance(inner := find(fields, table.text), str):
        fields = _replaced(fields, table.text.steps, _blotted(table, inner, names))
    body.fields = fields
    body.text = _ENCODE(fields)
    return body.text


def _blotted(table: Table, text: str, names: set[str]) -> str:
    for pattern in table.patterns:
        text = pattern.replaced(text, names, BLOT)
    return text


def _replaced(value: Any, steps: tuple[str, ...], by: str) -> Any:
    """A copy of the value in which another stands at the place, which is there."""
    if not steps:
        return by
    if isinstance(value, Mapping):
        return {**value, steps[0]: _replaced(value[steps[0]], steps[1:], by)}
    place = int(steps[0])
    return [_replaced(one, steps[1:], by) if at == place else one for at, one in enumerate(value)]
