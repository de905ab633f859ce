"""The broker_webhook dialect: ``{passphrase, ticker, action, quantity, order_type, stop_loss, take_profit, ...}``.

It is known by a ``passphrase`` beside an ``action`` and no position; the passphrase is verified by whoever receives it
and never kept. Everything else is read as the flat dialect reads it, with settings of its own. ``time_in_force`` says
how long a pending order stays: ``gtc`` until it is cancelled, ``day`` likewise and noted, others (``ioc, fok, opg``)
set the body aside; on a market order, which is filled or refused at once, it is kept in ``fields``.
"""

from __future__ import annotations

from typing import Any, Final

from zepix.alerts.dialects import Dialect, register
from zepix.alerts.flat import FLAT_SETTINGS, read_as
from zepix.alerts.order_names import ORDER_TYPES, PLAIN_TYPES, named
from zepix.alerts.payload import Body
from zepix.alerts.reading import Reading

__all__ = ["BROKER_WEBHOOK", "NAME", "read"]

NAME: Final = "broker_webhook"
_WORDS: Final = frozenset({"passphrase", "passPhrase", "pass_phrase", "Passphrase", "PASSPHRASE"})


def read(reading: Reading) -> dict[str, Any]:
    """The fields of a broker webhook's alert. Raises Unreadable."""
    return read_as(reading, NAME)


def _claims(body: Body) -> bool:
    if body.fields is None or body.word in PLAIN_TYPES or _WORDS.isdisjoint(body.fields):
        return False
    known = named(body)
    kind = known.word("type")
    return "action" in known.found and not known.is_plain and (not kind or kind in ORDER_TYPES)


BROKER_WEBHOOK: Final = register(Dialect(name=NAME, rank=45, claims=_claims, read=read, settings=FLAT_SETTINGS))
