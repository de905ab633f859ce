"""The bench's answer as Markdown: goals, peers, zepix's own cases; for the terminal and for `docs/performance.md`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from goals import rows, seconds
from peers_side import PeerFigures
from results import ONE, Results, machine
from zepix_side import CaseFigures

BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"
MET = {True: "yes", False: "**no**", None: ""}


def markdown(found: Results) -> str:
    """All tables of one run."""
    parts = [f"Measured on: {machine()}.", _goals(found)]
    if found.peers:
        parts += ["### Peers", _peers(found)]
    if found.cases:
        parts += ["### zepix, case by case", _cases(found)]
    if found.in_memory:
        parts += ["### In memory, as the peers are measured", _in_memory(found)]
    if found.problems:
        parts += ["### Not measured", "\n".join(f"- {problem}" for problem in found.problems)]
    return "\n\n".join(parts)


def _goals(found: Results) -> str:
    return _table(
        ("figure", "goal", "measured", "met"), ((r.figure, r.goal, r.measured, MET[r.met]) for r in rows(found))
    )


def _peers(found: Results) -> str:
    head = ("years", "alerts", "simulator", "entry bar counts", "simulation", "whole call", "runs", "trades", "points",
            "zepix is faster by")  # fmt: skip
    return _table(head, _peer_lines(found))


def _peer_lines(found: Results) -> Iterator[Sequence[str]]:
    for (years, alerts), rule in found.expected.items():
        for counts, (trades, points) in rule.items():
            name = "the rule, written plainly (`rule.py`)"
            yield (str(years), f"{alerts:,}", name, _yes(counts), "", "", "", str(trades), str(points), "")
        for kind in ("flat", "plain"):
            ours = found.case(years, alerts, ONE, kind)
            if ours:
                yield _our_line(ours, "zepix" + (", no spread" if kind == "flat" else ", with spread"))
        yield from (_peer_line(found, p) for p in found.peers if (p.years, p.alerts) == (years, alerts))


def _our_line(ours: CaseFigures, name: str) -> Sequence[str]:
    t = ours.timings
    whole = t["load_s"] + t["index_s"] + t["replay_s"]
    return (str(ours.case.years), f"{ours.case.alerts:,}", name, "yes", seconds(t["replay_s"]), seconds(whole),
            str(ours.runs), str(ours.trades), str(ours.points), "")  # fmt: skip


def _peer_line(found: Results, peer: PeerFigures) -> Sequence[str]:
    ours = found.case(peer.years, peer.alerts, ONE)
    ratio = f"{peer.run_s / ours.timings['replay_s']:,.1f} times" if ours else ""
    trades = str(peer.trades) + (f" ({peer.skipped} orders rejected)" if peer.skipped else "")
    times = [seconds(peer.run_s), seconds(peer.run_s + peer.rest_s), str(peer.runs)]
    return (str(peer.years), f"{peer.alerts:,}", f"{peer.peer} {peer.version}", _yes(peer.entry_bar_counts),
            *times, trades, str(peer.points), ratio)  # fmt: skip


def _cases(found: Results) -> str:
    head = ("case", "alerts", "trades", "points", "`load_s`", "`index_s`", "`replay_s`", "`write_s`", "per alert",
            "whole command", "peak memory", "runs")  # fmt: skip
    cold = [(f"{name}, Parquet read anew", f) for name, f in ((c.case.name, c) for c in found.cold_caches.values())]
    start = [(f"{found.cold_start.case.name}, cold start", found.cold_start)] if found.cold_start else []
    return _table(head, (_case_line(name, f) for name, f in [*found.cases.items(), *cold, *start]))


def _case_line(name: str, f: CaseFigures) -> Sequence[str]:
    times = [seconds(f.timings.get(key, 0.0)) for key in ("load_s", "index_s", "replay_s", "write_s")]
    peak = "" if f.peak_bytes is None else f"{f.peak_bytes / 1e6:.0f} MB"
    return (name, f"{f.case.alerts:,}", str(f.trades), str(f.points), *times, f"{f.replay_us_per_alert:.1f} us",
            seconds(f.wall_s), peak, str(f.runs))  # fmt: skip


def _in_memory(found: Results) -> str:
    lines = (
        (str(years), mode, seconds(said["seconds"]), str(said["trades"]))
        for (years, mode), said in found.in_memory.items()
    )
    return _table(("years", "mode", f"replay of {found.few:,} alerts", "trades"), lines)


def _yes(counts: bool) -> str:
    return "yes" if counts else "no"


def _table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    body = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(line) + " |" for line in body)


def put_into(page: Path, text: str) -> None:
    """Replace what stands between the page's two marks. Raises ValueError if they are not there."""
    before = page.read_text(encoding="utf-8")
    if BEGIN not in before or END not in before:
        raise ValueError(f"{page} has no marks {BEGIN} and {END} to write between")
    head, rest = before.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    page.write_text(f"{head}{BEGIN}\n\n{text}\n\n{END}{tail}", encoding="utf-8", newline="\n")
