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
# # A first replay
#
# A log of alerts and a folder of prices go in; tickets, the decision on every alert, and figures come out. The sample
# that comes with zepix is **invented** (`datasets/README.md`): what earns or loses on it means nothing.

# %%
from pathlib import Path

import zepix as zx

sample = Path("../datasets/sample")

# %% [markdown]
# `bracket` follows each alert with the alert's own stop, target and volume. It is one of the strategies that `zepix
# strategies` lists.

# %%
run = zx.replay(alerts=sample / "alerts.jsonl", bars=sample, strategy="bracket")
print(run)

# %% [markdown]
# Every figure has a name; `docs/results.md` has the formulas.

# %%
{name: run.stats[name] for name in ("tickets", "net_profit", "profit_factor", "max_drawdown", "sharpe", "ambiguous")}

# %% [markdown]
# Tables are DataFrames; times are aware, in UTC.

# %%
columns = ["ticket", "symbol", "side", "volume", "entry_time", "entry_price", "exit_price", "exit_reason", "pnl"]
run.trades[columns].head()

# %%
run.trades.groupby(["symbol", "exit_reason"])["pnl"].agg(["count", "sum", "mean"]).round(2)

# %% [markdown]
# ## Pictures
#
# They are plotly figures. `print` tells the same in words, `save("picture.html")` writes one file that opens offline.

# %%
run.plot()

# %% [markdown]
# The price with its tickets, their stops and targets as they moved. Point at a ticket to read what its decision was
# made of. A month of minutes is thinned; `from_` and `to` draw a stretch bar by bar.

# %%
run.plot("EURUSD", from_="2024-01-10T08:00Z", to="2024-01-10T12:00Z")

# %% [markdown]
# How far tickets went against and for us, beside what they ended with.

# %%
run.plot("mae", symbol="EURUSD")

# %% [markdown]
# The same tickets by the hour of their entry. With this few in a bar, most of what one sees is chance.

# %%
by_hour = run.plot("hour")
by_hour

# %%
print(by_hour)

# %% [markdown]
# ## Why?
#
# What became of one alert, from its body to its exit. Ids stand in `run.decisions`.

# %%
run.decisions["outcome"].value_counts()

# %%
first = run.trades["alert_id"].iloc[0]
print(run.why(first))

# %% [markdown]
# ## Keep it
#
# `save` writes tables, the journal and `run.json`; `zx.open` reads them again, in another process or another year.
# The digest is equal where trades, orders and decisions are.

# %%
import tempfile

with tempfile.TemporaryDirectory() as folder:
    run.save(folder)
    again = zx.open(folder)
    print(again.digest == run.digest, sorted(path.name for path in Path(folder).iterdir()))
