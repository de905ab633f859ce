"""What TradingView heads its columns with, in the languages it speaks; compared without case, accents and signs.

Sources: exports quoted in public repositories (English of three generations, German, Japanese, Chinese of both scripts)
were seen; the other languages follow the words of TradingView's own pages and may miss a wording. That loses nothing:
where headings are not known, columns are recognised by what stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final

from zepix.alerts.imports.wall_times import plain_letters

__all__ = ["LOG_COLUMNS", "TRADE_COLUMNS", "currency_of", "named_columns", "plain_heading"]

LOG_COLUMNS: Final[Mapping[str, str]] = {
    "alert id": (
        "alert id|alarm id|alarm kennung|id alarm|id de alerte|id de l alerte|id alerte|identifiant de l alerte|"
        "id de alerta|id de la alerta|id alerta|id do alerta|id da alerta|id avviso|id dell avviso|id allerta|"
        "id dell alert|id alert|id оповещения|id алерта|alarm kimligi|alarm no|警报id|警報id|快讯id|快訊id|"
        "警报编号|アラートid|アラート id|얼러트 id|얼러트id|얼럿 id|알림 id|알림id"
    ),
    "ticker": (
        "ticker|tickersymbol|symbol|kurzel|symbole|simbolo|ticker symbol|тикер|символ|инструмент|sembol|代码|"
        "代碼|商品代码|商品代碼|代號|股票代码|ティッカー|シンボル|銘柄|티커|심볼|종목"
    ),
    "name": (
        "name|bezeichnung|nom|nombre|nome|название|имя|ad|adi|isim|名称|名稱|名字|名前|이름|이름명|alert name|alarmname"
    ),
    "description": (
        "description|message|beschreibung|nachricht|descripcion|mensaje|descricao|mensagem|descrizione|messaggio|"
        "описание|сообщение|aciklama|mesaj|描述|说明|說明|信息|訊息|消息|説明|メッセージ|설명|메시지"
    ),
    "time": (
        "time|date|date time|date and time|time utc|zeit|uhrzeit|zeitpunkt|datum|datum und uhrzeit|heure|"
        "date et heure|horodatage|hora|fecha|fecha y hora|horario|data|data e hora|ora|data e ora|tempo|время|"
        "дата|дата и время|zaman|saat|tarih|tarih ve saat|时间|時間|日期|日期和时间|日期和時間|日期时间|日時|"
        "時刻|時間 utc|시간|시각|날짜|날짜 및 시간|일시"
    ),
}
"""Columns of an alert log; ``name`` may be missing, other columns (the webhook's status) are passed over."""

TRADE_COLUMNS: Final[Mapping[str, str]] = {
    "number": (
        "trade|trade number|trade no|trade nr|trade id|handel|nummer des trades|transaction|no de transaction|"
        "numero de transaction|n de trade|operacion|numero de operacion|n de operacion|negociacao|"
        "numero da negociacao|n da negociacao|trade n|operazione|numero operazione|n operazione|сделка|"
        "номер сделки|сделка no|islem|islem no|islem numarasi|交易|交易编号|交易編號|トレード|トレード番号|取引|"
        "取引番号|거래|거래 번호|매매|매매 번호|트레이드"
    ),
    "type": "type|typ|tipo|тип|tur|tip|类型|類型|タイプ|種類|種別|유형|타입|종류",
    "signal": "signal|senal|sinal|segnale|сигнал|sinyal|信号|訊號|信號|シグナル|시그널|신호",
    "time": (
        "date time|date and time|date|time|datum uhrzeit|datum und uhrzeit|datum zeit|date heure|date et heure|"
        "fecha hora|fecha y hora|data hora|data e hora|data ora|data e ora|дата время|дата и время|дата|"
        "tarih saat|tarih zaman|tarih ve saat|日期 时间|日期和时间|日期时间|日期 時間|日期和時間|日時|日付 時刻|"
        "日付 時間|日付と時刻|날짜 시간|날짜와 시간|날짜 및 시간|일시"
    ),
    "price": "price|preis|kurs|prix|precio|preco|prezzo|цена|fiyat|价格|價格|価格|가격",
    "quantity": (
        "contracts|quantity|qty|size qty|size quantity|position size qty|kontrakte|menge|grosse menge|"
        "positionsgrosse menge|contrats|quantite|taille qte|taille quantite|taille de la position qte|"
        "taille de la position quantite|contratos|cantidad|tamano cant|tamano cantidad|"
        "tamano de la posicion cant|tamano de la posicion cantidad|quantidade|tamanho qtd|tamanho quantidade|"
        "tamanho da posicao qtd|tamanho da posicao quantidade|contratti|quantita|dimensione qta|"
        "dimensione quantita|dimensione della posizione qta|dimensione posizione qta|контракты|количество|"
        "размер кол во|размер количество|размер позиции кол во|размер позиции количество|sozlesmeler|kontratlar|"
        "miktar|boyut miktar|pozisyon buyuklugu miktar|合约|合約|合约数量|数量|數量|规模 数量|規模 數量|"
        "头寸规模 数量|倉位大小 數量|仓位大小 数量|大小 数量|契約数|枚数|サイズ 数量|ポジションサイズ 数量|계약|"
        "계약수|수량|크기 수량|포지션 크기 수량|포지션 규모 수량"
    ),
    "pnl": (
        "profit|net p l|net pnl|net profit|g v netto|netto g v|gewinn|profit net|p l net|pnl net|beneficio|"
        "p l neto|pyg neto|ganancia|lucro|p l liquido|l p liquido|profitto|p l netto|p l netti|прибыль|"
        "чистая прибыль|kar|net kar zarar|net k z|获利|獲利|利润|净损益|淨損益|净盈亏|淨盈虧|利益|純損益|수익|"
        "순손익|이익"
    ),
    "commission": (
        "commission|commissions|kommission|comision|comissao|commissione|комиссия|komisyon|手续费|手續費|佣金|"
        "手数料|수수료"
    ),
    "symbol": "symbol|ticker|symbole|simbolo|символ|тикер|sembol|代码|商品代码|シンボル|銘柄|심볼|종목",
}
"""Columns of a List of trades that are used; the rest (excursions, cumulative sums, percents) is passed over."""

_CURRENCY: Final = re.compile(r"(?:^|\s)([A-Z]{3,5}|[$\u20ac\u00a3\u00a5\u20b9\u20bd\u20ba\u20a9])\s*$")
_SIGNS: Final = re.compile(r"[\s_\-'\u2019\".,:;#/&()\[\]\u2116\u00ba\u00b0\uff08\uff09]+")


def plain_heading(heading: str) -> str:
    """A heading for comparison: ``Net P&L USD`` is ``net p l``, per cent stays apart (``net p l %``)."""
    return _SIGNS.sub(" ", plain_letters(_CURRENCY.sub("", heading.strip().lstrip("\ufeff")))).strip()


def currency_of(heading: str) -> str:
    """The currency at a heading's end (``Price USDT``), else nothing."""
    found = _CURRENCY.search(heading.strip())
    return found[1] if found and found[1] != "NONE" else ""


def _words(columns: Mapping[str, str]) -> dict[str, dict[str, int]]:
    """Each column's plain headings with their rank, the first the most telling."""
    return {
        column: {plain_heading(word): rank for rank, word in enumerate(words.split("|"))}
        for column, words in columns.items()
    }


_KNOWN: Final = {id(columns): _words(columns) for columns in (LOG_COLUMNS, TRADE_COLUMNS)}


def named_columns(headings: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """The place of each column that a heading names; one that two headings name goes to the more telling one."""
    plain = [plain_heading(heading) for heading in headings]
    found: dict[str, int] = {}
    for column, words in _KNOWN[id(columns)].items():
        places = [place for place, heading in enumerate(plain) if heading in words]
        if places:
            found[column] = min(places, key=lambda place: (words[plain[place]], place))
    return found
