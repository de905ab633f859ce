"""Prices from a public feed into a store: what is needed, fetched politely, kept raw, made into files of prices."""

from zepix.data.download.fetching import Politeness, check_host
from zepix.data.download.plan import Plan, Want, make_plan, parse_days, wants_of_alerts
from zepix.data.download.verb import HOST, Progress, download

__all__ = [
    "HOST",
    "Plan",
    "Politeness",
    "Progress",
    "Want",
    "check_host",
    "download",
    "make_plan",
    "parse_days",
    "wants_of_alerts",
]
