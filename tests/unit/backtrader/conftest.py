"""Most of this needs backtrader, an extra: without it those modules cannot even be imported."""

from __future__ import annotations

import importlib.util

NEED_IT = [f"test_backtrader_{name}.py" for name in ("analyzers", "docs", "feeds", "isolation", "strategies")]
collect_ignore = [] if importlib.util.find_spec("backtrader") else NEED_IT
