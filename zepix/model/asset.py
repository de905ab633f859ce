"""What a name stands for: forex, metal, index, crypto, equity, or unknown. Decided by rules, never guessed.

The first rule that speaks decides, and its name stands in ``Asset.rule``:

    override            the caller's table names it
    equity_exchange     an exchange that lists shares and funds (``NASDAQ:AAPL``), unless one of its indices is meant
    exchange_index      an index of that exchange (``NASDAQ:NDX``, ``XETR:DAX``)
    index_future        a future on a known index (``CME_MINI:ES1!``); every other future is unknown (``future``)
    coin_perpetual      ``BTC-PERP``, a known coin and no quote
    metal_name          ``GOLD``
    index_name          ``US30``, ``NAS100USD``
    currency_pair       two currencies, ``EURUSD``, ``EUR/USD``
    metal_pair          a metal in a currency or in another metal, ``XAUUSD``
    coin_pair           a coin or stablecoin in a currency, a coin or a stablecoin, ``BTCUSD``, ``ETH-BTC``
    stablecoin_quote    anything else in a stablecoin, ``FOOUSDT``
    crypto_exchange     anything else that has a quote, at a crypto exchange, ``COINBASE:FOOUSD``

and for what stays unknown: ``empty, too_long, odd_characters, future, bare_ticker, ambiguous, no_rule``.

A name is read as it stands, then without the mark of a perpetual (``.P``), then without a broker's suffix (``.pro``,
``m``). Two readings of different classes are ``ambiguous``: ``EURUSDC`` is euros in a stablecoin or a cent account's
EURUSD (``EURUSDc`` is the latter). A currency pair before ``.P`` has a broker's suffix, a coin's pair is perpetual.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Final

from zepix.model.alert import EMPTY
from zepix.model.asset_tables import (
    COIN_ALIASES,
    COINS,
    EXCHANGE_INDICES,
    EXCHANGES,
    FIAT,
    GLUED_SUFFIXES,
    INDEX_FUTURES,
    INDICES,
    METAL_MINIS,
    METAL_NAMES,
    METALS,
    OPEN_QUOTES,
    SEPARATED_SUFFIXES,
    STABLE,
)

__all__ = ["ASSET_CLASSES", "MAX_NAME", "UNKNOWN", "Asset", "class_word", "classify"]

UNKNOWN: Final = "unknown"
ASSET_CLASSES: Final = ("forex", "metal", "index", "crypto", "equity", UNKNOWN)
MAX_NAME: Final = 64
"""Longer names are unknown, unread."""

_SYNONYMS: Final[Mapping[str, str]] = {
    "fx": "forex", "currency": "forex", "metals": "metal", "indices": "index", "indexes": "index",
    "cryptocurrency": "crypto", "equities": "equity", "stock": "equity", "stocks": "equity", "share": "equity",
    "shares": "equity",
}  # fmt: skip
_NAME: Final = re.compile(r"[A-Za-z0-9.:/_\-#+!&]+")
_TICKER: Final = re.compile(r"[A-Z0-9&]{1,12}(?:[./_\-][A-Z0-9]{1,4})?")
_CONTRACT: Final = re.compile(r"([A-Z0-9]{1,9}?)(?:[0-9]{1,2}!|[FGHJKMNQUVXZ](?:[0-9]{4}|[0-9]{1,2}))")
_PERPETUAL: Final = re.compile(r"(.+?)(?:\.P|[-_]?PERP|[-_]PERPETUAL|[-_]SWAP)|([A-Z0-9]+/[A-Z0-9]+):[A-Z0-9]+")
_COIN: Final = re.compile(r"[A-Z0-9]{2,15}")
_PARTS: Final = re.compile(r"[./_\-]")


@dataclass(frozen=True, slots=True)
class Asset:
    """What a name was found to be. ``root`` is the shortest spelling that is classified alike: without exchange and
    suffix where the name alone says enough (``EURUSD``), with them where it does not (``NASDAQ:AAPL``).

    ``base`` and ``quote`` are empty where the name does not say them; an index has its zepix name as base. ``suffix``
    is a broker's, as it was written; ``rule`` the rule that decided.
    """

    asset_class: str = UNKNOWN
    root: str = ""
    base: str = ""
    quote: str = ""
    exchange: str = ""
    is_perpetual: bool = False
    suffix: str = ""
    rule: str = "no_rule"

    @property
    def is_known(self) -> bool:
        return self.asset_class != UNKNOWN


def classify(name: str, overrides: Mapping[str, str] = EMPTY) -> Asset:
    """What ``name`` stands for; ``overrides`` say the class of names (in any case, with or without exchange or suffix).

    Never raises, whatever the name; a class that is none of ``ASSET_CLASSES`` in ``overrides`` counts as unknown.
    """
    found = _classified(name)
    if found.rule == "too_long" or (not overrides and not found.is_known):
        return found
    said = {key.strip().upper(): class_word(word) for key, word in overrides.items()}
    found = _overridden(name, found, said)
    for root in (found.root, _bare(name).upper()):
        if _overridden(root, _classified(root), said).asset_class == found.asset_class:
            return replace(found, root=root)
    return replace(found, root=name.strip())


def class_word(word: str) -> str:
    """A class as one of ``ASSET_CLASSES``: in any case, and for the words brokers use for it (``fx``, ``stocks``)."""
    lower = word.strip().lower()
    lower = _SYNONYMS.get(lower, lower)
    return lower if lower in ASSET_CLASSES else UNKNOWN


def _overridden(name: str, found: Asset, said: Mapping[str, str]) -> Asset:
    for key in (name.strip().upper(), _bare(name).upper(), found.root):
        if key in said:
            return replace(found, asset_class=said[key], rule="override")
    return found


def _classified(name: str) -> Asset:
    """By the rules alone; ``root`` is still the plain one, except for what is unknown: there it is the whole name."""
    return _by_rules(name) if len(name) <= MAX_NAME else Asset(rule="too_long")


@lru_cache(maxsize=4096)
def _by_rules(name: str) -> Asset:
    text = name.strip()
    if not text:
        return Asset(rule="empty")
    if not _NAME.fullmatch(text):
        return Asset(rule="odd_characters", root=text)
    ticker = _bare(text)
    exchange = text.removesuffix(ticker)[:-1].upper()
    found = _ticker(ticker, exchange)
    return replace(found, exchange=exchange, root=found.root if found.is_known else text)


def _bare(name: str) -> str:
    """The name without its exchange; ``BTC/USDT:USDT`` has none."""
    text = name.strip()
    before, _, after = text.partition(":")
    return text if "/" in before or not after else after


def _ticker(ticker: str, exchange: str) -> Asset:
    """What the part behind the exchange's colon is, at that exchange."""
    upper = ticker.upper()
    known = re.sub(r"_DLY?$", "", exchange)  # delayed feeds
    venue = EXCHANGES.get(exchange) or EXCHANGES.get(known, "other" if exchange else "")
    if upper in EXCHANGE_INDICES.get(known, ()):
        return Asset("index", upper, INDICES.get(upper, upper), rule="exchange_index")
    if venue == "future" or upper.endswith("!"):
        return _future(upper)
    if venue == "equity":
        if _TICKER.fullmatch(upper):
            return Asset("equity", upper, upper, rule="equity_exchange")
        return Asset()
    return Asset(rule="ambiguous") if ticker in METAL_MINIS else _read(ticker, venue)


