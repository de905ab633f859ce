"""Names of an older ``config.json``, and what they are called here: data for ``zepix config import``.

Only what means the same is renamed. What has a counterpart of another shape is named with the page that describes it,
so that a human carries it over; nothing is guessed where money hangs on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["COUNTERPARTS", "PLUGINS", "RENAMED", "SECRETS", "USELESS"]

KeyPath = tuple[str, ...]

RENAMED: Final[Mapping[KeyPath, KeyPath]] = {
    ("account_balance",): ("account", "balance"),
    ("telegram_chat_id",): ("telegram", "controller", "chat_id"),
    ("telegram_controller_chat_id",): ("telegram", "controller", "chat_id"),
    ("telegram_notifier_chat_id",): ("telegram", "notifier", "chat_id"),
    ("telegram_notification_chat_id",): ("telegram", "notifier", "chat_id"),
    ("telegram_analytics_chat_id",): ("telegram", "analytics", "chat_id"),
    ("plugin_system", "auto_load"): ("plugin_system", "auto_discover"),
}
"""Old name -> ours, where the value means the same."""

PLUGINS: Final[Mapping[str, str]] = {
    "combined_v3": "v3_combined",
    **{f"price_action_{frame}": f"v6_price_action_{frame}" for frame in ("1m", "5m", "15m", "1h")},
}
"""Old ids of plugins -> ours."""

_BOT: Final = "the environment variable ZEPIX_TELEGRAM__{}__TOKEN"
_WEBHOOK: Final = "webhook_token in secrets.toml of the data folder, or ZEPIX_WEBHOOK_TOKEN"
SECRETS: Final[Mapping[str, str]] = {
    **{
        old: _BOT.format(bot)
        for old, bot in (
            ("telegram_token", "CONTROLLER"),
            ("telegram_bot_token", "CONTROLLER"),
            ("telegram_controller_token", "CONTROLLER"),
            ("telegram.controller.token", "CONTROLLER"),
            ("telegram_notifier_token", "NOTIFIER"),
            ("telegram_notification_token", "NOTIFIER"),
            ("telegram.notifier.token", "NOTIFIER"),
            ("telegram_analytics_token", "ANALYTICS"),
            ("telegram.analytics.token", "ANALYTICS"),
        )
    },
    "webhook_token": _WEBHOOK,
    "webhook_secret": _WEBHOOK,
    "api_token": "api_token in secrets.toml of the data folder, or ZEPIX_API_TOKEN",
    "api_key": "api_token in secrets.toml of the data folder, or ZEPIX_API_TOKEN",
    "hmac_key": "hmac_key in secrets.toml of the data folder, or ZEPIX_WEBHOOK_HMAC_KEY",
    "webhook_hmac_key": "hmac_key in secrets.toml of the data folder, or ZEPIX_WEBHOOK_HMAC_KEY",
}
"""Secrets by their whole name -> where they belong."""

COUNTERPARTS: Final[Mapping[str, str]] = {
    "symbol_mapping": "a broker's names; alerts.symbol_map maps what a sender writes (docs/configuration.md)",
    "symbol_config": "instruments of your own stand in a file that data.instruments names (docs/data.md)",
    "v3_integration": "settings of the plugin v3_combined (docs/v3.md)",
    "fixed_lot_sizes": "risk.tier_lots (docs/services.md)",
    "manual_lot_overrides": "risk.manual_lots (docs/services.md)",
    "risk_by_account_tier": "risk.daily_caps, risk.lifetime_caps (docs/services.md)",
    "risk_tiers": "risk.daily_caps, risk.lifetime_caps (docs/services.md)",
    "default_risk_tier": "risk.default_risk_tier (docs/services.md)",
    "rr_ratio": "risk.rr_ratio (docs/services.md)",
    "daily_reset_time": "risk.daily_reset_time, in the zone of risk.daily_reset_zone (docs/services.md)",
    "sl_systems": "risk.stop_pips (docs/services.md)",
    "active_sl_system": "risk.sl_system (docs/services.md)",
    "sl_system_enabled": "risk.sl_system (docs/services.md)",
    "symbol_sl_reductions": "risk.sl_reduction_percents (docs/services.md)",
    "dual_order_config": "dual_order.* (docs/services.md)",
    "profit_booking_config": "profit_booking.* (docs/chains.md)",
    "re_entry_config": "reentry.* (docs/chains.md)",
    "reverse_shield_config": "reverse_shield.* (docs/chains.md)",
    "fine_tune_settings": "autonomous.*, reentry.* (docs/chains.md)",
    "combinedlogic-1": "risk.logic_lot_multipliers.LOGIC1 (docs/services.md)",
    "combinedlogic-2": "risk.logic_lot_multipliers.LOGIC2 (docs/services.md)",
    "combinedlogic-3": "risk.logic_lot_multipliers.LOGIC3 (docs/services.md)",
    "strategies": "plugins.<id>.enabled (docs/configuration.md)",
    "timeframe_specific_config": "plugins.<id>.settings (docs/v3.md, docs/v6.md)",
}
"""Old tables and values whose counterpart has another shape or unit -> where it is."""

USELESS: Final[Mapping[KeyPath, str]] = {
    (
        "plugin_system",
        "plugin_dir",
    ): "names a folder of another program's code; zepix brings its strategies, and code is "
    "run only from a folder that you name yourself",
    ("plugin_system", "use_delegation"): "every alert goes to its plugin here; there is no other way",
    ("simulate_orders",): "zepix is a simulation until a live broker is configured",
    ("debug",): "--debug after a verb",
    ("mt5_login",): "there is no MetaTrader broker yet",
    ("mt5_server",): "there is no MetaTrader broker yet",
    ("mt5_retries",): "there is no MetaTrader broker yet",
    ("mt5_wait",): "there is no MetaTrader broker yet",
}
"""What is left out on purpose -> why."""
