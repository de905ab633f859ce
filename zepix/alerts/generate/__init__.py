"""Alerts from prices: what the V3, V6 and legacy scripts would have sent at each bar's close, without looking ahead.

``generate`` gives the alerts of one series, ``write_alerts`` streams those of several into an alert log with a manifest
beside it. Rules whose inputs are nowhere defined (order blocks, sweeps, trend lines) are left out, by name.
"""

from zepix.alerts.generate.alerts import Generated, generate
from zepix.alerts.generate.manifest import left_out
from zepix.alerts.generate.settings import LegacySettings, V3Settings, V6Settings, settings_of
from zepix.alerts.generate.writing import Source, manifest_path, write_alerts

__all__ = [
    "Generated",
    "LegacySettings",
    "Source",
    "V3Settings",
    "V6Settings",
    "generate",
    "left_out",
    "manifest_path",
    "settings_of",
    "write_alerts",
]
