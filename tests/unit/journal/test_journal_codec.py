"""One line of a journal: what goes in comes out, and what JSON has no type for becomes text."""

from __future__ import annotations

import json
from decimal import Decimal
from enum import Enum
from pathlib import PurePosixPath
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zepix.journal.codec import decode_line, encode_line, plain
from zepix.model import Side

Colour = Enum("Colour", {"RED": "red"})


class Odd:
    pass


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (Decimal("1.10"), "1.10"),
        (Decimal("NaN"), "NaN"),
        (Side.SELL, "sell"),
        (Colour.RED, "red"),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (np.int64(7), 7),
        (np.float32(0.5), 0.5),
        (np.bool_(True), True),
        (np.array([1, 2]), [1, 2]),
        ((1, "a"), [1, "a"]),
        ({3, 1, 2}, [1, 2, 3]),
        (MappingProxyType({"a": Decimal(1)}), {"a": "1"}),
        ({Decimal("1.5"): 1, 2: 3}, {"1.5": 1, "2": 3}),
        (b"\x00\xff", "00ff"),
        (PurePosixPath("a/b"), "a/b"),
        (Odd(), "<Odd>"),
        ("\ud800 lone", "\ud800 lone"),
        (None, None),
        (2**70, 2**70),
    ],
)
def test_value_is_written_as(value: object, written: object) -> None:
    line = encode_line(1, 2, "note", {"value": value, "deep": [{"value": value}]})
    row = json.loads(line)
    assert row["value"] == written
    assert row["deep"] == [{"value": written}]
    assert line.isascii()


def test_line_begins_with_seq_ts_kind() -> None:
    line = encode_line(1, 1398902400000000000, "fill", {"ticket": 3, "price": Decimal("1.38")})
    assert line == '{"seq":1,"ts":1398902400000000000,"kind":"fill","ticket":3,"price":"1.38"}'


def test_mapping_that_holds_itself_is_cut_not_endless() -> None:
    loop: dict[str, object] = {}
    loop["self"] = loop
    assert "<too deep>" in encode_line(1, 2, "note", {"loop": loop})


@pytest.mark.parametrize("name", ["seq", "ts", "kind"])
def test_field_with_a_name_of_the_line_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        encode_line(1, 2, "note", {name: 1})


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"[1,2]", "not an object"),
        (b'{"seq":1,"kind":"x"}', "lacks"),
        (b'{"seq":true,"ts":1,"kind":"x"}', "lacks"),
        (b'{"seq":1.0,"ts":1,"kind":"x"}', "lacks"),
        (b'{"seq":1,"ts":1,"kind":"x","v":NaN}', "NaN"),
        (b'{"seq":1,"ts":1,"kind":"\xff"}', "UTF-8"),
        (b"[" * 100_000, "deep"),
        (b'{"seq":' + b"9" * 5000 + b"}", "digits"),
        (b"nothing", "Expecting"),
    ],
)
def test_line_that_is_none_says_why(line: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        decode_line(line)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(fields=st.dictionaries(st.text().filter(lambda k: k not in ("seq", "ts", "kind")), json_values, max_size=5))
def test_any_json_value_comes_back(fields: dict[str, object]) -> None:
    assert decode_line(encode_line(5, -1, "kind", fields)) == (5, -1, "kind", fields)
    assert plain(fields) == fields
