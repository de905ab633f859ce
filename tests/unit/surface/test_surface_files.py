"""Settings files: three formats say the same; what is wrong, too large or too deep is refused in a sentence."""

from __future__ import annotations

import pytest

from zepix.config.files import MAX_BYTES, read_settings
from zepix.errors import ConfigError

WANTED = {"account": {"balance": 5000, "currency": "EUR"}, "alerts": {"files": ["a.jsonl"]}, "report": False}
SAME = {
    "spec.toml": 'report = false\n[account]\nbalance = 5000\ncurrency = "EUR"\n[alerts]\nfiles = ["a.jsonl"]\n',
    "spec.json": '{"account": {"balance": 5000, "currency": "EUR"}, "alerts": {"files": ["a.jsonl"]}, "report": false}',
    "spec.yaml": "account:\n  balance: 5000\n  currency: EUR\nalerts:\n  files: [a.jsonl]\nreport: false\n",
    "spec.yml": "account: {balance: 5000, currency: EUR}\nalerts: {files: [a.jsonl]}\nreport: no\n",
}


@pytest.mark.parametrize("name", SAME)
def test_three_formats_say_the_same(tmp_path, name):
    path = tmp_path / name
    path.write_text(SAME[name], encoding="utf-8")
    assert read_settings(path) == WANTED


@pytest.mark.parametrize("name", ["a.toml", "a.json", "a.yaml"])
def test_an_empty_file_says_nothing(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(b"")
    assert read_settings(path) == {}


def test_a_byte_order_mark_of_an_editor_is_no_problem(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_bytes(b"\xef\xbb\xbftitle = 'x'\n")
    assert read_settings(path) == {"title": "x"}


DEEP_TOML = "a = " + "[" * 40 + "]" * 40
BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(9)
)
REFUSED = {
    "wrong suffix": ("spec.ini", b"", "ends in .json, .toml, .yaml, .yml"),
    "broken toml": ("spec.toml", b"title = \n", "not valid TOML"),
    "broken json": ("spec.json", b"{", "not valid JSON"),
    "broken yaml": ("spec.yaml", b"a: [", "not valid YAML"),
    "not utf-8": ("spec.toml", b"title = '\xff'", "not UTF-8 at byte 9"),
    "utf-16": ("spec.toml", "title = 'x'".encode("utf-16"), "UTF-16"),
    "a list": ("spec.json", b"[1]", "must hold a table of settings, not a list"),
    "too large": ("spec.toml", b"#" * (MAX_BYTES + 1), "larger than 1048576 bytes"),
    "too deep": ("spec.toml", DEEP_TOML.encode(), "more than 16 levels deep"),
    "hopelessly deep": ("spec.json", b"[" * 100_000, "more than 16 levels deep"),
    "key twice in json": ("spec.json", b'{"a": 1, "a": 2}', "'a' stands twice"),
    "key twice in yaml": ("spec.yaml", b"a: 1\na: 2\n", "'a' stands twice"),
    "key twice in toml": ("spec.toml", b"a = 1\na = 2\n", "not valid TOML"),
    "a key that is no text": ("spec.yaml", b"plugins:\n  1: {enabled: true}\n", "the key 1 is no text"),
    "a tag that would build objects": ("spec.yaml", b"a: !!python/object/apply:os.getcwd []\n", "not valid YAML"),
    "an anchor in itself": ("spec.yaml", b"a: &a [*a]\n", "not valid YAML"),
    "a bomb of anchors": ("spec.yaml", BOMB.encode(), "more than 20000 values"),
    "no number": ("spec.json", b'{"a": NaN}', "NaN is no number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_a_sentence(tmp_path, case):
    name, content, words = REFUSED[case]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        read_settings(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_a_folder(tmp_path):
    with pytest.raises(ConfigError, match="there is no such file"):
        read_settings(tmp_path / "no.toml")
    folder = tmp_path / "dir.toml"
    folder.mkdir()
    with pytest.raises(ConfigError, match="cannot be read"):
        read_settings(folder)
