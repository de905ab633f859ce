"""The words of a List of trades for entry and exit, long and short, and for a trade that is still open."""

from __future__ import annotations

from typing import Final

from zepix.alerts.imports.wall_times import plain_letters

__all__ = ["is_open_word", "trade_type"]

_ENTRIES: Final = (
    "entry|enter|einstieg|eintritt|entree|entrada|entrata|ingresso|вход|giris|进场|進場|入场|入場|开仓|開倉|"
    "エントリー|新規|진입"
)
_EXITS: Final = (
    "exit|ausstieg|austritt|sortie|salida|saida|uscita|выход|cikis|出场|出場|离场|離場|平仓|平倉|決済|"
    "エグジット|イグジット|청산"
)
_LONGS: Final = "long|largo|larga|longue|comprad|длинн|лонг|uzun|多头|多頭|多单|做多|ロング|買い|롱|매수"
_SHORTS: Final = "short|corto|corta|courte|vendid|коротк|шорт|kisa|空头|空頭|空单|做空|ショート|売り|숏|매도"
_OPEN: Final = (
    "open|offen|ouvert|ouverte|abierta|abierto|aberta|aberto|aperto|aperta|открыта|открыто|acik|未平仓|"
    "未平倉|持仓中|オープン|未決済|보유 중|미청산|진행 중"
)


def _plain(words: str) -> tuple[str, ...]:
    return tuple(plain_letters(word) for word in words.split("|"))


_GROUPS: Final = tuple(_plain(words) for words in (_ENTRIES, _EXITS, _LONGS, _SHORTS))
_IS_OPEN: Final = frozenset(_plain(_OPEN))


def trade_type(text: str) -> tuple[str, str] | None:
    """(``entry`` or ``exit``, ``buy`` or ``sell`` for long or short) of ``Entry Long``, ``Long entry``; else None."""
    if len(text) > 64:
        return None
    words = plain_letters(text)
    has_entry, has_exit, has_long, has_short = (any(word in words for word in group) for group in _GROUPS)
    if has_entry == has_exit or has_long == has_short:
        return None
    return ("entry" if has_entry else "exit"), ("buy" if has_long else "sell")


def is_open_word(text: str) -> bool:
    """Whether an exit's signal or time says that the trade is still open."""
    return plain_letters(text) in _IS_OPEN if len(text) <= 32 else False
