"""What of a session's modes and books is shown to people: in ``engine.view.json``, by the API, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zepix_live.engine.book import BESIDE, LIVE, SHADOW, TWIN, Book

if TYPE_CHECKING:
    from zepix_live.engine.session import LiveSession

__all__ = ["BESIDE", "LIVE", "SHADOW", "TWIN", "Book", "view_of"]


def view_of(session: LiveSession) -> dict[str, Any]:
    """``{"mode": {...}, "books": {...}}``, values of JSON.

    mode: ``global`` (as asked), ``effective`` (SHADOW where nothing is live), ``reason`` (why, where that is not what
    was asked), and by plugin ``mode, effective, reason, held, tickets, mean_gap_r, differing_frac, score``. books: of
    each ``balance, equity, currency, open_tickets, pending, paused, plugins, leaving``.
    """
    return {"mode": _mode(session), "books": {book.name: _book(book) for book in session.books}}


def _mode(session: LiveSession) -> dict[str, Any]:
    conduct, modes = session.conduct, session.conduct.modes
    plugins: dict[str, Any] = {}
    for plugin_id in conduct.plugins():
        count, gap, differing = conduct.fidelity.gap(plugin_id)
        score = conduct.scores.of(plugin_id)
        plugins[plugin_id] = {
            "mode": str(modes.asked(plugin_id)),
            "effective": str(modes.get_execution_mode(plugin_id)),
            "reason": modes.reason(plugin_id),
            "held": plugin_id in modes.held,
            "tickets": count,
            "mean_gap_r": gap,
            "differing_frac": differing,
            "score": {
                "tickets": score.tickets, "won_minor": score.won_minor, "lost_minor": score.lost_minor,
                "first_ns": score.first_ns,
            },
        }  # fmt: skip
    asked = modes.get_execution_mode()
    effective = "SHADOW" if modes.no_broker else str(asked)
    reason = modes.no_broker if effective != asked else ""
    return {"global": str(asked), "effective": effective, "reason": reason, "plugins": plugins}


def _book(book: Book) -> dict[str, Any]:
    broker, engine = book.simulation.broker, book.engine
    account = broker.account()
    everybody = list(book.simulation.registry.get_all_plugins())
    roster = book.roster
    return {
        "balance": str(account.balance),
        "equity": str(account.equity),
        "currency": account.currency,
        "open_tickets": len(broker.tickets),
        "pending": len(broker.under_way()),
        "paused": engine.is_paused,
        "plugins": everybody if roster is None else [one for one in everybody if roster.is_member(one)],
        "leaving": [] if roster is None else list(roster.leaving),
    }
