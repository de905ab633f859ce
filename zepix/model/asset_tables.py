"""What the rules of ``zepix.model.asset`` know by heart: currencies, metals, coins, indices, exchanges, suffixes.

Everything here is written in capitals; names are compared in any case. What is in no table is unknown, never guessed:
name it in ``[assets]`` of the spec, or give it an ``asset_class`` in a file of instruments.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

__all__ = [
    "COINS",
    "COIN_ALIASES",
    "EXCHANGES",
    "EXCHANGE_INDICES",
    "FIAT",
    "GLUED_SUFFIXES",
    "INDEX_FUTURES",
    "INDICES",
    "METALS",
    "METAL_MINIS",
    "METAL_NAMES",
    "OPEN_QUOTES",
    "SEPARATED_SUFFIXES",
    "STABLE",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIAT: Final = _words(
    "AED ARS AUD BGN BHD BRL CAD CHF CLP CNH CNY COP CZK DKK EGP EUR GBP GHS HKD HRK HUF IDR ILS INR ISK JOD JPY KES "
    "KRW KWD KZT LKR MAD MXN MYR NGN NOK NZD OMR PEN PHP PKR PLN QAR RON RSD RUB SAR SEK SGD THB TND TRY TWD TZS UAH "
    "UGX USD UYU VND ZAR ZMW"
)
"""Currencies of ISO 4217 that brokers and exchanges quote, and CNH. Left out where a coin has the same three letters
(MNT, SCR, SOS, TOP and the like): such a pair is unknown."""

METALS: Final = frozenset({"XAU", "XAG", "XPT", "XPD"})
METAL_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {"GOLD": "XAU", "SILVER": "XAG", "PLATINUM": "XPT", "PALLADIUM": "XPD"}
)
METAL_MINIS: Final = frozenset({"GOLDM", "SILVERM", "GOLDMINI", "SILVERMINI", "SILVERMIC", "SILVERMICRO"})
"""Mini futures of MCX in capitals; a broker may mean its small account (``SILVERm`` surely does): ambiguous."""

STABLE: Final = _words("USDT USDC BUSD FDUSD TUSD USDD USDE USDP PYUSD DAI EURC EURT RLUSD")
OPEN_QUOTES: Final = ("FDUSD", "USDT", "USDC", "BUSD")
"""Stablecoins that make a pair of whatever stands before them: nothing else is quoted in them."""

COIN_ALIASES: Final[Mapping[str, str]] = MappingProxyType({"XBT": "BTC", "XDG": "DOGE"})
COINS: Final = _words(
    "BTC XBT ETH BNB XRP SOL ADA DOGE XDG TRX TON AVAX DOT LINK MATIC POL SHIB LTC BCH UNI XLM ATOM ETC XMR ICP FIL "
    "HBAR APT ARB OP NEAR VET INJ STX IMX GRT RUNE AAVE MKR SNX ALGO EGLD FLOW AXS SAND MANA THETA XTZ EOS NEO KAVA "
    "IOTA ZEC DASH CHZ CRV LDO COMP YFI SUSHI BAT ENJ ZIL QTUM WAVES KSM ONE HOT ICX ONT RVN ZRX OMG ANKR CELO GALA "
    "ROSE DYDX GMX SUI SEI TIA JTO JUP PYTH WLD ORDI PEPE BONK FLOKI WIF FET AGIX OCEAN RNDR RENDER TAO KAS ENA ETHFI "
    "STRK ZRO ZK BLUR APE CAKE CRO OKB LEO KCS BGB HYPE ONDO VIRTUAL TRUMP POPCAT MEW NOT MINA CFX ASTR KLAY WOO MASK "
    "SSV RPL FXS PENDLE BSV BTT WBTC WETH STETH PAXG XAUT LUNA LUNC DOGS TURBO BOME PEOPLE SATS RAY"
)
"""Coins by name. One that is not here is told by its quote (``OPEN_QUOTES``) or by its exchange."""

_INDEX_NAMES: Final = {
    "US30": "DJ30 DJI30 DJI DJIA WS30 DOW30 USA30 WALLSTREET30",
    "US500": "SPX500 SP500 SPX USA500",
    "NAS100": "USTEC US100 NDX NDX100 ND100 USTECH100 USA100 UT100 NASDAQ100",
    "US2000": "RTY2000 RUS2000 RUSSELL2000 SMALLCAP2000",
    "GER40": "DE40 DAX40 DEU40 GERMANY40 GER30 DE30 DAX30 GERMANY30",
    "UK100": "FTSE100 GBR100 GB100",
    "FRA40": "FR40 CAC40 FRANCE40",
    "EU50": "EUSTX50 STOXX50 STOXX50E ESTX50 EUR50 EURO50 EUROPE50 SX5E",
    "JP225": "JPN225 JAP225 NI225 N225 NIKKEI225 JAPAN225",
    "AUS200": "AU200 ASX200 SPI200 AUSTRALIA200",
    "HK50": "HKG33 HKG50 HSI50 HONGKONG50",
    "ESP35": "ES35 SPA35 IBEX35 SPAIN35",
    "IT40": "ITA40 MIB40",
    "SUI20": "SWI20 CH20 CHE20 SMI20 SWISS20",
    "NETH25": "NED25 NL25 AEX25",
    "CHN50": "CN50 CHINA50 CHINAA50",
    "SG30": "SGP20 SIN30 SING30",
    "IND50": "NIFTY50 INDIA50",
    "VIX": "",
    "DXY": "USDX",
}
INDICES: Final[Mapping[str, str]] = MappingProxyType(
    {name: known for known, others in _INDEX_NAMES.items() for name in (known, *others.split())}
)
"""Names of indices at brokers and data sources, each with the name it has in zepix. DAX alone is left out: it is also
the ticker of a fund."""

EXCHANGE_INDICES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        exchange: frozenset(names.split())
        for exchange, names in {
            "AMEX": "XMI",
            "ASX": "XJO XAO",
            "BME": "IBC",
            "BSE": "SENSEX",
            "CBOE": "VIX SPX RUT OEX",
            "CBOEFTSE": "UKX",
            "DJ": "DJI DJA DJT DJU",
            "EURONEXT": "PX1 AEX BEL20 PSI20",
            "FTSE": "UKX MCX",
            "HSI": "HSI HSCEI HSTECH",
            "INDEX": "DAX CAC40 NKY HSI SENSEX FTSEMIB SX5E SPX NDX DJI",
            "KRX": "KOSPI KOSPI200",
            "NASDAQ": "NDX IXIC SOX OMXS30 OMXC25 OMXH25 XNDX NBI BKX XAU UTY",
            "NSE": "NIFTY BANKNIFTY NIFTY50 CNX100",
            "NYSE": "NYA XAX",
            "OMXSTO": "OMXS30",
            "SIX": "SMI SLI SPI",
            "SP": "SPX OEX MID SML",
            "SSE": "000001 000300 000016",
            "SZSE": "399001 399006",
            "TSX": "TSX OSPTX TX60",
            "TVC": "SPX NDX DJI RUT UKX DEU40 CAC40 NI225 HSI DXY VIX IBEX35 SSMI KOSPI SHCOMP JXY EXY BXY",
            "XETR": "DAX MDAX SDAX TDXP",
        }.items()
    }
)
"""Tickers that are an index at that exchange; elsewhere the same letters may be a share or a fund."""

INDEX_FUTURES: Final[Mapping[str, str]] = MappingProxyType(
    {
        **dict.fromkeys(("ES", "MES", "SP"), "US500"),
        **dict.fromkeys(("NQ", "MNQ"), "NAS100"),
        **dict.fromkeys(("YM", "MYM"), "US30"),
        **dict.fromkeys(("RTY", "M2K"), "US2000"),
        **dict.fromkeys(("FDAX", "FDXM", "FDXS"), "GER40"),
        **dict.fromkeys(("FESX", "FSXE"), "EU50"),
        **dict.fromkeys(("NKD", "NIY", "MNK"), "JP225"),
        "FCE": "FRA40",
        "HSI": "HK50",
        "NIFTY": "IND50",
        "VX": "VIX",
    }
)
"""Roots of index futures; any other future is unknown."""

_EQUITY: Final = (
    "NASDAQ NYSE AMEX ARCA NYSEARCA BATS OTC LSE LSIN XETR FWB SWB GETTEX TRADEGATE EURONEXT MIL BME SIX OMXSTO OMXCOP "
    "OMXHEX OSL GPW VIE BIST TSE HKEX SSE SZSE KRX KOSDAQ TWSE NSE BSE ASX NZX TSX TSXV NEO CSE JSE BMFBOVESPA BMV "
    "TADAWUL SGX IDX SET MYX"
)
_CRYPTO: Final = (
    "BINANCE BINANCEUS BYBIT OKX OKEX COINBASE KRAKEN BITSTAMP BITFINEX GEMINI KUCOIN MEXC GATEIO GATE HUOBI HTX "
    "BITGET BITMEX DERIBIT PHEMEX BINGX POLONIEX CRYPTOCOM UPBIT BITHUMB BITVAVO BITRUE WHITEBIT COINEX LBANK "
    "WOONETWORK BLOFIN HYPERLIQUID DYDX BITSO BITFLYER CEXIO"
)
_NAMED: Final = (
    "OANDA FX FXCM FX_IDC IDC FOREXCOM CAPITALCOM PEPPERSTONE BLACKBULL ICMARKETS EIGHTCAP SAXO FPMARKETS VANTAGE "
    "FUSIONMARKETS GLOBALPRIME ACTIVTRADES SKILLING IG EASYMARKETS TICKMILL THINKMARKETS WHSELFINVEST SWISSQUOTE "
    "DUKASCOPY CMCMARKETS TRADENATION FTMO EXNESS XM AXI FXOPEN TVC INDEX SP DJ CBOE CBOEFTSE FTSE HSI"
)
_FUTURE: Final = (
    "CME CME_MINI CME_GBX CME_DL CBOT CBOT_MINI NYMEX NYMEX_MINI COMEX COMEX_MINI CFE EUREX ICEUS ICEEUR ICEENDEX "
    "EURONEXT_DLY HKFE OSE MCX NCDEX SGX_DLY"
)
EXCHANGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        name: kind
        for kind, names in (("equity", _EQUITY), ("crypto", _CRYPTO), ("named", _NAMED), ("future", _FUTURE))
        for name in names.split()
    }
)
"""Exchange prefixes of TradingView: ``equity`` lists shares and funds, ``crypto`` coins, ``future`` futures; at
``named`` (brokers, sources of indices) only the name can tell."""

SEPARATED_SUFFIXES: Final = _words(
    "A B C D E F I K M N P Q R S T V X Z C1 CASH CENT CFD CLASSIC DEMO ECN ELITE FX LMAX MICRO MINI NANO OTC PLUS "
    "PRIME PREMIUM PRO RAW SML SPOT STANDARD STD STP T1 T2 VAR VIP ZERO"
)
"""What brokers put behind a name and a dot, a dash or an underscore."""
GLUED_SUFFIXES: Final = ("STANDARD", "MICRO", "CASH", "CENT", "MINI", "ECN", "PRO", "RAW", "STD", "FX", "C", "I", "M",
                         "+", "#", ".", "-", "_")  # fmt: skip
"""What brokers put behind a name without any mark."""
