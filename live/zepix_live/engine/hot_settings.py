"""Which settings a running session takes, and which need a restart: data, each with its reason.

The first pattern that fits counts. What may change while it runs only says how the next entry or the next check is
decided; what is open keeps the numbers by which it was opened, or is measured by the same money and symbols as before.
"""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final, NamedTuple

__all__ = ["RULES", "Rule", "rule_of"]


class Rule(NamedTuple):
    """Settings by pattern, whether a running session takes them, and why."""

    pattern: str
    is_hot: bool
    reason: str


RULES: Final = (
    Rule("plugins.*.enabled", True, "a plugin begins with the next alert; one with nothing open can be left out"),
    Rule("plugins.*.settings.*", True, "read by the strategy at its next alert; what is open keeps its orders"),
    Rule("plugins.*.timeframes", True, "which alerts are routed to it, from the next one on"),
    Rule("plugins.*.shadow_mode", False, "how orders are executed is switched by its own command, not by a file"),
    Rule("plugins.*", False, "another strategy under the same name would inherit tickets that it did not open"),
    Rule("strategy.name", False, "another strategy is another session"),
    Rule("strategy.*", True, "the short form of one plugin's settings"),
    Rule("risk.daily_reset_*", False, "the day that is being counted would begin at two times"),
    Rule("risk.*", True, "limits and sizes are read at the next entry; losses counted so far stay counted"),
    Rule("sessions.*", True, "windows are looked up at each entry, and the next change of window is set anew"),
    Rule("market.*", True, "measures that are read when they are asked for"),
    Rule("autonomous.*", True, "limits on recoveries, read before each; what was counted stays counted"),
    Rule("telegram.*.chat_id", True, "where the next message goes"),
    Rule("live.stale_s", True, "how late the next entry may be"),
    Rule("title", True, "only a name"),
    Rule("equity_guard.*", False, "the guard is armed from an equity; changing it under way could close everything"),
    Rule("dual_order.*", False, "pairs that are open were sized by it"),
    Rule("profit_booking.*", False, "pyramids under way stand on these levels"),
    Rule("reentry.*", False, "chains under way stand on these levels and windows"),
    Rule("reverse_shield.*", False, "hedges that are open were sized by it"),
    Rule("trend.*", False, "remembered trends were made with it"),
    Rule("account.*", False, "money is counted in it"),
    Rule("fill.*", False, "the simulated broker is made with it"),
    Rule("costs", False, "tickets that are open were charged by it"),
    Rule("broker.*", False, "which broker, and what it offers"),
    Rule("restrictions.*", False, "what the broker offers"),
    Rule("assets.*", False, "what symbols stand for"),
    Rule("alerts.*", False, "how alerts are read; dialects and names of symbols are loaded at the start"),
    Rule("dialects.*", False, "how alerts are read is settled at the start"),
    Rule("data.*", False, "instruments and prices, in which tickets are counted"),
    Rule("plugin_system.*", False, "code of strategies is loaded at the start only"),
    Rule("shadow_mode.*", False, "how orders are executed is switched by its own command, not by a file"),
    Rule("live.receiver.*", False, "the receiver is a process of its own, and reads them at its start"),
    Rule("live.*", False, "the process that watches the engine reads them at its start"),
    Rule("*", False, "read at the start only"),
)


def rule_of(key: str) -> Rule:
    """The rule that decides about a setting; every key has one."""
    return next(rule for rule in RULES if fnmatchcase(key, rule.pattern))
