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
# # A sweep of exits
#
# `zx.sweep_exits` tries every combination of stops, targets, trails and ladders on recorded entries, in machine code.
# What needs a strategy or an account is swept by `zx.sweep`, which replays each cell.

# %%
from pathlib import Path

import zepix as zx

sample = Path("../datasets/sample")
log = sample / "alerts.jsonl"

# %%
found = zx.sweep_exits(
    log, sample, stop_pips=range(10, 62, 4), target_r=[0.5, 1, 1.5, 2, 3, None],
    lots=0.1, one_at_a_time=True, other_alerts="ignore",
)  # fmt: skip
print(found)

# %% [markdown]
# ## The map
#
# A good cell among bad ones is an accident; a good neighbourhood may be more. On this sample nothing is: its prices
# are drawn at random.

# %%
found.heatmap("stop_pips", "target_r")

# %%
print(found.heatmap("stop_pips", "target_r", "max_drawdown"))

# %% [markdown]
# ## The best of many
#
# `ambiguous` counts tickets whose bar held both stop and target: read it before the profit.

# %%
best = found.best(5)
best[["cell", "stop_pips", "target_r", "net_profit", "tickets", "win_rate", "max_drawdown", "ambiguous"]]

# %% [markdown]
# The first half of the month chooses, the second half judges. If the order of the cells survived, their ranks in both
# halves would go together; the number below is the rank correlation.

# %%
import pandas as pd

halves = {
    name: zx.sweep_exits(
        log, sample, stop_pips=range(10, 62, 4), target_r=[0.5, 1, 1.5, 2, 3, None],
        lots=0.1, one_at_a_time=True, other_alerts="ignore", **period,
    ).frame()["net_profit"]
    for name, period in {"first": {"to": "2024-01-16"}, "second": {"from_": "2024-01-16"}}.items()
}  # fmt: skip
both = pd.DataFrame(halves)
print(f"rank correlation {both.rank().corr().loc['first', 'second']:+.2f}")
both.sort_values("first", ascending=False).head()

# %% [markdown]
# ## One cell
#
# Every ticket of a cell, computed anew.

# %%
cell = found.cell(int(best["cell"].iloc[0]))
cell

# %%
cell.tickets()[["symbol", "side", "entry_time", "exit_time", "exit_reason", "pnl"]].head()

# %% [markdown]
# ## A sweep of replays
#
# Settings of the account, the fills and the strategy need the engine. `workers=0` runs the cells in this process;
# without it they run on all cores, and a killed sweep goes on where it was.

# %%
import tempfile

folder = tempfile.TemporaryDirectory()
tried = zx.sweep(
    "bracket", alerts=log, bars=sample, out=Path(folder.name) / "cells", workers=0, progress=False,
    grid={"fill.slippage_points": [0, 5, 10], "strategy.one_at_a_time": [False, True]},
)  # fmt: skip
print(tried)

# %%
tried.heatmap("fill.slippage_points", "strategy.one_at_a_time")

# %%
folder.cleanup()
