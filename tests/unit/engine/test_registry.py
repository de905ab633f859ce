"""Which strategies are found, what is said of those that are not, and how plugins get their settings."""

from __future__ import annotations

import importlib.metadata
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest

from tests.world import alert
from zepix.config import complete_settings
from zepix.engine import PluginConfig, PluginInfo, PluginRegistry, ServiceAPI, Strategy
from zepix.engine.registry import builtin_strategies
from zepix.engine.strategy import settings_fields
from zepix.errors import ConfigError

GOOD = """
    from zepix import PluginInfo, Strategy

    class {name}(Strategy):
        info = PluginInfo(strategy="{family}")
"""


class Clock:
    now_ns = 0
    phase = 4


def make_api(config: PluginConfig, family: str, settings: Mapping[str, Any]) -> ServiceAPI:
    return ServiceAPI(config.plugin_id, clock=Clock(), plugin_config=settings)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write a file of the strategies' folder; returns the folder."""

    def write_one(name: str, source: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(source), encoding="utf-8")
        return tmp_path

    return write_one


def good(family: str) -> str:
    return GOOD.format(name=family.title().replace("_", ""), family=family)


def discovered(folder: Path) -> PluginRegistry:
    registry = PluginRegistry(check_settings=complete_settings)
    registry.discover_plugins([folder], entry_points=False)
    return registry


def test_a_strategy_replaced_by_a_later_one_of_the_same_name_is_said(write: Callable[[str, str], Path]) -> None:
    write("a.py", good("follow"))
    write("same.py", good("follow"))  # the same text again is no news
    found = discovered(
        write("z.py", good("follow").replace("class", "x = 1\n\n    class") + "        speed: int = 2\n")
    )
    (note,) = found.notes
    assert "'follow'" in note
    assert "replaces" in note


# --- discovery ----------------------------------------------------------------------------------------------------


def test_shipped_strategies_are_found_and_none_is_broken() -> None:
    registry = discovered(builtin_strategies())
    assert "bracket" in registry.classes
    assert registry.failures == {}


def test_one_strategy_a_file_in_order_of_names(write: Callable[[str, str], Path]) -> None:
    write("second.py", good("second"))
    folder = write("first.py", good("first"))
    assert list(discovered(folder).classes) == ["first", "second"]


def test_package_with_a_relative_import(write: Callable[[str, str], Path]) -> None:
    write("swing/levels.py", "STOP = 30.0\n")
    folder = write("swing/__init__.py", good("swing") + "    from .levels import STOP\n")
    registry = discovered(folder)
    assert list(registry.classes) == ["swing"]
    assert registry.failures == {}


def test_folder_with_plugin_py_is_a_strategy(write: Callable[[str, str], Path]) -> None:
    assert list(discovered(write("v3_combined/plugin.py", good("v3_combined"))).classes) == ["v3_combined"]


def test_two_strategies_in_one_file(write: Callable[[str, str], Path]) -> None:
    assert set(discovered(write("both.py", good("one") + good("two"))).classes) == {"one", "two"}


def test_names_with_underscore_or_dot_and_other_files_are_left_alone(write: Callable[[str, str], Path]) -> None:
    write("_draft.py", "raise RuntimeError('never loaded')")
    write(".hidden.py", "raise RuntimeError('never loaded')")
    write("notes.txt", "no strategy")
    write("empty_folder/readme.txt", "no strategy")
    registry = discovered(write("mine.py", good("mine")))
    assert list(registry.classes) == ["mine"]
    assert registry.failures == {}


BROKEN = {
    "raises": ("raise RuntimeError('no licence found')", "no licence found"),
    "syntax": ("def broken(:\n", "SyntaxError"),
    "exits": ("import sys\nsys.exit('bye')", "SystemExit: bye"),
    "imports": ("import a_module_that_nobody_has", "a_module_that_nobody_has"),
    "empty": ("", "no Strategy"),
    "bare_class": ("from zepix import Strategy\nclass Bare(Strategy): ...", "info"),
    "info_is_no_info": (
        "from zepix import Strategy\nclass Odd(Strategy):\n    info = {'strategy': 'odd'}",
        "AttributeError",
    ),
    "not_text": ("x = '\0'", "ValueError|SyntaxError"),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN)
def test_broken_file_is_reported_with_its_reason_and_the_rest_go_on(
    write: Callable[[str, str], Path], source: str, reason: str
) -> None:
    write("broken.py", source)
    write("alpha.py", good("alpha"))
    registry = discovered(write("zulu.py", good("zulu")))
    assert list(registry.classes) == ["alpha", "zulu"]
    assert list(registry.failures) == ["broken"]
    assert any(word in registry.failures["broken"] for word in reason.split("|"))