def _future(upper: str) -> Asset:
    contract = _CONTRACT.fullmatch(upper)
    index = INDEX_FUTURES.get(contract[1]) if contract else None
    return Asset(rule="future") if index is None else Asset("index", upper, index, rule="index_future")


def _read(ticker: str, venue: str) -> Asset:
    """The one class that all readings of a ticker have."""
    first: Asset | None = None
    for found in _readings(ticker, venue):
        if first is None:
            first = found
            if found.suffix and _has_small_tail(ticker):
                break
        elif found.asset_class != first.asset_class:
            return Asset(rule="ambiguous")
    if first is not None:
        return first
    return Asset(rule="bare_ticker" if _is_share_like(ticker) else "no_rule")


def _readings(ticker: str, venue: str) -> Iterator[Asset]:
    """Every way in which a ticker makes sense, the likelier first: a small tail behind capitals is a suffix."""
    if _has_small_tail(ticker):
        yield from _with_suffix(ticker, venue)
    upper = ticker.upper()
    whole = _stem(upper, venue)
    if whole is not None:
        yield whole
    perpetual = _PERPETUAL.fullmatch(upper)
    stem = next(filter(None, perpetual.groups())) if perpetual else ""
    if stem:
        found = _stem(stem, venue) or _lone_coin(stem, upper, venue)
        if found is not None and found.asset_class == "crypto":
            yield replace(found, is_perpetual=True)
    if not _has_small_tail(ticker):
        yield from _with_suffix(ticker, venue)


def _is_share_like(ticker: str) -> bool:
    """One to five letters, as the tickers of shares and funds (VIXM is a fund)."""
    return ticker.isalpha() and len(ticker) <= 5


def _has_small_tail(ticker: str) -> bool:
    return ticker[:1].isupper() and ticker[-1:].islower()


