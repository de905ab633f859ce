"""What the report says in prose: what refusals mean, what settings mean, and what a bar cannot know."""

from __future__ import annotations

from typing import Final

__all__ = ["CANNOT_KNOW", "FILL_SETTINGS", "INTRABAR", "NOT_TRADED", "OUTCOMES", "REASONS"]

NOT_TRADED: Final = ("ignored", "expired", "error")
"""Outcomes whose reasons the report lists beside the refusals."""

OUTCOMES: Final = {
    "filled": "an order of this alert was filled",
    "closed": "it closed tickets, or cancelled orders",
    "working": "its order was still working at the end, or its change was taken",
    "expired": "its order ended unfilled",
    "refused": "checked and turned down; the reason is below",
    "info": "it informs and asks for nothing",
    "ignored": "the plugin had nothing to do with it",
    "duplicate": "the same alert had come before",
    "quarantined": "it could not be understood; kept, never traded",
    "error": "the strategy raised an exception on it",
}

REASONS: Final = {
    "market_closed": "no price opened within the longest wait after it arrived",
    "invalid_stops": "stop or target on the wrong side of the price, or closer than the stops level",
    "volume_too_small": "less than the smallest volume after rounding down to steps",
    "volume_too_large": "more than the largest volume of one order",
    "no_money": "free margin would have been negative",
    "unknown_symbol": "the catalogue has no such symbol",
    "no_prices": "the run has no prices of this symbol",
    "one_at_a_time": "a ticket or an order of this symbol was already there",
    "no_plugin_found": "no plugin takes alerts of this strategy",
    "price_far_from_alert": "our price lay further from the alert's than max_price_gap allows",
    "close_unconfirmed": "the close it waited for was not confirmed",
    "not_supported": "understood, but not served yet",
    "plugin_returned_none": "the strategy gave no answer where one was due",
    "end_of_data": "the prices ended first",
    "after_end_of_data": "it came after the last price",
    "nothing_to_close": "no ticket of that side was open",
    "nothing_to_cancel": "no such order was under way",
    "nothing_to_modify": "no such ticket or order was there",
    "cancelled": "it cancelled orders and closed no ticket",
    "modified": "it changed levels",
    "no_levels": "a change without a stop or a target",
    "no_entry_price": "a pending order without its price",
    "invalid_price": "a pending order on the wrong side of the price at its first open",
    "invalid_trailing": "a trailing stop or break-even with numbers that make no sense",
    "unknown_order": "there is no such order under way",
    "cancel": "it was cancelled",
    "oco": "another order of its group was filled",
    "exit": "an exit cancelled it",
    "expired": "its time ran out",
    "not_handled": "the strategy does nothing on this kind of alert",
    "plugin_disabled": "the plugin was switched off, or had failed five times in a row",
    "plugin_hint_unknown": "the hint names no plugin; it was routed as if there were none",
    "paused": "the engine was paused",
    "asset_unknown": "restrictions are on and nobody knows the symbol's class; name it in [assets]",
    "asset_not_offered": "the broker's restrictions leave this class or symbol out",
    "short_not_offered": "the broker's restrictions leave shorts of this class out",
    "fraction_not_offered": "the broker's restrictions ask for whole units",
    "strategy_error": "the strategy raised an exception; the detail is in decisions.parquet",
    "would_block": "the strategy awaited something outside the replay",
    "atr_unknown": "too few bars before it for the average true range",
    "no_alert_price": "the setting needs the alert's own price, and it has none",
    "no_conversion": "no pair converts its money into the account's",
    "unknown_ticket": "there is no such ticket",
    "bad_answer": "the strategy gave something that is no decision",
    "no_timezone": "its time carries no zone",
    "bad_json": "it looks like JSON and is none",
    "bad_encoding": "its bytes are no UTF-8",
    "bad_field": "a field that was due is missing or of the wrong kind",
    "bad_number": "a number is none",
    "bad_price": "a price is none, or not above zero",
    "bad_volume": "a volume is none, or not above zero",
    "bad_time": "a time cannot be read",
    "bad_timeframe": "a timeframe cannot be read",
    "bad_symbol": "a symbol cannot be read",
    "bad_side": "the side is neither buy nor sell",
    "bad_row": "the row of the log cannot be read",
    "bad_order_type": "the kind of order is unknown",
    "duplicate_key": "one key stands twice in it",
    "not_an_object": "it is JSON, but no object",
    "no_side": "an entry without a side",
    "no_price": "a pending order without a price",
    "too_deep": "it is nested deeper than the limit",
    "too_large": "it is larger than the limit",
}

FILL_SETTINGS: Final = {
    "latency_ms": "from a decision to its arrival at the broker; on bars, less than one bar is not seen",
    "open_grace_ms": "an order that arrives this soon after an open is filled at that open",
    "max_wait_s": "an opening order waits this long for an open, or one timeframe if that is longer",
    "intrabar": "which level counts where one bar holds stop and target",
    "slippage_points": "against us, on market orders, stops, closes and stop-outs; unless said, the instrument's",
    "stop_out_frac": "share of the margin at which the broker closes tickets",
}

INTRABAR: Final = {
    "pessimistic": "the stop was taken (the cautious reading)",
    "optimistic": "the target was taken (the hopeful reading)",
}

CANNOT_KNOW: Final = (
    (
        "The order of things inside it.",
        "A bar says how far a price went, not which way first. Where one bar holds a ticket's stop and its target the "
        "setting decides, and the ticket is marked ambiguous.",
    ),
    (
        "The spread inside it.",
        "Ask and bid are known at the open, the extremes and the close; where the data has no ask, a model made it. A "
        "spread that jumps for a second at a news release is in no bar.",
    ),
    (
        "What your broker would have done.",
        "Requotes, partial fills, slippage beyond the setting, and outages leave no trace in prices.",
    ),
    (
        "Delays shorter than itself.",
        "An order that is a second late looks on time on bars; only ticks show what a second costs.",
    ),
    (
        "Another feed's prices.",
        "The alerts were raised on their chart's prices. The table of gaps shows how far those lie from the prices "
        "used here; an alert that a few points decided might not have come from these prices.",
    ),
    (
        "What would have happened next.",
        "A replay does not move the market, and a ticket that the other reading had left open would have blocked or "
        "allowed others. The money between two readings leaves such consequences out.",
    ),
)
