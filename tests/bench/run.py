"""Measure zepix and its peers and print a table of what was promised, what was found, and the ratios.

``python tests/bench`` (or ``python -m tests.bench``, or ``python tests/bench/run.py``) from a checkout whose Python has
zepix's dependencies. All figures of one table come from one run on one machine. Everything made along the way lies in
``tests/bench/.cache``; the peers are installed there, into an environment of their own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import peers_side
import table
from processes import CommandFailed
from results import HEDGED, ONE, Results, case_name
from zepix_side import Case, ZepixSide

HERE = Path(__file__).resolve().parent
CACHE = HERE / ".cache"
SETTLE_S = 3  # zepix hashes a file anew until it has been left alone for two seconds; that is not to be measured
SLOW_PEER, SLOW_PEER_MAX_YEARS = "backtrader", 1


class Bench:
    """One run: workloads, then peers, then zepix; a part that fails is reported and the rest goes on."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.repeat = 2 if args.quick else 5
        refused = 10_000
        self.found = Results(years=sorted(args.years), alerts=sorted(args.alerts), refused=refused)
        self.manifests: dict[int, dict[str, Any]] = {}
        self.zepix = ZepixSide(CACHE)

    def run(self) -> Results:
        for years in self.found.years:
            self._make_workload(years)
        if self.args.peers:
            self._peers()
        if self.args.zepix:
            self._zepix()
        return self.found

    def _make_workload(self, years: int) -> None:
        found = self.found
        counts, refused = (found.alerts, found.refused) if years == found.short else ([found.few], 0)
        self._say(f"workload of {years} y, {', '.join(f'{c:,}' for c in counts)} alerts")
        command = [sys.executable, str(HERE / "workload.py"), str(CACHE / "data"), "--years", str(years)]
        command += ["--refused", str(refused), "--alerts", *map(str, counts)]
        said = subprocess.run(command, check=True, capture_output=True, text=True, encoding="utf-8").stdout
        self.manifests[years] = json.loads(said)
        found.bars[years] = self.manifests[years]["bars"]
        time.sleep(SETTLE_S)

    def _peers(self) -> None:
        self._say("installing the peers, if need be (about 900 MB)")
        python = peers_side.install(CACHE / "peers")
        for years in self.found.years:
            arrays = Path(self.manifests[years]["arrays"][str(self.found.few)])
            self.found.expected[years, self.found.few] = peers_side.expected(arrays)
            for peer in peers_side.SCRIPTS:
                if peer == SLOW_PEER and (self.args.quick or years > SLOW_PEER_MAX_YEARS):
                    continue
                runs = {"vectorbt": 2 * self.repeat, "backtesting.py": 3 if years == 1 else 1}.get(peer, 1)
                with self._part(f"{peer}, {years} y"):
                    figures = peers_side.measure(python, peer, arrays, years=years, alerts=self.found.few, runs=runs)
                    self.found.peers.append(figures)

    def _zepix(self) -> None:
        for case in self._cases():
            with self._part(f"zepix, {case.name}"):
                runs = self.repeat if case.alerts == self.found.few else min(3, self.repeat)
                self.found.cases[case.name] = self.zepix.measure(case, runs)
        for years in self.found.years:
            self._loading(years)
            for mode in (ONE, HEDGED):
                self._in_memory(years, mode)
        self._odds_and_ends()

    def _cases(self) -> Iterator[Case]:
        found = self.found
        for years in found.years:
            for mode in (ONE, HEDGED):
                for count in found.alerts if years == found.short else [found.few]:
                    yield self._case(years, count, mode)
            yield self._case(years, found.few, ONE, "flat")
        for kind in ("wrong_side", "weekend"):
            yield self._case(found.short, found.refused, HEDGED, kind)

    def _case(self, years: int, count: int, mode: str, kind: str = "plain") -> Case:
        manifest = self.manifests[years]
        return Case(
            name=case_name(years, count, mode, kind), years=years, alerts=count, one_at_a_time=mode == ONE,
            parquet=Path(manifest["flat_parquet" if kind == "flat" else "parquet"]),
            log=Path(manifest["alerts"][f"{kind}_{count}"]),
        )  # fmt: skip

    def _loading(self, years: int) -> None:
        with self._part(f"loading {years} y"):
            manifest = self.manifests[years]
            said = self.zepix.in_process("load", manifest["parquet"], manifest["flat_parquet"], str(3 * self.repeat))
            self.found.loads[years] = said
        with self._part(f"whole command without the bars' cache, {years} y"):
            case = self._case(years, self.found.few, ONE)
            self.found.cold_caches[years] = self.zepix.cold(case, kernels=False)

    def _in_memory(self, years: int, mode: str) -> None:
        with self._part(f"in memory, {years} y, {mode}"):
            case = self._case(years, self.found.few, mode)
            said = self.zepix.in_process("replay", str(case.parquet), str(case.log), mode, str(2 * self.repeat))
            self.found.in_memory[years, mode] = said

    def _odds_and_ends(self) -> None:
        found = self.found
        with self._part("parsing"):
            log = self.manifests[found.short]["alerts"][f"plain_{max(found.alerts)}"]
            found.parse = self.zepix.in_process("parse", log, str(3 * self.repeat))
        with self._part("zepix --help"):
            found.help_s = self.zepix.help_s(self.repeat)
        with self._part("cold start"):
            found.cold_start = self.zepix.cold(self._case(found.short, found.few, ONE), kernels=True)

    @contextmanager
    def _part(self, name: str) -> Iterator[None]:
        self._say(name)
        try:
            yield
        except (CommandFailed, KeyError, ValueError) as problem:
            self.found.problems.append(f"{name}: {type(problem).__name__} {problem}")
            self._say(f"  not measured: {problem}")

    def _say(self, what: str) -> None:
        print(f"bench: {what}", file=sys.stderr, flush=True)


def arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tests/bench", description=(__doc__ or "").splitlines()[0])
    switch: Callable[..., Any] = parser.add_argument
    on_off = argparse.BooleanOptionalAction
    switch("--quick", action="store_true", help="1 year, 1,000 alerts, fewer runs, without backtrader")
    switch("--peers", action=on_off, default=True, help="measure the peers (installs them at the first time)")
    switch("--zepix", action=on_off, default=True, help="measure zepix")
    switch("--years", type=int, nargs="+", default=None, metavar="N", help="spans of the bars (1 10)")
    switch("--alerts", type=int, nargs="+", default=None, metavar="N", help="sizes of the logs (1000 10000 100000)")
    switch("--write", type=Path, metavar="PAGE", help="put the tables between the marks of this page")
    args = parser.parse_args(argv)
    args.years = args.years or ([1] if args.quick else [1, 10])
    args.alerts = args.alerts or ([1000] if args.quick else [1000, 10_000, 100_000])
    return args


def main(argv: list[str] | None = None) -> int:
    """Exit status 1 if something could not be measured; a missed goal is no error, it is said."""
    args = arguments(argv)
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    found = Bench(args).run()
    text = table.markdown(found)
    (CACHE / "last.md").write_text(text + "\n", encoding="utf-8", newline="\n")
    print(text)
    if args.write:
        table.put_into(args.write, text)
    return 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
