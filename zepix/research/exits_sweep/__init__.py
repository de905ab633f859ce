"""Exits of recorded alerts, swept in compiled code: ``zepix.sweep_exits`` (docs/sweep_exits.md)."""

from __future__ import annotations

from zepix.research.exits_sweep.result import Cell, ExitsSweep, Heatmap
from zepix.research.exits_sweep.surface import sweep_exits

__all__ = ["Cell", "ExitsSweep", "Heatmap", "sweep_exits"]
