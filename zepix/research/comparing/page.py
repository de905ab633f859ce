"""The page of a comparison, or of a chain of them: what differs first, the waterfall, every part, who lacks whom."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from zepix.research.comparing.comparison import PARTS
from zepix.research.comparing.words import amount, label_of, meanings
from zepix.research.headline import count
from zepix.research.report_parts import sections
from zepix.research.report_parts.figures import BAD, GOOD, GREY, INK, Figure, axis
from zepix.research.report_parts.markup import Html, cards, empty, escape, joined, note, table
from zepix.research.report_parts.page import page, placeholder

if TYPE_CHECKING:
    from zepix.research.comparing.comparison import Comparison
    from zepix.research.comparing.gap import Gap

__all__ = ["bars_of", "comparison_html", "figure_of", "gap_html", "waterfall_words"]

_TICKETS_SHOWN: Final = 40
_TEXT: Final = 60
_SUM: Final = (
    "Every bar is what the profit changes by when that one cause is replaced; they sum to the whole, to the cent."
)
_ORDER: Final = (
    "Causes are replaced in a fixed order: prices, signal time, latency, spread, slippage, levels, exits, size, "
    "conversion, commission, swap. Another order would share out what two causes do together otherwise."
)
Bar = tuple[str, float, str]
"""Label, amount, and ``absolute`` (a profit), ``relative`` (a part), or ``total`` (a profit that was reached)."""


def bars_of(found: Comparison) -> list[Bar]:
    """The waterfall of a comparison: A's profit, the parts that are not zero, B's profit."""
    a, b = found.a, found.b
    made: list[Bar] = [(f"{a.name} (here)", float(a.money(a.profit)), "absolute")]
    made += [(name, float(part), "relative") for name, part in found.parts.items() if part]
    return [*made, (f"{b.name} (there)", float(b.money(b.profit)), "total")]


def figure_of(bars: Sequence[Bar], currency: str) -> Figure:
    """A waterfall; labels stand below, amounts on the bars."""
    labels = [f"{number}. {escape(label[:_TEXT])}" for number, (label, _, _) in enumerate(bars, 1)]
    shown = [f"{value:+,.2f}" if kind == "relative" else f"{value:,.2f}" for _, value, kind in bars]
    ends, at = [], 0.0
    for _, value, kind in bars:
        at = at + value if kind == "relative" else value
        ends.append(at)
    low, high = min([0.0, *ends]), max([0.0, *ends])
    room = 0.12 * (high - low) or 1.0
    return {
        "data": [
            {
                "type": "waterfall",
                "x": labels,
                "y": [round(value, 8) for _, value, _ in bars],
                "measure": [kind for _, _, kind in bars],
                "text": shown,
                "textposition": "outside",
                "cliponaxis": False,
                "connector": {"line": {"color": "#c9d0d8", "width": 1}},
                "increasing": {"marker": {"color": GOOD}},
                "decreasing": {"marker": {"color": BAD}},
                "totals": {"marker": {"color": GREY}},
                "hovertemplate": "%{x}<br>%{text}<br>profit then %{final:,.2f}<extra></extra>",
            }
        ],
        "layout": {
            "height": 440,
            "showlegend": False,
            "xaxis": axis(type="category", tickangle=-35),
            "yaxis": axis(f"profit, {currency}", range=[low - room, high + room], zerolinecolor=INK),
        },
    }


def waterfall_words(bars: Sequence[Bar], currency: str) -> list[str]:
    """A line a bar."""
    wide = min(_TEXT, max((len(label) for label, _, _ in bars), default=0))
    return [
        f"{label[:_TEXT]:<{wide}}  {f'{value:+,.2f}' if kind == 'relative' else f'{value:,.2f}':>14} {currency}"
        for label, value, kind in bars
    ]


def comparison_html(found: Comparison) -> str:
    """The whole page of a comparison; it opens offline."""
    a, b = found.a, found.b
    figure = figure_of(bars_of(found), found.currency)
    parts = [
        ("Different", "What differs before any figure", _different(found.different)),
        ("Headline", "Headline", _headline(found)),
        ("Waterfall", "From here to there", _drawn()),
        ("Parts", "Every part", _parts(found)),
        ("Alone", "Tickets without a partner", _alone(found)),
        ("Tickets", "Tickets that differ most", _tickets(found)),
        ("Notes", "Notes", _notes(found.notes)),
    ]
    lead = _lead("zepix compare", f"{a.name} and {b.name}", f"{_count(found)} · {found.currency}")
    return page(f"zepix compare: {a.name}, {b.name}", lead, parts, {"waterfall": figure})


def gap_html(found: Gap) -> str:
    """The whole page of a chain; it opens offline."""
    names = " → ".join(book.name for book in found.stages)
    rows = [
        (step.stage, step.label, step.meaning, amount(step.amount), amount(step.reached, sign=False))
        for step in found.steps
    ]
    told = [
        table(("to", "cause", "meaning", "money", "profit then"), rows, words=3),
        note(_SUM),
        note(_ORDER),
    ]
    parts = [
        ("Different", "What differs before any figure", _different(found.different)),
        ("Headline", "Headline", _gap_headline(found)),
        ("Waterfall", "From the idea to the account", _drawn()),
        ("Steps", "Every step", joined(told)),
        ("Alone", "Tickets without a partner", joined(_of_steps(found, _alone))),
        ("Tickets", "Tickets that differ most", joined(_of_steps(found, _tickets))),
        ("Notes", "Notes", _notes(found.notes)),
    ]
    lead = _lead("zepix gap", names, f"{count(len(found.comparisons), 'step')} · {found.currency}")
    return page(f"zepix gap: {names}", lead, parts, {"waterfall": figure_of(found.bars(), found.currency)})


def _of_steps(found: Gap, of: Any) -> list[Html]:
    made = []
    for one in found.comparisons:
        made += [Html(f"<h3>{escape(one.a.name)} → {escape(one.b.name)}</h3>"), of(one, partial(label_of, one))]
    return made


def _lead(brand: str, title: str, below: str) -> Html:
    return Html(f'<p class="brand">{escape(brand)}</p><h1>{escape(title)}</h1><p>{escape(below)}</p>')


def _count(found: Comparison) -> str:
    return f"{count(len(found.pairs), 'ticket')} on both sides, {len(found.lonely)} on one only"


def _different(sentences: Sequence[str]) -> Html:
    if not sentences:
        return empty(
            "Nothing that the records tell: prices, logs, account and settings are the same, or are not known."
        )
    return sections.warnings(list(sentences))


def _drawn() -> Html:
    return joined([placeholder("waterfall", 440, "waterfall of the difference"), note(_SUM)])


def _headline(found: Comparison) -> Html:
    a, b = found.a, found.b
    shown = [
        ("here", f"{amount(a.money(a.profit), sign=False)} {found.currency}", a.name, ""),
        ("there", f"{amount(b.money(b.profit), sign=False)} {found.currency}", b.name, ""),
        ("difference", f"{amount(found.sum)} {found.currency}", "there less here", _mood(found.sum)),
    ]
    largest = sorted((part for part in found.parts.items() if part[1]), key=lambda part: -abs(part[1]))[:3]
    shown += [(name, amount(value), meanings[name], _mood(value)) for name, value in largest]
    return cards(shown)


def _gap_headline(found: Gap) -> Html:
    shown = [
        (
            book.name,
            f"{amount(book.money(book.profit), sign=False)} {found.currency}",
            count(len(book.tickets), "ticket"),
            "",
        )
        for book in found.stages
    ]
    worst = sorted((step for step in found.steps if step.amount), key=lambda step: -abs(step.amount))[:3]
    shown += [(step.label, amount(step.amount), f"on the way to {step.stage}", _mood(step.amount)) for step in worst]
    return cards(shown)


def _mood(value: Any) -> str:
    return "good" if value > 0 else "bad" if value < 0 else ""


def _parts(found: Comparison) -> Html:
    rows = [(name, meanings[name], amount(found.parts[name])) for name in PARTS]
    whole = [
        Html(f"<strong>{escape(cell)}</strong>") for cell in ("sum", "profit there less profit here", amount(found.sum))
    ]
    rows.append((whole[0], whole[1], whole[2]))
    return joined([table(("part", "meaning", found.currency), rows, words=2), note(_ORDER)])


def _alone(found: Comparison, label: Callable[[str], str] = str) -> Html:
    if not found.lonely:
        return empty("Every ticket has its partner.")
    sums: dict[tuple[str, str], list[int]] = {}
    for one in found.lonely:
        row = sums.setdefault((one.part, one.reason), [0, 0])
        row[0] += 1
        row[1] += one.minor
    rows = [
        (label(part), reason[:_TEXT], f"{number:,}", amount(found.a.money(minor)))
        for (part, reason), (number, minor) in sorted(sums.items(), key=lambda row: -abs(row[1][1]))
    ]
    return table(("part", "why", "tickets", found.currency), rows, words=2)


def _tickets(found: Comparison, label: Callable[[str], str] = str) -> Html:
    """The pairs that differ most, with the part that carries most of it."""
    differing = [one for one in found.pairs if one.parts]
    if not differing:
        return empty("No pair of tickets differs in money.")
    rows = []
    for one in sorted(differing, key=lambda pair: -abs(pair.b.profit - pair.a.profit))[:_TICKETS_SHOWN]:
        told = sorted(one.parts.items(), key=lambda part: -abs(part[1]))
        words = ", ".join(f"{label(name)} {amount(found.a.money(minor))}" for name, minor in told)
        rows.append(
            (
                (one.a.alert or one.a.id)[:_TEXT], one.a.symbol, "buy" if one.a.side > 0 else "sell", words,
                amount(found.a.money(one.a.profit), sign=False), amount(found.a.money(one.b.profit), sign=False),
                amount(found.a.money(one.b.profit - one.a.profit)),
            )
        )  # fmt: skip
    shown = table(("alert", "symbol", "side", "parts", "here", "there", "difference"), rows, words=4)
    rest = len(differing) - len(rows)
    return joined([shown, note(f"And {rest} more that differ; tickets.csv has all.")]) if rest > 0 else shown


def _notes(sentences: Sequence[str]) -> Html:
    if not sentences:
        return empty("Nothing to add.")
    return Html("<ul>") + joined(Html(f"<li>{escape(one)}</li>") for one in sentences) + Html("</ul>")  # type: ignore[return-value]
