"""What another delivery would have cost: on markets made by hand, where every fill can be counted."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tests.world import CATALOGUE, T0, alert, bars, flat
from zepix.alerts import in_order
from zepix.alerts.delivery import Loss
from zepix.data import BarsLoaded
from zepix.engine.registry import PluginRegistry
from zepix.errors import ConfigError, DataError
from zepix.model import Quarantined
from zepix.research.replay import Loaded
from zepix.research.stress import Plan, _Runs, stress
from zepix.spec import load_spec

SPEC = load_spec(strategy="bracket", flags={"costs": "none"}, environ={})


def step(n):
    """A bar that stands still at 1.10000 plus n pips; bid, ask 10 points above."""
    return (110_000 + 10 * n,) * 4


RISING = [step(n) for n in range(40)]


def trades(count=6, every=5):
    """Entries of 0.10 lots, each closed two minutes later: two pips a trade where the price rises a pip a minute."""
    rows = []
    for n in range(count):
        rows += [
            alert(n * every, id=f"in{n}", raw=f"in {n}"),
            alert(n * every + 2, "exit", id=f"out{n}", raw=f"out {n}"),
        ]
    return rows


def stressed(rows, *series, spec=SPEC, **levels):
    given = {one.symbol: one for one in series}
    loaded = Loaded(in_order(rows), given, CATALOGUE, BarsLoaded(series=given))
    return stress(spec, loaded, plan=Plan.of(**levels))


def level_of(result, name):
    return next(level for level in result.levels if level.name == name)


def changes_at(name, result):
    return level_of(result, name).alerts


# -- as recorded -----------------------------------------------------------------------------


def test_the_base_is_the_replay_as_recorded():
    """Two pips less one pip of spread, 0.10 lots: 1.00 USD a trade."""
    result = stressed(trades(), bars(*RISING), delays_s=60)
    assert (result.base.net, result.base.tickets, result.base.runs) == (6.0, 6, 1)
    assert (result.alerts_sent, result.alerts_asking) == (12, 12)


# -- delay -----------------------------------------------------------------------------


def test_a_delay_of_one_bar_fills_one_bar_later():
    """Every fill moves one bar up, entries and exits alike: the profit stays. Bought alone, it costs a pip each."""
    both = stressed(trades(), bars(*RISING), delays_s=60)
    assert level_of(both, "60 s").net == 6.0
    entries = [row for row in trades() if row.type == "entry"]
    alone = stressed(entries, bars(*RISING), delays_s=60)
    assert alone.base.net - level_of(alone, "60 s").net == pytest.approx(6 * 1.0)
    assert level_of(alone, "60 s").shift_s == 60


def test_a_delay_within_the_grace_changes_nothing_and_the_notes_say_that_bars_hide_it():
    quarters = bars(*RISING[:20], timeframe="15m")
    rows = [alert(15 * n + 1 / 60, id=f"in{n}") for n in range(10)]
    result = stressed(rows, quarters, delays_s=(0, 3, 10))
    hidden, seen = result.levels
    assert (hidden.name, hidden.change, hidden.unmoved_frac) == ("3 s", 0, 1.0)
    assert (seen.unmoved_frac, seen.shift_s, seen.by_s) == (0.0, 900.0, 10.0)
    assert seen.change == pytest.approx(-10 * 1.0)
    said = "\n".join(result.notes)
    assert "Too coarse for short delays: on 15m bars" in said
    assert "half of 10 alerts only a delay of more than 4 s" in said
    assert "cannot show a delay of 3 s" in said
    assert "more than a delay of 10 s: where it reached another open, that open lay 15 min later" in said


def test_a_delay_that_the_bars_show_is_not_said_to_be_hidden():
    rows = [alert(5 * n, id=f"in{n}") for n in range(6)]
    said = "\n".join(stressed(rows, bars(*RISING), delays_s=60).notes)
    assert "cannot show" not in said
    assert "more than a delay" not in said


def test_ticks_hide_no_delay():
    """Ticks ten seconds apart, a pip higher each: an entry 3 s later buys at the same tick or the next one."""
    ticks = replace(bars(*RISING), timeframe="tick", timeframe_ns=0, time=bars(*RISING).time // 6 + T0 - T0 // 6)
    rows = [alert(0.1, id="at 6 s"), alert(0.15, id="at 9 s")]
    result = stressed(rows, ticks, delays_s=3)
    assert result.levels[0].change == pytest.approx(-1.0)  # at 12 s the next tick, a pip higher, serves
    assert result.levels[0].unmoved == 0
    assert "These prices are ticks: every delay shows." in result.notes
    assert not any("bars" in said for said in result.notes)


def test_fills_on_finer_prices_are_what_counts():
    """Quarter-hour bars whose fills are made on minutes: the minutes say which delays are seen."""
    minutes, quarters = bars(*RISING), bars(*RISING[:3], timeframe="15m")
    loaded = BarsLoaded(series={"EURUSD": quarters}, finer={"EURUSD": minutes})
    run = _Runs(SPEC, Loaded([], loaded.series, CATALOGUE, loaded), PluginRegistry(), (), None, 1)
    assert run.filling == {"EURUSD": minutes}


def test_a_level_of_zero_is_the_run_as_recorded_and_not_tried():
    result = stressed(
        trades(), bars(*RISING), delays_s=(0, 1), losses=(0,), duplications=0, reorderings=(0, "swap:5,0")
    )
    assert [level.name for level in result.levels] == ["1 s"]
    assert result.replays == 2


def test_an_alert_that_comes_after_the_prices_is_not_followed():
    result = stressed([alert(5)], bars(*RISING), delays_s=86_400)
    assert level_of(result, "86400 s").tickets == 0
    assert changes_at("86400 s", result)[0].instead == "ignored (after_end_of_data)"


# -- loss -----------------------------------------------------------------------------


def test_without_any_alert_there_is_no_ticket():
    level = level_of(stressed(trades(), bars(*RISING), losses=1), "100 %")
    assert (level.tickets, level.net, level.change, level.runs, level.lost) == (0, 0, -6.0, 1, 12)


def test_every_lost_trade_costs_what_it_would_have_won():
    """Each of 40 entries wins alone; a delivery that loses k of them has exactly k dollars less."""
    rows = [alert(n / 10, id=f"in{n}", raw=str(n), tp=1.102) for n in range(40)]
    result = stressed(rows, bars(*RISING), losses=(0.1, 0.3), repeats=15)
    won = result.base.net / 40
    for level in result.levels:
        assert level.change_mean == pytest.approx(-won * level.lost, rel=0.05)
        assert level.net_p5 <= level.net <= level.net_p95
        assert level.runs == 15
    assert result.levels[0].lost < result.levels[1].lost


def test_the_alerts_that_changed_most_are_named_with_their_money():
    """1.00 lot bought at 1.10310 in minute 30 is worth 1.10390 at the end: 80.00 USD."""
    rows = [*trades(), alert(30, id="big", volume=1.0, raw="big")]
    result = stressed(rows, bars(*RISING), losses=0.5, repeats=10)
    change = changes_at("50 %", result)[0]
    assert (change.alert_id, change.symbol, change.type, change.outcome) == ("big", "EURUSD", "entry", "filled")
    assert (change.instead, change.runs, change.money) == ("lost", 10, 80.0)
    assert 0 < change.changed_in < 10
    assert change.change_mean == pytest.approx(-8 * change.changed_in)


def test_a_lost_exit_is_seen_at_the_ticket_it_would_have_closed():
    """Of the six trades only exits are lost: the tickets live on and win more in a rising market."""
    rows = [row for row in trades() if row.type == "entry"] + [alert(12, "exit", id="out")]
    result = stressed(rows, bars(*RISING), losses=1)
    assert result.base.net > 0
    assert {one.alert_id for one in result.levels[0].alerts} >= {"out", "in0", "in5"}


# -- resends -----------------------------------------------------------------------------


def test_recognised_resends_change_nothing():
    level = level_of(stressed(trades(), bars(*RISING), duplications="resend:1,5,1"), "100 % once, 5 s apart")
    assert (level.change, level.tickets, level.runs) == (0, 6, 1)
    assert level.resent == 12
    assert level.recognised >= 6, "an exit is never dropped while its ticket is open"


def test_resends_that_are_not_recognised_open_tickets_twice():
    rows = [replace(row, explicit_id=None) for row in trades() if row.type == "entry"]
    spec = replace(SPEC, dedup_window_s=0)
    result = stressed(rows, bars(*RISING), spec=spec, duplications="resend:1,60,1")
    (level,) = result.levels
    assert (result.base.tickets, level.tickets, level.recognised, level.resent) == (6, 12, 0, 6)
    assert "0.0 of 6.0 resends a delivery were recognised" in "\n".join(result.notes)


def test_the_money_of_a_resend_is_its_alert_s():
    rows = [replace(alert(0, id="one"), explicit_id=None)]
    spec = replace(SPEC, dedup_window_s=0)
    (change,) = stressed(rows, bars(*RISING), spec=spec, duplications="resend:1,60,1").levels[0].alerts
    assert change.alert_id == "one"
    assert change.change_mean == pytest.approx(change.money - 1)  # the second ticket buys a pip higher


# -- order -----------------------------------------------------------------------------


def test_an_exit_that_overtakes_its_entry_leaves_the_ticket_open():
    rows = [alert(0, id="in"), alert(2 / 60, "exit", id="out")]
    result = stressed(rows, bars(*RISING), reorderings="swap:5,1")
    (level,) = result.levels
    assert level.swapped == 1
    assert result.base.net == pytest.approx(-1.0)  # in and out at one open: the spread
    assert level.net > 30  # to the end of the data


# -- chance -----------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_result_to_the_last_digit():
    found = [
        json.dumps(
            stressed(trades(), bars(*RISING), losses=(0.1, 0.4), delays_s="exponential:90", repeats=5, seed=s).to_dict()
        )
        for s in (3, 3, 4)
    ]
    assert found[0] == found[1]
    assert found[0] != found[2]


def test_levels_are_compared_on_the_same_luck():
    """A level's figures do not depend on what else is tried beside it."""
    alone = stressed(trades(), bars(*RISING), losses=0.4, repeats=5)
    beside = stressed(trades(), bars(*RISING), losses=(0.1, 0.4), delays_s=("uniform:1,90", 5), repeats=5)
    assert level_of(alone, "40 %") == level_of(beside, "40 %")