def _with_suffix(ticker: str, venue: str) -> Iterator[Asset]:
    """Readings in which the ticker's end is a broker's suffix; exchanges have none."""
    if venue == "crypto":
        return
    upper = ticker.upper()
    can_be_share = _is_share_like(ticker) and not _has_small_tail(ticker)
    ends = [len(suffix) for suffix in GLUED_SUFFIXES if upper.endswith(suffix) and not can_be_share]
    mark = max(upper.rfind(sign) for sign in "._-")
    if mark > 0 and upper[mark + 1 :] in SEPARATED_SUFFIXES:
        ends.insert(0, len(upper) - mark)
    for length in ends:
        found = _stem(upper[:-length], venue)
        if found is not None:
            is_coin_perpetual = found.asset_class == "crypto" and upper[-length:] == ".P"
            if not is_coin_perpetual:
                yield replace(found, suffix=ticker[-length:])
            return


def _lone_coin(stem: str, upper: str, venue: str) -> Asset | None:
    """A perpetual that names its coin only; ``root`` keeps the mark, for a coin alone is unknown."""
    if upper.endswith(".P"):
        return None  # TradingView's perpetuals name their quote; here it may be a class of shares
    if stem in COINS or (venue == "crypto" and _COIN.fullmatch(stem) and not _is_other(stem)):
        return Asset("crypto", upper, COIN_ALIASES.get(stem, stem), rule="coin_perpetual")
    return None


def _stem(stem: str, venue: str) -> Asset | None:
    """A ticker without suffix and perpetual's mark, in capitals; None where no rule knows it."""
    parts = _PARTS.split(stem)
    if len(parts) == 2:
        return _pair(parts[0], parts[1], venue)
    if len(parts) > 2:
        return None
    if venue in ("", "named"):
        if stem in METAL_NAMES:
            return Asset("metal", stem, METAL_NAMES[stem], rule="metal_name")
        if stem in INDICES:
            return Asset("index", stem, INDICES[stem], rule="index_name")
    if _is_share_like(stem) and venue != "crypto":
        return None
    for cut in range(len(stem) - 2, 1, -1):
        found = _known_pair(stem[:cut], stem[cut:], venue)
        if found is not None:
            return found
    quotes = (*OPEN_QUOTES, *sorted(FIAT), "BTC", "ETH", "BNB") if venue == "crypto" else OPEN_QUOTES[:3]
    for quote in quotes:
        if stem.endswith(quote):
            return _open_pair(stem.removesuffix(quote), quote, venue)
    return None


def _pair(base: str, quote: str, venue: str) -> Asset | None:
    return _known_pair(base, quote, venue) or _open_pair(base, quote, venue)


def _known_pair(base: str, quote: str, venue: str) -> Asset | None:
    """Two names that the tables know, of kinds that make a pair."""
    base_is, quote_is = _kind(base), _kind(quote)
    if base_is == "index" and quote_is == "currency" and venue in ("", "named") and not base.isalpha():
        return Asset("index", base + quote, INDICES[base], quote, rule="index_name")
    asset_class, rule = _PAIRS.get((base_is, quote_is), ("", ""))
    if not rule or base == quote:
        return None
    base_name = METAL_NAMES.get(base) or COIN_ALIASES.get(base, base)
    return Asset(asset_class, base + quote, base_name, COIN_ALIASES.get(quote, quote), rule=rule)


def _open_pair(base: str, quote: str, venue: str) -> Asset | None:
    """A coin that no table knows, told by its quote or by its exchange; a metal or an index in a stablecoin is neither
    the one class nor the other."""
    if not _COIN.fullmatch(base):
        return None
    if _is_other(base):
        return Asset() if quote in STABLE else None
    if quote in OPEN_QUOTES:
        return Asset("crypto", base + quote, base, quote, rule="stablecoin_quote")
    if venue == "crypto" and (quote in FIAT or quote in ("BTC", "ETH", "BNB") or quote in STABLE):
        return Asset("crypto", base + quote, base, quote, rule="crypto_exchange")
    return None


def _is_other(base: str) -> bool:
    return _kind(base) in ("metal", "index")


def _kind(word: str) -> str:
    return next((kind for kind, words in _KINDS if word in words), "")


_KINDS: Final[tuple[tuple[str, Any], ...]] = (
    ("currency", FIAT),
    ("metal", METALS | METAL_NAMES.keys()),
    ("stable", STABLE),
    ("coin", COINS),
    ("index", INDICES),
)
_CRYPTO_KINDS: Final = ("coin", "stable")
_PAIRS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("currency", "currency"): ("forex", "currency_pair"),
    ("metal", "currency"): ("metal", "metal_pair"),
    ("metal", "metal"): ("metal", "metal_pair"),
    ("currency", "stable"): ("crypto", "coin_pair"),
    **{(base, quote): ("crypto", "coin_pair") for base in _CRYPTO_KINDS for quote in ("currency", *_CRYPTO_KINDS)},
}
