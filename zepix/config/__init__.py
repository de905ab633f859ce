"""Settings: one merge of plugin parameters, defaults, file, environment and flags, for specs now and for live later."""

from zepix.config.check import Raw, check_settings, check_value, complete_settings, plain
from zepix.config.keys import BROKERS, DEFAULT_STRATEGY, KEYS, near
from zepix.config.layers import read_environment, read_flags
from zepix.config.manager import ORIGINS, ConfigManager
from zepix.config.restrictions import builtin_restrictions, find_restriction

__all__ = [
    "BROKERS",
    "DEFAULT_STRATEGY",
    "KEYS",
    "ORIGINS",
    "ConfigManager",
    "Raw",
    "builtin_restrictions",
    "check_settings",
    "check_value",
    "complete_settings",
    "find_restriction",
    "near",
    "plain",
    "read_environment",
    "read_flags",
]