def test_few_deliveries_are_said_to_be_few():
    few = stressed(trades(), bars(*RISING), losses=0.1, repeats=3).notes
    many = stressed(trades(), bars(*RISING), losses=0.1, repeats=10).notes
    fixed = stressed(trades(), bars(*RISING), delays_s=60, repeats=3).notes
    assert any("Only 3 deliveries a level" in said for said in few)
    assert not any("deliveries a level: the range" in said for said in [*many, *fixed])


def test_a_change_within_chance_is_said_to_go_either_way():
    swings = [step(n % 7) for n in range(40)]
    said = "\n".join(stressed(trades(), bars(*swings), losses=0.3, repeats=20).notes)
    assert "it can go either way" in said


# -- what is asked -----------------------------------------------------------------------------


def test_what_is_not_named_is_not_tried():
    kinds = {level.kind for level in stressed(trades(), bars(*RISING), losses=0.1, repeats=1).levels}
    assert kinds == {"loss"}


def test_where_nothing_is_named_all_four_are_tried():
    plan = Plan.of(repeats=2)
    assert [kind for kind, _, _ in plan.levels] == ["delay"] * 5 + ["loss"] * 4 + ["duplicate", "reorder"]
    assert plan.replays == 1 + 5 + 2 * 6


NAN = float("nan")
BAD = [
    ({"losses": 2}, "two in a hundred are 0.02"),
    ({"losses": [0.1, -1, NAN]}, "between 0 and 1"),
    ({"delays_s": NAN}, "between 0 and a day"),
    ({"delays_s": "weibull:1,2"}, "no known distribution"),
    ({"delays_s": 0, "losses": ()}, "nothing to try"),
    ({"delays_s": ()}, "nothing to try"),
    ({"losses": 0.1, "repeats": 0}, "repeats must be a whole number between 1 and 500"),
    ({"losses": 0.1, "repeats": 10**9}, "repeats must be a whole number"),
    ({"losses": 0.1, "repeats": 500}, "501 replays are too many, at most 500"),
    ({"losses": 0.1, "repeats": 2.5}, "repeats must be a whole number"),
    ({"losses": 0.1, "repeats": True}, "repeats must be a whole number"),
    ({"losses": 0.1, "seed": -1}, "seed must be a whole number"),
    ({"delays_s": range(1, 1000)}, "500"),
]