def test_missing_folder_is_reported(tmp_path: Path) -> None:
    assert discovered(tmp_path / "nowhere").failures == {"nowhere": "no such folder"}


def test_strategy_of_the_user_replaces_the_shipped_one_of_the_same_name(write: Callable[[str, str], Path]) -> None:
    folder = write("bracket.py", GOOD.format(name="MyBracket", family="bracket"))
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies(), folder], entry_points=False)
    assert registry.classes["bracket"].__name__ == "MyBracket"


def test_base_class_imported_from_zepix_is_not_taken_for_a_strategy(write: Callable[[str, str], Path]) -> None:
    source = "from zepix import Strategy\n" + textwrap.dedent(good("child"))
    assert list(discovered(write("child.py", source)).classes) == ["child"]


# --- entry points -------------------------------------------------------------------------------------------------


class Installed(Strategy):
    info = PluginInfo(strategy="installed")


class Point:
    """As ``importlib.metadata.EntryPoint``: a name, and something to load that may fail."""

    def __init__(self, name: str, loaded: object) -> None:
        self.name = name
        self.loaded = loaded

    def load(self) -> object:
        if isinstance(self.loaded, BaseException):
            raise self.loaded
        return self.loaded


@pytest.fixture
def entry_points(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Point]]:
    points: list[Point] = []

    def find(*, group: str) -> list[Point]:
        assert group == "zepix.strategies"
        return points

    monkeypatch.setattr(importlib.metadata, "entry_points", find)
    yield points


def test_strategy_of_an_installed_package_is_found(entry_points: list[Point]) -> None:
    entry_points.append(Point("installed", Installed))
    registry = PluginRegistry()
    assert registry.discover_plugins() == {"installed": Installed}


@pytest.mark.parametrize(
    "loaded", [ImportError("numpy is too old"), 42, Strategy], ids=["raises", "a_number", "the_base"]
)
def test_broken_package_is_reported_and_the_rest_go_on(entry_points: list[Point], loaded: object) -> None:
    entry_points += [Point("broken", loaded), Point("installed", Installed)]
    registry = PluginRegistry()
    assert list(registry.discover_plugins()) == ["installed"]
    assert len(registry.failures) == 1
    assert "broken" in next(iter(registry.failures))


def test_package_that_exits_is_reported(entry_points: list[Point]) -> None:
    entry_points.append(Point("broken", SystemExit("bye")))
    PluginRegistry().discover_plugins()


# --- names --------------------------------------------------------------------------------------------------------


class V3(Strategy):
    info = PluginInfo(strategy="V3_COMBINED", aliases=("COMBINED_V3", "V3"))


def test_strategy_is_found_by_plugin_id_family_and_alias_in_any_case() -> None:
    registry = PluginRegistry()
    registry.register(V3)
    for name in ("v3_combined", "V3_COMBINED", "Combined_V3", "v3"):
        assert registry.find_class(name) is V3


def test_unknown_strategy_gets_near_names() -> None:
    registry = PluginRegistry()
    registry.register(V3)
    with pytest.raises(ConfigError, match=r"no strategy 'v3_combind'; did you mean v3_combined"):
        registry.find_class("v3_combind")


def test_unknown_strategy_with_nothing_near_gets_all_names_and_what_could_not_be_loaded(
    write: Callable[[str, str], Path],
) -> None:
    write("alpha.py", good("alpha"))
    registry = discovered(write("mine.py", "raise RuntimeError('no licence found')"))
    with pytest.raises(
        ConfigError, match=r"there are alpha; mine could not be loaded \(RuntimeError: no licence found\)"
    ):
        registry.find_class("mine_of_my_own")


# --- settings -----------------------------------------------------------------------------------------------------


class Typed(Strategy):
    info = PluginInfo(strategy="typed")
    lots: float
    stop_pips: float = 20.0
    mode: Literal["fast", "slow"] = "fast"
    hours: list[int] | None = None
    constant: ClassVar[int] = 5
    _hidden: int = 3


class Derived(Typed):
    info = PluginInfo(strategy="derived")
    stop_pips: float = 30.0
    extra: bool = False


def registry_with(*classes: type[Strategy]) -> PluginRegistry:
    registry = PluginRegistry(check_settings=complete_settings)
    for cls in classes:
        registry.register(cls)
    return registry


