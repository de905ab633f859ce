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
# # Your own alerts, your own bars
#
# Alerts come from a log, a DataFrame, or the signals of vectorised research; a strategy is a class in a cell.

# %%
from pathlib import Path

import zepix as zx

sample = Path("../datasets/sample")

# %% [markdown]
# ## Bars
#
# Folders, Parquet files, or `SYMBOL:TF=PATH`. A CSV becomes a store by `zepix bars import` (`docs/data.md`).

# %%
bars = zx.bars(sample)
print(bars)

# %%
frame = bars.frame("EURUSD")
frame[["bid_open", "bid_close", "ask_close"]].head(3)

# %% [markdown]
# ## A log
#
# What could not be understood is set aside with its reason; it is never traded.

# %%
log = zx.alerts(sample / "alerts.jsonl")
print(log)

# %% [markdown]
# ## A DataFrame
#
# One row an alert, with the words of the plain dialect as columns (`docs/dialects/plain.md`).

# %%
import pandas as pd

table = pd.DataFrame(
    {
        "time": pd.to_datetime(["2024-01-03 09:00", "2024-01-03 15:30", "2024-01-04 10:15"], utc=True),
        "symbol": "EURUSD",
        "side": ["buy", "sell", "buy"],
        "volume": 0.1,
        "sl_pips": 20,
        "tp_pips": 30,
    }
)
three = zx.replay(alerts=table, bars=bars, strategy="bracket")
three.trades[["side", "entry_time", "exit_time", "exit_reason", "pnl"]]

# %% [markdown]
# ## Signals
#
# A signal on a bar is known when the bar ends: its alert arrives then, and fills at the next open. So no signal
# trades on the bar that made it.

# %%
close = frame["bid_close"]
above = close.rolling(30).mean() > close.rolling(240).mean()
up = above & ~above.shift(1, fill_value=False)
down = ~above & above.shift(1, fill_value=False)
crossings = zx.alerts.from_signals(
    bars, long_entries=up, long_exits=down, short_entries=down, short_exits=up,
    sl="25 pips", tp="50 pips", volume=0.1, symbol="EURUSD",
)  # fmt: skip
crossed = zx.replay(alerts=crossings, bars=bars, strategy="bracket")
print(crossed)

# %% [markdown]
# ## A strategy of your own
#
# Annotated attributes are its settings. It hears alerts that name it, or name no strategy.


# %%
class Halved(zx.Strategy):
    """Follows an entry with half of its volume."""

    info = zx.PluginInfo(strategy="halved", description="Follows an entry with half of its volume")
    share: float = 0.5

    async def process_entry_signal(self, alert):
        if self.api.orders.open_tickets(alert.symbol):
            return zx.Decision.refused("one_at_a_time")
        half = zx.Quantity(float(alert.volume.value) * self.share, alert.volume.unit)
        await self.api.orders.place_order(alert.symbol, alert.side, half, alert.sl, alert.tp)


halved = zx.replay(alerts=crossings, bars=bars, strategy=Halved)
pd.DataFrame({"whole": crossed.trades["volume"].describe(), "halved": halved.trades["volume"].describe()})

# %% [markdown]
# Why were some refused?

# %%
halved.decisions.groupby(["outcome", "reason"]).size()
