"""HTML from values: everything is escaped unless it is ``Html``, which only functions of this room make.

Names of strategies, bodies of alerts and comments come from outside and may hold anything, markup included.
"""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from zepix.journal.codec import plain

__all__ = ["Html", "bar", "cards", "details", "empty", "escape", "joined", "note", "pairs", "table", "to_json"]


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def escape(value: Any) -> Html:
    """The value as text that no browser takes for markup; ``Html`` stays as it is."""
    return value if isinstance(value, Html) else Html(html.escape(str(value), quote=True))


def joined(parts: Iterable[Html | str]) -> Html:
    """Parts one after the other, each escaped unless it is markup."""
    return Html("".join(escape(part) for part in parts))


def to_json(value: Any) -> Html:
    """JSON that may stand inside a ``<script>`` element: ASCII, and without ``<``, ``>`` and ``&``."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return Html(text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026"))


def note(text: Html | str) -> Html:
    """A paragraph in the small voice."""
    return Html(f'<p class="note">{escape(text)}</p>')


def empty(text: str) -> Html:
    """What stands where there is nothing to show."""
    return Html(f'<p class="empty">{escape(text)}</p>')


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]], *, words: int = 1, css: str = "") -> Html:
    """A table whose first ``words`` columns are text; the others are numbers, set to the right."""

    def cells(row: Sequence[Any], tag: str) -> str:
        return "".join(
            f"<{tag}{'' if n < words else ' class=n'}>{escape(value)}</{tag}>" for n, value in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    head = f"<thead><tr>{cells(headers, 'th')}</tr></thead>"
    return Html(f'<div class="scroll"><table class="{escape(css)}">{head}<tbody>{body}</tbody></table></div>')


def pairs(items: Iterable[tuple[str, Any]]) -> Html:
    """Names and values, two columns, values as text."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in items)
    return Html(f'<div class="scroll"><table class="pairs"><tbody>{rows}</tbody></table></div>')


def cards(items: Iterable[tuple[str, str, str, str]]) -> Html:
    """Headline figures: label, value, what stands below it, and a class (``good``, ``bad`` or nothing)."""
    made = "".join(
        f'<div class="card {escape(css)}"><div class="label">{escape(label)}</div>'
        f'<div class="value">{escape(value)}</div><div class="below">{escape(below)}</div></div>'
        for label, value, below, css in items
    )
    return Html(f'<div class="cards">{made}</div>')


def bar(share: float) -> Html:
    """A bar as wide as a share of its cell."""
    width = max(0.0, min(1.0, share)) * 100
    return Html(f'<span class="bar"><span style="width:{width:.1f}%"></span></span>')


def details(summary: str, value: Mapping[str, Any] | Sequence[Any]) -> Html:
    """A value as indented JSON, folded away."""
    text = json.dumps(plain(value), indent=2)
    return Html(f"<details><summary>{escape(summary)}</summary><pre>{escape(text)}</pre></details>")