def test_settings_are_annotated_attributes_without_underscore_and_classvar() -> None:
    assert list(settings_fields(Typed)) == ["lots", "stop_pips", "mode", "hours"]
    assert settings_fields(Typed)["lots"][1] is ...


def test_settings_are_inherited_and_may_change_their_default() -> None:
    fields = settings_fields(Derived)
    assert list(fields) == ["lots", "stop_pips", "mode", "hours", "extra"]
    assert fields["stop_pips"][1] == 30.0


def test_defaults_fill_what_is_not_given_and_attributes_carry_the_values() -> None:
    registry = registry_with(Typed)
    plugins = registry.load_all_plugins([PluginConfig("mine", "typed", {"lots": 0.5})], make_api)
    mine: Any = plugins["mine"]
    assert (mine.lots, mine.stop_pips, mine.mode, mine.hours) == (0.5, 20.0, "fast", None)
    assert mine.config == {"lots": 0.5, "stop_pips": 20.0, "mode": "fast", "hours": None}
    assert mine.api.get_plugin_config("lots") == 0.5


WRONG = {
    "text_for_a_number": ({"lots": "many"}, "lots"),
    "truth_for_a_number": ({"lots": True}, "lots"),
    "no_such_word": ({"lots": 1, "mode": "medium"}, "fast"),
    "unknown_with_near_name": ({"lots": 1, "stop_pip": 3}, "stop_pips"),
    "required_and_missing": ({}, "lots"),
    "infinite": ({"lots": float("inf")}, "lots"),
    "hidden": ({"lots": 1, "_hidden": 2}, "_hidden"),
    "constant": ({"lots": 1, "constant": 2}, "constant"),
}


@pytest.mark.parametrize(("settings", "word"), WRONG.values(), ids=WRONG)
def test_wrong_setting_is_an_error_before_anything_runs(settings: dict[str, Any], word: str) -> None:
    with pytest.raises(ConfigError, match=word) as caught:
        registry_with(Typed).load_all_plugins([PluginConfig("mine", "typed", settings)], make_api)
    assert "mine" in str(caught.value)
    assert caught.value.exit_status == 2


def test_problems_of_all_plugins_come_at_once() -> None:
    configs = [
        PluginConfig("one", "typed", {"lots": "many", "mode": "medium"}),
        PluginConfig("two", "typed", {}),
        PluginConfig("three", "tiped", {}),
    ]
    with pytest.raises(ConfigError) as caught:
        registry_with(Typed).load_all_plugins(configs, make_api)
    assert len(caught.value.problems) == 4


@pytest.mark.parametrize(
    "source",
    ["def __init__(self, *given):\n        raise OSError('no such server')", "stop: 'Unknown' = 1"],
    ids=["init_raises", "annotation_of_no_type"],
)
def test_strategy_that_cannot_be_made_is_said_as_a_configuration_error(
    write: Callable[[str, str], Path], source: str
) -> None:
    body = f"from zepix import PluginInfo, Strategy\nclass A(Strategy):\n    info = PluginInfo('a')\n    {source}\n"
    registry = discovered(write("a.py", body))
    with pytest.raises(ConfigError, match=r"'a'|a:"):
        registry.load_all_plugins([PluginConfig("a", "a")], make_api)


# --- plugins ------------------------------------------------------------------------------------------------------


def test_two_plugins_of_one_strategy_have_their_own_settings_in_the_order_given() -> None:
    registry = registry_with(Typed)
    configs = [
        PluginConfig("slow_one", "typed", {"lots": 1, "mode": "slow"}),
        PluginConfig("fast_one", "typed", {"lots": 2}),
    ]
    plugins: dict[str, Any] = registry.load_all_plugins(configs, make_api)
    assert list(plugins) == ["slow_one", "fast_one"]
    assert (plugins["slow_one"].mode, plugins["fast_one"].mode) == ("slow", "fast")


def test_default_that_is_a_list_is_not_shared_between_plugins() -> None:
    class Lister(Strategy):
        info = PluginInfo(strategy="lister")
        seen: list[str] = []  # noqa: RUF012 - a setting with a default, as users write it

    configs = [PluginConfig("one", "lister"), PluginConfig("two", "lister")]
    plugins: dict[str, Any] = registry_with(Lister).load_all_plugins(configs, make_api)
    plugins["one"].seen.append("EURUSD")
    assert plugins["two"].seen == []


def test_disabled_configuration_makes_no_plugin() -> None:
    assert registry_with(Typed).load_all_plugins([PluginConfig("mine", "typed", {}, enabled=False)], make_api) == {}


