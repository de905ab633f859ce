"""The page itself: one file, nothing loaded from anywhere, and no script runs in it but the two it was written with.

The second promise is kept by the browser: the page's content security policy names the scripts by their SHA-256 and
forbids every connection, so that a hostile alert could neither run nor call home if an escape were ever missed.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from zepix.research.report_parts.figures import BASE, styled
from zepix.research.report_parts.markup import Html, escape, joined, to_json

__all__ = ["page", "placeholder"]


def placeholder(name: str, height: int, label: str) -> Html:
    """Where the figure ``name`` will be drawn."""
    return Html(
        f'<div class="figure" data-figure="{escape(name)}" role="img" aria-label="{escape(label)}" '
        f'style="height:{height}px"></div>'
    )


def page(title: str, lead: Html, sections: Sequence[tuple[str, str, Html]], figures: Mapping[str, Any]) -> str:
    """The whole document; ``sections`` are (word in the navigation, title, content)."""
    scripts = [_plotly(), _asset("report.js")]
    policy = "; ".join(
        [
            "default-src 'none'",
            "script-src " + " ".join(_source(script) for script in scripts),
            "style-src 'unsafe-inline'",
            "img-src data: blob:",
            "base-uri 'none'",
            "form-action 'none'",
        ]
    )
    drawn = {name: styled(figure) for name, figure in figures.items()}
    links = joined(Html(f'<a href="#{_anchor(word)}">{escape(word)}</a>') for word, _, _ in sections)
    body = joined(
        Html(f'<section id="{_anchor(word)}">{_heading(title)}{content}</section>') for word, title, content in sections
    )
    return "".join(
        [
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
            f'<meta http-equiv="Content-Security-Policy" content="{escape(policy)}">\n',
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
            '<meta name="color-scheme" content="light">\n<meta name="referrer" content="no-referrer">\n',
            f"<title>{escape(title)}</title>\n<style>{_asset('report.css')}</style>\n</head>\n<body>\n",
            f"<header>{lead}</header>\n",
            f"<nav>{links}</nav>\n" if len(sections) > 1 else "",
            f"<main>{body}</main>\n",
            '<noscript><p class="warning">Charts, sorting and filtering need JavaScript.</p></noscript>\n',
            f'<script type="application/json" id="base">{to_json(BASE)}</script>\n',
            f'<script type="application/json" id="figures">{to_json(drawn)}</script>\n',
            *(f"<script>{script}</script>\n" for script in scripts),
            "</body>\n</html>\n",
        ]
    )


def _heading(title: str) -> str:
    return f"<h2>{escape(title)}</h2>" if title else ""


def _anchor(word: str) -> Html:
    return escape(word.lower().replace(" ", "-"))


def _source(script: str) -> str:
    digest = hashlib.sha256(script.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


@cache
def _plotly() -> str:
    """plotly's own bundle, about 4.8 MB, as a browser reads it out of a page."""
    from plotly.offline import get_plotlyjs

    return _as_inline(get_plotlyjs())


@cache
def _asset(name: str) -> str:
    text = resources.files("zepix.research.report_parts").joinpath(name).read_text(encoding="utf-8")
    return _as_inline(text)


def _as_inline(text: str) -> str:
    """What a parser makes of it inside an element: line feeds only, and nothing that would end the element."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("</script", "<\\/script").replace("<!--", "<\\!--")