@pytest.mark.parametrize(("asked", "words"), BAD, ids=[str(asked)[:40] for asked, _ in BAD])
def test_what_makes_no_sense_is_said_before_anything_runs(asked, words):
    with pytest.raises(ConfigError) as raised:
        Plan.of(**asked)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)


def test_all_that_is_wrong_is_said_at_once():
    with pytest.raises(ConfigError) as raised:
        Plan.of(-1, [0.1, 3], "resend:x", "swap:5,9")
    assert len(raised.value.problems) == 4


def test_the_five_hundredth_replay_is_allowed():
    assert Plan.of(losses=0.1, delays_s=range(1, 480)).replays == 500


def test_one_level_twice_is_tried_once():
    assert [name for _, name, _ in Plan.of(losses=[0.1, "0.1", Loss(0.1)]).levels] == ["10 %"]


def test_progress_counts_replays():
    told = []
    given = {"EURUSD": bars(*RISING)}
    loaded = Loaded(in_order(trades()), given, CATALOGUE, BarsLoaded(series=given))
    stress(SPEC, loaded, plan=Plan.of(losses=0.1, repeats=3), progress=lambda *pair: told.append(pair))
    assert told[0] == (0, 4)
    assert told[-1] == (4, 4)
    assert told == sorted(told)