def test_timeframes_of_the_configuration_win_over_those_of_the_class() -> None:
    class Framed(Strategy):
        info = PluginInfo(strategy="framed", timeframes=("5m", "15m"))

    registry = registry_with(Framed)
    configs = [PluginConfig("declared", "framed"), PluginConfig("own", "framed", timeframes=("1h",))]
    registry.load_all_plugins(configs, make_api)
    assert registry.timeframes_of("declared") == ("5m", "15m")
    assert registry.timeframes_of("own") == ("1h",)


def test_switching_a_plugin_off_and_on_shows_in_its_status() -> None:
    registry = registry_with(Typed)
    registry.load_all_plugins([PluginConfig("mine", "typed", {"lots": 1})], make_api)
    assert registry.disable_plugin("mine")
    assert registry.get_plugin_status("mine")["enabled"] is False
    assert registry.get_plugin_for_signal(alert(0, strategy="typed")) is None
    assert registry.enable_plugin("mine")
    found = registry.get_plugin_for_signal(alert(0, strategy="TYPED"))
    assert found is registry.get_plugin("mine")
    assert not registry.disable_plugin("nobody")


def test_status_names_strategy_settings_capabilities_and_timeframes() -> None:
    registry = registry_with(Typed)
    registry.load_all_plugins([PluginConfig("mine", "typed", {"lots": 1})], make_api)
    status = registry.get_plugin_status("mine")
    assert status["plugin_id"] == "mine"
    assert status["strategy"] == "typed"
    assert status["settings"]["stop_pips"] == 20.0
    assert status["timeframes"] == ()
    assert status["capabilities"] == ()


def test_status_of_an_unknown_plugin_names_those_loaded() -> None:
    registry = registry_with(Typed)
    registry.load_all_plugins([PluginConfig("mine", "typed", {"lots": 1})], make_api)
    with pytest.raises(ConfigError, match="no plugin 'yours'; loaded are mine"):
        registry.get_plugin_status("yours")


def _family() -> PluginRegistry:
    registry = PluginRegistry()
    registry.discover_plugins([builtin_strategies()], entry_points=False)
    return registry


FOUR = [f"v6_price_action_{frame}" for frame in ("1m", "5m", "15m", "1h")]


@pytest.mark.parametrize("name", ["v6_price_action", "V6_PRICE_ACTION", "price_action", "V6"])
def test_a_familys_name_loads_each_of_its_plugins(name: str) -> None:
    registry = _family()
    assert [cls.info.plugin_id for cls in registry.find_classes(name)] == FOUR
    assert list(registry.load_all_plugins([PluginConfig(name, name)], make_api)) == FOUR


def test_plugins_of_a_family_that_are_configured_themselves_are_left_to_that() -> None:
    registry = _family()
    own = PluginConfig(FOUR[1], FOUR[1], {"adx_threshold": 33.0})
    off = PluginConfig(FOUR[0], FOUR[0], enabled=False)
    loaded = registry.load_all_plugins([PluginConfig("v6", "v6", {"adx_threshold": 11.0}), own, off], make_api)
    assert {name: plugin.config["adx_threshold"] for name, plugin in loaded.items()} == {
        FOUR[1]: 33.0,
        FOUR[2]: 11.0,
        FOUR[3]: 11.0,
    }


@pytest.mark.parametrize("name", ["price_action_5m", "V6_PRICE_ACTION_5M"])
def test_a_plugins_name_or_another_for_it_loads_that_one(name: str) -> None:
    registry = _family()
    loaded = registry.load_all_plugins([PluginConfig(name, name)], make_api)
    assert [type(plugin).__name__ for plugin in loaded.values()] == ["V6PriceAction5m"]


def test_a_family_may_be_cut_to_timeframes() -> None:
    some = PluginConfig("v6", "v6", timeframes=("5m", "4h"))
    assert list(_family().load_all_plugins([some], make_api)) == [FOUR[1], FOUR[3]]
    with pytest.raises(ConfigError, match=r"none of v6_price_action_1m.* is for 30m"):
        _family().load_all_plugins([PluginConfig("v6", "v6", timeframes=("30m",))], make_api)


def test_a_plugin_with_a_name_of_its_own_is_not_four() -> None:
    with pytest.raises(ConfigError, match="'mine': strategy 'v6' is 4 plugins; name one of v6_price_action_1m"):
        _family().load_all_plugins([PluginConfig("mine", "v6")], make_api)


def test_an_unknown_strategy_is_told_with_near_names() -> None:
    with pytest.raises(ConfigError, match="did you mean price_action_5m"):
        _family().find_class("price_acton_5m")
