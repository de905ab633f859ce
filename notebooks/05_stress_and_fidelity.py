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
# # Stress and fidelity
#
# Two doubts about any replay: would it have survived another delivery of the alerts, and what do bars hide of it?

# %%
import tempfile
from pathlib import Path

import pandas as pd

import zepix as zx

sample = Path("../datasets/sample")
log = sample / "alerts.jsonl"

# %% [markdown]
# ## Stress
#
# The same alerts on the same prices: later, some lost, some sent again. A range that holds zero is chance.

# %%
stressed = zx.stress(
    alerts=log, bars=sample, strategy="bracket", delays_s=[3, 60, "exponential:30"], losses=[0.02, 0.1],
    duplications=0.05, repeats=5, seed=1,
)  # fmt: skip
print(stressed)

# %%
stressed.plot()

# %% [markdown]
# Which alerts changed most, and at which level:

# %%
stressed.alerts.head()

# %% [markdown]
# ## Fidelity
#
# A bar says how far a price went, not which way first. `zx.fidelity` replays the same entries on ticks and on bars
# made of them. With recorded ticks beside the repository this takes two days of those; without them it makes four
# quotes of each minute of the sample: good enough to see how it is used, and no measurement of anything.

# %%
recorded = Path("../../shared/data/market/EURUSD_TICK_20140501_20140515.parquet")
folder = tempfile.TemporaryDirectory()
ticks = Path(folder.name) / "EURUSD_TICK_sample.parquet"
if recorded.is_file():
    ticks, period = recorded, {"from_": "2014-05-05", "to": "2014-05-07"}
    print("two recorded days of ticks")
else:
    minutes = zx.bars(sample, symbols="EURUSD").frame()["2024-01-03":"2024-01-04"]
    quotes = [
        pd.DataFrame({"time": minutes.index + pd.Timedelta(seconds=at), "bid": minutes[f"bid_{name}"].to_numpy(),
                      "ask": minutes[f"ask_{name}"].to_numpy()})
        for at, name in ((1, "open"), (20, "low"), (40, "high"), (58, "close"))
    ]  # fmt: skip
    pd.concat(quotes).sort_values("time").to_parquet(ticks, index=False)
    period = {}
    print("no recorded ticks here: four quotes a minute, made of the sample's bars")

# %%
measured = zx.fidelity(
    bars=f"EURUSD:TICK={ticks}", strategy="bracket", random=200, seed=1, timeframes=["1m", "5m", "1h"],
    intrabars=["pessimistic"], open_graces_ms=[5000], **period,
)  # fmt: skip
print(measured)

# %% [markdown]
# One row a setting: how many of the tickets ended as on ticks, and what the money was off by.

# %%
measured.table

# %%
folder.cleanup()
