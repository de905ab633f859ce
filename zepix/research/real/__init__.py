"""Is it real? Checks that look for what speaks against a result: docs/real.md.

``real_check`` runs them all; each can be asked by itself. ``walk_forward`` is ``zx.walk_forward``.
"""

from zepix.research.real.asking import real_check
from zepix.research.real.generated import generated_alerts
from zepix.research.real.look_ahead import look_ahead
from zepix.research.real.monte_carlo import monte_carlo, resampled
from zepix.research.real.overfitting import overfitting, symmetric_cross_validation
from zepix.research.real.page import RealCheck, check_real
from zepix.research.real.replays import Subject, subject_of
from zepix.research.real.sensitivity import sensitivity
from zepix.research.real.sharpe import (
    deflated_sharpe,
    expected_best_sharpe,
    minimum_track_record,
    moments,
    probabilistic_sharpe,
)
from zepix.research.real.start_up import start_up
from zepix.research.real.walk_forward import walk_forward
from zepix.research.real.walked import WalkForward

__all__ = [
    "RealCheck",
    "Subject",
    "WalkForward",
    "check_real",
    "deflated_sharpe",
    "expected_best_sharpe",
    "generated_alerts",
    "look_ahead",
    "minimum_track_record",
    "moments",
    "monte_carlo",
    "overfitting",
    "probabilistic_sharpe",
    "real_check",
    "resampled",
    "sensitivity",
    "start_up",
    "subject_of",
    "symmetric_cross_validation",
    "walk_forward",
]
