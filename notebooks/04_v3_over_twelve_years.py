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
# # V3 over twelve years
#
# Years of prices and no alert log: `write_alerts` turns bars into the alerts that the V3 script would have sent at
# the close of each bar, without looking ahead (`docs/generate.md`). Then V3 trades them.
#
# With hourly bars of EURUSD from 2007 to 2018 beside the repository (`../shared/data/market`) this takes those;
# without them the 30 invented days of the sample. The cell says which.

# %%
import tempfile
from pathlib import Path

import zepix as zx
from zepix.alerts.generate import Source, settings_of, write_alerts
from zepix.data import default_catalogue, load_bars

recorded = Path("../../shared/data/market/EURUSD_H1_20070101_20181231.parquet")
has_years = recorded.is_file()
prices = f"EURUSD:H1={recorded}" if has_years else "EURUSD:M1=../datasets/sample/EURUSD_M1_20240101_20240130.parquet"
charts = ("60",) if has_years else ("15",)
print("twelve recorded years, hourly" if has_years else "no recorded years here: 30 invented days, by the minute")
print(zx.bars(prices))

# %% [markdown]
# ## The alerts

# %%
folder = tempfile.TemporaryDirectory()
log = Path(folder.name) / "v3.jsonl"
catalogue = default_catalogue()
series = load_bars([prices], catalogue).series["EURUSD"]
source = Source(series, catalogue["EURUSD"])
made = write_alerts([source], "v3", log, timeframes=charts, settings=settings_of("v3", []))
print(zx.alerts(log))

# %% [markdown]
# What the script would send besides, and what nobody has defined, is left out by name. Read it before the figures.

# %%
print("\n".join(f"{name}: {why}" for name, why in made["left_out"].items()))

# %% [markdown]
# ## The replay
#
# V3 with its own chains: a pyramid on order B, re-entries on order A.

# %%
run = zx.replay(alerts=log, bars=prices, strategy="v3_combined")
print(run)

# %% [markdown]
# Most alerts are not traded. Which gate turned down how many:

# %%
run.decisions.groupby(["outcome", "reason"]).size().sort_values(ascending=False).head(12)

# %%
run.plot()

# %% [markdown]
# ## Year by year
#
# One good year carries many a backtest.

# %%
trades = run.trades
trades.groupby(trades["exit_time"].dt.year)["pnl"].agg(["count", "sum", "mean"]).round(2)

# %%
run.plot("session")

# %%
run.plot("level")

# %% [markdown]
# ## Chains
#
# Each chain over time, at the height of what it brought.

# %%
run.plot("chains")

# %% [markdown]
# ## What it would have cost with more slippage
#
# A strategy whose profit ends at one more point a fill has none.

# %%
import pandas as pd

rows = []
for points in (0, 5, 20):
    one = zx.replay(alerts=log, bars=prices, strategy="v3_combined", settings={"fill.slippage_points": points})
    rows.append({"slippage_points": points, "tickets": one.stats["tickets"], "net_profit": one.stats["net_profit"]})
pd.DataFrame(rows)

# %%
folder.cleanup()
