# ---
# jupyter:
#   jupytext:
#     formats: ipynb,py:percent
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Live against shadow
#
# Every plugin that trades live has a *twin*, which sees the same alerts and prices and trades them on paper
# (`docs/modes.md`). What parts the two was done by the broker. This page makes a live folder and reads it; with one of
# your own, go on at *Live beside its twin*.

# %%
import tempfile
from pathlib import Path

import zepix as zx

sample = Path("../datasets/sample")
place = tempfile.TemporaryDirectory()
folder = Path(place.name) / "my-live"

# %% [markdown]
# ## A session
#
# Two plugins, `euro` and `gold`, both live. No real broker is needed: the simulated one in the live slot has the prices
# of the feed, and is worse by what is written here. Its ask lies 5 points above the feed's, fills are 20 points worse,
# orders take a second, 3 in 100 are refused. The twin's broker fills by the ordinary rules, by which gold slips by 18
# points anyway and EURUSD by one.

# %%
settings = {
    "shadow_mode.default_mode": "LIVE",
    "plugins.euro.strategy": "bracket",
    "plugins.gold.strategy": "bracket",
    "broker.live.name": "simulated",
    "broker.live.spread_points": 5,
    "broker.live.refusal_rate": 0.03,
    "broker.live.seed": 2,
    "broker.live.fill.slippage_points": 20,
    "broker.live.fill.latency_ms": 1_000,
}

# %% [markdown]
# Alerts of the sample, each with a word that says which plugin it is for.

# %%
log = zx.alerts(sample / "alerts.jsonl").frame()
mine = log[log["type"].isin(["entry", "exit", "reversal"]) & log["symbol"].isin(["EURUSD", "XAUUSD"])]
mine = mine[["received_at", "type", "symbol", "side", "volume", "sl", "tp"]]
mine = mine.assign(plugin_hint=mine["symbol"].map({"EURUSD": "euro", "XAUUSD": "gold"}))
mine.loc[mine["type"] == "exit", ["volume", "sl", "tp"]] = None
alerts = zx.alerts(mine)
print(alerts)

# %% [markdown]
# `rehearse` runs the live engine over them in moved time: 15 days take some seconds and come out the same each time.
# `zepix live --data my-live --feed replay:datasets/sample --config live.toml` is the same at the pace of the prices,
# with a webhook; the folder it leaves is read the same way.

# %%
from zepix_live.rehearsing import rehearse

live = rehearse(folder, alerts=alerts, bars=sample, settings=settings, to="2024-01-16")
live

# %% [markdown]
# ## Live beside its twin
#
# A folder that is there already: `live = zx.open("my-live")`, while the runner runs or not. *Here* is the twin, *there*
# is live, so a difference is what live earned more.

# %%
euro = live.compare("euro")
print(euro)

# %% [markdown]
# The parts sum to the difference, to the cent.

# %%
sum(euro.parts.values()) == euro.sum, {name: part for name, part in euro.parts.items() if part}

# %%
euro.plot()

# %% [markdown]
# The same by name, for any two books, of one plugin or of all:

# %%
both = zx.compare(f"{folder}:twin", f"{folder}:live")
each = {name: zx.compare(f"{folder}:twin", f"{folder}:live", plugin=name) for name in live.plugins}
sum(one.sum for one in each.values()) == both.sum, {name: one.sum for name, one in each.items()}

# %%
both.plot("equity")

# %% [markdown]
# ## Ticket by ticket
#
# `gap_r` is how far the two results of a ticket lie apart, in R: the distance of the stop that the twin's began with.

# %%
columns = ["alert", "side", "exit_reason_a", "exit_reason_b", "difference", "latency", "spread", "slippage", "gap_r"]
euro.tickets.sort_values("difference", key=abs, ascending=False)[columns].head(8)

# %%
euro.plot("tickets")

# %% [markdown]
# Tickets that only one of them has, and why:

# %%
both.unpaired[["where", "part", "reason", "alert", "symbol", "profit", "difference", "r"]]

# %% [markdown]
# ## What the breaker sees
#
# A sum of zero may hide tickets that have nothing to do with each other. So the runner keeps two figures of the last 20
# tickets of each plugin: how far they lie apart on average, and how many ended otherwise. Above a bound the plugin goes
# back to shadow until a human arms it again.

# %%
live.breakers

# %%
euro.plot("distance")

# %%
each["gold"].plot("distance")

# %% [markdown]
# Twenty points a fill are a third of what `euro` risks: it tripped as soon as it had 20 tickets. Gold's twin pays
# nearly as much itself. When it tripped, and what else the runner said:

# %%
for time, level, text in live.events[["time", "level", "text"]].itertuples(index=False):
    print(f"{time:%Y-%m-%d %H:%M} {level} {text}")

# %% [markdown]
# What it traded since then is in its shadow book:

# %%
live.tickets.groupby(["plugin", "book"])["profit"].agg(["count", "sum"])

# %% [markdown]
# ## The same in the terminal
#
# `zepix live shadow report --data my-live` (`--plugin euro`, `--out compared` for pages, `--json`):

# %%
from zepix_live.shadow_report import report_and_tell

said = []
report_and_tell(folder, "euro", None, as_json=False, say=said.append)
print("\n".join(said[:12]))

# %%
place.cleanup()
