"""Names as they arrive, and what each stands for; written by hand, each with where such a name was seen.

``docs/assets.md`` shows this table: ``python -m tests.unit.model.asset_cases`` writes it there, a test compares.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

PAGE: Final = Path(__file__).parents[3] / "docs" / "assets.md"
BEGIN: Final = "<!-- cases: written by tests/unit/model/asset_cases.py -->\n"
END: Final = "<!-- end of cases -->\n"

SOURCES: Final = {
    "tv": "TradingView, EXCHANGE:TICKER (Pine Script docs, chart information: syminfo.prefix, syminfo.ticker)",
    "tv.P": "TradingView, .P is a perpetual contract",
    "tv_DLY": "TradingView, the exchange of a delayed feed ends in _DL or _DLY (help 43000531021)",
    "sample": "a public receiver's example payload",
    "suffix": "traderjournal.app, MetaTrader broker suffixes: .fx .ecn m .pro i .raw",
    "ea": "eafactory.com, market names: EURUSDecn, EURUSD.r, EURUSD.m",
    "mql": "fxroboteasy.com, MQL5 symbol mapping: EURUSD.r, EURUSD-Pro, EURUSD-T1, EURUSDm, EURUSDc",
    "prop": "propfirmscan.com, suffixes of prop firms: .pro .raw .f + and US100, NAS100, USTEC, NAS100.cash",
    "jm": "JustMarkets help, suffixes by account type: .c",
    "exness": "Exness account suffixes: EURUSDm, XAUUSDc, US30m, AAPLm",
    "vantage": "a symbol list of Vantage: EURUSD beside EURUSD+",
    "oanda": "OANDA: XAU_USD, NAS100_USD; MetaTrader: XAUUSD.sml",
    "fxcm": "fxcm.com, index symbols: US30 SPX500 NAS100 UK100 GER30 JPN225 AUS200 EUSTX50 HKG33 FRA40 ESP35",
    "fox": "investingfox.com, MT5 indices: US100.cash, US500.cash, US2000",
    "ifc": "ifcmarkets.com, CFD abbreviations: XAU gold, XAG silver",
    "formats": "kiyotaka.dev, symbol formats of crypto exchanges",
    "ccxt": "ccxt, unified symbols: BTC/USDT, BTC/USDT:USDT",
    "alpaca": "Alpaca, crypto trading: BTC/USD, formerly BTCUSD",
    "map": "zepix's rules: brokers' symbol map, XAUUSD is GOLD, suffixes like .a",
    "iso": "ISO 4217",
    "cme": "CME and Eurex product codes, TradingView's continuous contracts (ES1!)",
    "rule": "a rule of this page: never guessed",
}


class Case(NamedTuple):
    name: str
    asset_class: str
    root: str
    base: str
    quote: str
    suffix: str
    rule: str
    source: str
    is_perpetual: bool = False


def _unknown(name: str, rule: str, source: str = "rule") -> Case:
    return Case(name, "unknown", name, "", "", "", rule, source)


def _pair(name: str, kind: str, pair: str, rule: str, source: str, suffix: str = "", perpetual: bool = False) -> Case:
    base, _, quote = pair.partition("/")
    return Case(name, kind, base + quote, base, quote, suffix, rule, source, perpetual)


def _forex(name: str, pair: str, source: str, suffix: str = "") -> Case:
    return _pair(name, "forex", pair, "currency_pair", source, suffix)


def _metal(name: str, pair: str, source: str, suffix: str = "") -> Case:
    return _pair(name, "metal", pair, "metal_pair", source, suffix)


def _coin(name: str, pair: str, source: str, suffix: str = "", perpetual: bool = False) -> Case:
    return _pair(name, "crypto", pair, "coin_pair", source, suffix, perpetual)


def _index(name: str, root: str, base: str, source: str, suffix: str = "", quote: str = "") -> Case:
    return Case(name, "index", root, base, quote, suffix, "index_name", source)


FOREX: Final = [
    _forex("EURUSD", "EUR/USD", "iso"),
    _forex("eurusd", "EUR/USD", "iso"),
    _forex(" GBPJPY ", "GBP/JPY", "iso"),
    _forex("USDTRY", "USD/TRY", "iso"),
    _forex("USDCNH", "USD/CNH", "oanda"),
    _forex("EUR/USD", "EUR/USD", "sample"),
    _forex("EUR_USD", "EUR/USD", "oanda"),
    _forex("EUR.USD", "EUR/USD", "rule"),
    _forex("EUR-USD", "EUR/USD", "rule"),
    _forex("OANDA:EURUSD", "EUR/USD", "tv"),
    _forex("FX:EURUSD", "EUR/USD", "tv"),
    _forex("FX_IDC:USDJPY", "USD/JPY", "tv"),
    _forex("PEPPERSTONE:AUDNZD", "AUD/NZD", "tv"),
    _forex("BLACKBULL:GBPUSD", "GBP/USD", "tv"),
    _forex("SOMEBROKER:EURUSD", "EUR/USD", "rule"),
    _forex("KRAKEN:EURUSD", "EUR/USD", "tv"),
    _forex("EURUSD.a", "EUR/USD", "map", ".a"),
    _forex("EURUSD.m", "EUR/USD", "ea", ".m"),
    _forex("EURUSDm", "EUR/USD", "exness", "m"),
    _forex("EURUSDM", "EUR/USD", "exness", "M"),
    _forex("EURUSDc", "EUR/USD", "mql", "c"),
    _forex("EURUSD.c", "EUR/USD", "jm", ".c"),
    _forex("EURUSDi", "EUR/USD", "suffix", "i"),
    _forex("EURUSD_i", "EUR/USD", "rule", "_i"),
    _forex("EURUSD.pro", "EUR/USD", "suffix", ".pro"),
    _forex("EURUSDpro", "EUR/USD", "mql", "pro"),
    _forex("EURUSD-Pro", "EUR/USD", "mql", "-Pro"),
    _forex("EURUSD-T1", "EUR/USD", "mql", "-T1"),
    _forex("EURUSD.raw", "EUR/USD", "prop", ".raw"),
    _forex("EURUSD.r", "EUR/USD", "ea", ".r"),
    _forex("EURUSD.std", "EUR/USD", "rule", ".std"),
    _forex("EURUSD.fx", "EUR/USD", "suffix", ".fx"),
    _forex("EURUSD.ecn", "EUR/USD", "suffix", ".ecn"),
    _forex("EURUSDecn", "EUR/USD", "ea", "ecn"),
    _forex("EURUSD-ECN", "EUR/USD", "rule", "-ECN"),
    _forex("GBPUSDmicro", "GBP/USD", "rule", "micro"),
    _forex("EURUSD+", "EUR/USD", "vantage", "+"),
    _forex("EURUSD#", "EUR/USD", "rule", "#"),
    _forex("EUR/USD.m", "EUR/USD", "rule", ".m"),
    _forex("EURUSD.p", "EUR/USD", "rule", ".p"),  # a currency pair is no perpetual
]
METALS: Final = [
    _metal("XAUUSD", "XAU/USD", "ifc"),
    _metal("XAGEUR", "XAG/EUR", "ifc"),
    _metal("XPTUSD", "XPT/USD", "iso"),
    _metal("XPDUSD", "XPD/USD", "iso"),
    _metal("XAUXAG", "XAU/XAG", "oanda"),
    _metal("OANDA:XAU_USD", "XAU/USD", "oanda"),
    _metal("XAUUSD.sml", "XAU/USD", "oanda", ".sml"),
    _metal("XAUUSDc", "XAU/USD", "exness", "c"),
    Case("GOLD", "metal", "GOLD", "XAU", "", "", "metal_name", "map"),
    Case("SILVER", "metal", "SILVER", "XAG", "", "", "metal_name", "map"),
    Case("GOLDm", "metal", "GOLD", "XAU", "", "m", "metal_name", "rule"),
    Case("SILVERm", "metal", "SILVER", "XAG", "", "m", "metal_name", "rule"),
    Case("GOLD.a", "metal", "GOLD", "XAU", "", ".a", "metal_name", "map"),
    Case("TVC:GOLD", "metal", "GOLD", "XAU", "", "", "metal_name", "tv"),
    Case("GOLDUSD", "metal", "GOLDUSD", "XAU", "USD", "", "metal_pair", "rule"),
]
INDICES: Final = [
    _index("US30", "US30", "US30", "fxcm"),
    _index("DJ30", "DJ30", "US30", "rule"),
    _index("US30m", "US30", "US30", "exness", "m"),
    _index("US30Cash", "US30", "US30", "rule", "Cash"),
    _index("NAS100", "NAS100", "NAS100", "fxcm"),
    _index("USTEC", "USTEC", "NAS100", "prop"),
    _index("US100.cash", "US100", "NAS100", "fox", ".cash"),
    _index("SPX500", "SPX500", "US500", "fxcm"),
    _index("GER40", "GER40", "GER40", "fxcm"),
    _index("DE40", "DE40", "GER40", "rule"),
    _index("UK100", "UK100", "UK100", "fxcm"),
    _index("JPN225", "JPN225", "JP225", "fxcm"),
    _index("EUSTX50", "EUSTX50", "EU50", "fxcm"),
    _index("HKG33", "HKG33", "HK50", "fxcm"),
    _index("CAPITALCOM:US30", "US30", "US30", "tv"),
    _index("OANDA:NAS100USD", "NAS100USD", "NAS100", "oanda", quote="USD"),
    _index("DE30_EUR", "DE30EUR", "GER40", "oanda", quote="EUR"),
    Case("TVC:DXY", "index", "DXY", "DXY", "", "", "exchange_index", "tv"),
    Case("NASDAQ:NDX", "index", "NDX", "NAS100", "", "", "exchange_index", "tv"),
    Case("XETR:DAX", "index", "XETR:DAX", "DAX", "", "", "exchange_index", "tv"),
    Case("CME_MINI:ES1!", "index", "ES1!", "US500", "", "", "index_future", "cme"),
    Case("CME_MINI:NQZ2024", "index", "CME_MINI:NQZ2024", "NAS100", "", "", "index_future", "cme"),
    Case("EUREX:FDAX1!", "index", "FDAX1!", "GER40", "", "", "index_future", "cme"),
]
CRYPTO: Final = [
    _coin("BTCUSD", "BTC/USD", "alpaca"),
    _coin("BTC/USD", "BTC/USD", "alpaca"),
    _coin("BTC-USD", "BTC/USD", "formats"),
    _coin("BTC_USDT", "BTC/USDT", "formats"),
    _coin("BTCUSDT", "BTC/USDT", "sample"),
    _coin("BTCUSDC", "BTC/USDC", "rule"),
    _coin("BTCUSDc", "BTC/USD", "exness", "c"),  # small: a cent account
    _coin("BTCUSDm", "BTC/USD", "exness", "m"),
    _coin("ETHBTC", "ETH/BTC", "rule"),
    _coin("EURUSDT", "EUR/USDT", "tv"),
    _coin("USDTUSD", "USDT/USD", "tv"),
    _coin("COINBASE:ETHEUR", "ETH/EUR", "tv"),
    _coin("BITSTAMP:BTCUSD", "BTC/USD", "formats"),
    _coin("CAPITALCOM:BTCUSD", "BTC/USD", "tv"),
    Case("BITMEX:XBTUSD", "crypto", "XBTUSD", "BTC", "USD", "", "coin_pair", "formats"),
    _coin("BINANCE:BTCUSDT.P", "BTC/USDT", "tv.P", perpetual=True),
    _coin("BTCUSDT.P", "BTC/USDT", "tv.P", perpetual=True),
    _coin("BTCUSDTPERP", "BTC/USDT", "tv.P", perpetual=True),
    _coin("OKX:BTC-USDT-SWAP", "BTC/USDT", "formats", perpetual=True),
    _coin("BTC/USDT:USDT", "BTC/USDT", "ccxt", perpetual=True),
    Case("DERIBIT:BTC-PERPETUAL", "crypto", "BTC-PERPETUAL", "BTC", "", "", "coin_perpetual", "formats", True),
    Case("ETH-PERP", "crypto", "ETH-PERP", "ETH", "", "", "coin_perpetual", "sample", True),
    Case("FOOUSDT", "crypto", "FOOUSDT", "FOO", "USDT", "", "stablecoin_quote", "rule"),
    Case("1000PEPEUSDT.P", "crypto", "1000PEPEUSDT", "1000PEPE", "USDT", "", "stablecoin_quote", "tv.P", True),
    Case("BYBIT:MNTUSDT", "crypto", "MNTUSDT", "MNT", "USDT", "", "stablecoin_quote", "tv"),
    Case("COINBASE:FOOUSD", "crypto", "COINBASE:FOOUSD", "FOO", "USD", "", "crypto_exchange", "tv"),
    Case("KRAKEN:EURUSDC", "crypto", "KRAKEN:EURUSDC", "EUR", "USDC", "", "coin_pair", "tv"),
]
EQUITY: Final = [
    Case("NASDAQ:AAPL", "equity", "NASDAQ:AAPL", "AAPL", "", "", "equity_exchange", "tv"),
    Case("NYSE:BRK.B", "equity", "NYSE:BRK.B", "BRK.B", "", "", "equity_exchange", "tv"),
    Case("NASDAQ_DLY:TSLA", "equity", "NASDAQ_DLY:TSLA", "TSLA", "", "", "equity_exchange", "tv_DLY"),
    Case("NYSE:GOLD", "equity", "NYSE:GOLD", "GOLD", "", "", "equity_exchange", "tv"),  # a mining company
    Case("AMEX:SPY", "equity", "AMEX:SPY", "SPY", "", "", "equity_exchange", "tv"),
    Case("TSE:7203", "equity", "TSE:7203", "7203", "", "", "equity_exchange", "tv"),
    Case("OMXSTO:ERIC_B", "equity", "OMXSTO:ERIC_B", "ERIC_B", "", "", "equity_exchange", "tv"),
]
NEVER_GUESSED: Final = [
    _unknown("AAPL", "bare_ticker"),
    _unknown("TSLA", "bare_ticker", "sample"),
    _unknown("AAPLm", "bare_ticker", "exness"),
    _unknown("BTC", "bare_ticker", "sample"),  # a coin, and a fund's ticker
    _unknown("DAX", "bare_ticker"),  # an index, and a fund's ticker
    _unknown("VIXM", "bare_ticker"),  # a fund, not the VIX with a suffix
    _unknown("APE.P", "no_rule"),  # a coin without quote, or a preferred share
    _unknown("CAPITALCOM:AAPL", "bare_ticker"),
    _unknown("SOMEBROKER:GOLD", "bare_ticker"),
    _unknown("GOLDM", "ambiguous"),  # MCX's mini future, or gold with a broker's suffix
    _unknown("SILVERM", "ambiguous"),
    _unknown("MCX:SILVERM1!", "future"),
    _unknown("USOIL", "bare_ticker", "exness"),
    _unknown("XBRUSD", "no_rule", "oanda"),  # energy is none of the classes
    _unknown("FOOUSD", "no_rule"),
    _unknown("MNTUSD", "no_rule"),  # a coin, and Mongolia's currency
    _unknown("EURUSDC", "ambiguous"),  # a cent account's EURUSD, or euros in USDC
    _unknown("XAUUSDT", "no_rule"),
    _unknown("BINANCE:XAUUSDT.P", "no_rule"),
    _unknown("EURUSD.xyz", "no_rule"),
    _unknown("EURUSDxyz", "no_rule"),
    _unknown("US30_Z24", "no_rule"),
    _unknown("USDUSD", "no_rule"),
    _unknown("AAPL.US", "no_rule"),
    _unknown("CRYPTOCAP:BTC.D", "no_rule", "tv"),
    _unknown("COMEX:GC1!", "future", "cme"),
    _unknown("CME:BTC1!", "future", "cme"),
    _unknown("CL1!", "future", "cme"),
    _unknown("BTC/USDT:USDT-211231", "no_rule", "ccxt"),  # a dated future
    _unknown("ESTrend", "no_rule", "sample"),
    _unknown("{{ticker}}", "odd_characters", "sample"),
    Case("", "unknown", "", "", "", "", "empty", "rule"),
]
CASES: Final[list[Case]] = [*FOREX, *METALS, *INDICES, *CRYPTO, *EQUITY, *NEVER_GUESSED]


def page_table() -> str:
    """The table of the page, and where the names were seen."""
    lines = ["| name | class | root | base | quote | suffix | rule | seen |", "|---|---|---|---|---|---|---|---|"]
    for case in CASES:
        words = (case.name, case.root, case.base, case.quote, case.suffix)
        name, root, base, quote, suffix = (f"`{word.strip()}`" if word.strip() else "" for word in words)
        kind = f"{case.asset_class}, perpetual" if case.is_perpetual else case.asset_class
        lines.append(f"| {name} | {kind} | {root} | {base} | {quote} | {suffix} | {case.rule} | {case.source} |")
    seen = [f"- {key}: {text}" for key, text in SOURCES.items()]
    return "\n".join([*lines, "", *seen]) + "\n"


def written(page: str) -> str:
    """The page with the table as it should be; raises ValueError where it has no place for it."""
    before, _, rest = page.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError("docs/assets.md has no place for the cases")
    return f"{before}{BEGIN}\n{page_table()}\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
