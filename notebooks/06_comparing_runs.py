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
# # Comparing runs
#
# Two runs of one strategy never earn the same. `zx.compare` pairs their tickets and splits the difference into parts
# that sum to it, to the cent (`docs/compare.md`). What it takes: replays, folders of runs, a live journal, a broker's
# statement, TradingView's list of trades.

# %%
from pathlib import Path

import zepix as zx

sample = Path("../datasets/sample")
log = sample / "alerts.jsonl"

# %% [markdown]
# Here the same month, once as recorded and once as a slower broker would have done it: a minute late, three points
# worse a fill.

# %%
here = zx.replay(alerts=log, bars=sample, strategy="bracket")
there = zx.replay(
    alerts=log, bars=sample, strategy="bracket", settings={"fill.latency_ms": 60_000, "fill.slippage_points": 3}
)
found = zx.compare(here, there)
print(found)

# %%
found.plot()

# %% [markdown]
# The parts sum to the difference, without a remainder:

# %%
sum(found.parts.values()) == found.sum, {name: part for name, part in found.parts.items() if part}

# %% [markdown]
# ## Over time, and ticket by ticket

# %%
found.plot("equity")

# %%
found.plot("tickets")

# %%
columns = ["alert", "symbol", "side", "exit_reason_a", "exit_reason_b", "profit_a", "profit_b", "difference"]
found.tickets.sort_values("difference", key=abs, ascending=False)[columns].head()

# %% [markdown]
# ## Tickets that one side lacks
#
# With `one_at_a_time` many alerts are refused there, and say so.

# %%
fewer = zx.compare(here, zx.replay(alerts=log, bars=sample, strategy="bracket", one_at_a_time=True))
print(fewer)

# %%
fewer.reasons()

# %%
fewer.plot()

# %% [markdown]
# ## Other prices
#
# Hourly bars, made of those of one minute, in their place: what differs in the data is said before any figure.

# %%
import tempfile

folder = tempfile.TemporaryDirectory()
how = {
    f"{side}_{name}": word
    for side in ("bid", "ask")
    for name, word in {"open": "first", "high": "max", "low": "min", "close": "last"}.items()
}
minutes = zx.bars(sample)
for symbol in minutes.symbols:
    hourly = minutes.frame(symbol).resample("1h").agg(how).dropna()
    hourly.rename_axis("time").reset_index().to_parquet(Path(folder.name) / f"{symbol}_H1_made.parquet", index=False)

# %%
coarse = zx.compare(here, zx.replay(alerts=log, bars=folder.name, strategy="bracket"))
print(coarse)

# %%
coarse.plot()

# %%
folder.cleanup()