def test_no_plugin_remembers_an_earlier_replay():
    """Fixed levels tried one after the other give what each gives alone."""
    rows, series = trades(), bars(*RISING)
    one_at_a_time = load_spec(strategy="bracket", flags={"costs": "none", "strategy.one_at_a_time": True}, environ={})
    together = stressed(rows, series, spec=one_at_a_time, delays_s=(60, 30, 70), losses=1)
    for level in together.levels:
        kind = {"delay": "delays_s", "loss": "losses"}[level.kind]
        given = {"60 s": 60, "30 s": 30, "70 s": 70, "100 %": 1}[level.name]
        assert stressed(rows, series, spec=one_at_a_time, **{kind: given}).levels == [level]


# -- what is shown -----------------------------------------------------------------------------

EVIL = "</script><script>window.pwned=1</script><b>\u202e"


@pytest.fixture
def result():
    rows = [*trades(), Quarantined(id="q", reason="bad_json", detail="", raw="{"), alert(33, id=EVIL, raw="evil")]
    return stressed(rows, bars(*RISING), delays_s=(3, 60), losses=0.2, duplications=0.5, reorderings=150, repeats=4)


def test_the_table_has_one_row_a_level_and_the_base_first(result):
    table = result.table
    assert list(table.kind) == ["base", "delay", "delay", "loss", "duplicate", "reorder"]
    assert list(table.level[:3]) == ["as recorded", "3 s", "60 s"]
    assert (table.net[1:] - table.net[0]).round(9).tolist() == table.change[1:].round(9).tolist()
    assert table.change_per_alert[2] == pytest.approx(table.change[2] / result.alerts_asking)


def test_alerts_are_a_table_too(result):
    alerts = result.alerts
    assert {"kind", "level", "alert_id", "received_at", "instead", "change_mean"} <= set(alerts.columns)
    assert str(alerts.received_at.dtype) == "datetime64[ns, UTC]"
    assert not stressed(trades(), bars(*flat(40)), delays_s=1).alerts.shape[0]


def test_what_is_printed_survives_any_console(result):
    for text in (str(result), "\n".join(result.notes), repr(result)):
        assert text.isascii()
        text.encode("cp1252")
    lines = str(result).splitlines()
    assert lines[0].split()[:2] == ["what", "level"]
    assert max(len(line) for line in lines[:7]) <= 120
    assert "9 in 10" in result._repr_html_()


def test_the_page_is_one_file_with_no_markup_from_alerts(result, tmp_path):
    folder = result.save(tmp_path / "a" / "b")
    assert {path.name for path in folder.iterdir()} == {"stress.json", "stress.html"}
    page = (folder / "stress.html").read_text(encoding="utf-8")
    assert "window.pwned=1</script>" not in page
    assert "<b>" not in page
    assert 'http-equiv="Content-Security-Policy"' in page
    assert "Too coarse for short delays" in page
    document = json.loads((folder / "stress.json").read_text(encoding="ascii"))
    assert document == json.loads(json.dumps(result.to_dict()))
    assert [level["level"] for level in document["levels"]] == [level.name for level in result.levels]
    assert document["notes"] == result.notes


def test_a_folder_that_cannot_be_made(result, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match="cannot be made"):
        result.save(tmp_path / "file" / "below")


def test_the_figure_has_one_chart_a_kind(result):
    figure = result.plot()
    assert [len(trace.x) for trace in figure.data] == [2, 1, 1, 1]
    assert figure.data[0].error_y.array is None
    assert list(figure.data[0].y) == pytest.approx([level.change for level in result.levels[:2]])


def test_a_run_without_tickets_says_that_it_says_little():
    result = stressed([alert(0, "bias"), alert(1, "exit")], bars(*RISING), delays_s=60, losses=0.5, repeats=2)
    assert any("No ticket was closed" in said for said in result.notes)
    assert result.html()
    assert str(result)


def test_no_alert_that_asks_for_anything():
    result = stressed([alert(0, "bias")], bars(*RISING), delays_s=60)
    assert result.per_alert(result.levels[0]) is None
    assert result.html()
    assert str(result)
