"""Regular expressions of a dialect, on RE2: time is linear in the text, whatever the pattern (``(a+)+$``).

RE2 has no backreferences and no look-around; a pattern that uses them is refused when the file is read. A pattern has
at most 1,000 characters and 1,000 instructions, a text at most 16 KiB: a longer one (no alert is) matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final, cast

import re2

__all__ = ["PATTERN_LIMIT", "TEXT_LIMIT_BYTES", "Pattern"]

PATTERN_LIMIT: Final = 1000
PROGRAM_LIMIT: Final = 1000
TEXT_LIMIT_BYTES: Final = 16 * 1024
GROUPS_LIMIT: Final = 64
_MEMORY_LIMIT_BYTES: Final = 1 << 20
_NAMED: Final = re.compile(r"\(\?P?<([A-Za-z_]\w{0,63})>")
_MISSING: Final = (
    ("(?=", "lookahead (?=...)"),
    ("(?!", "lookahead (?!...)"),
    ("(?<", "lookbehind (?<=...) or (?<!...)"),
    ("(?>", "atomic groups (?>...)"),
)
_BACKREFERENCE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\[1-9]")


class Pattern:
    """One compiled expression with its named groups; it is searched for anywhere in a text (``^`` and ``$`` bind)."""

    __slots__ = ("_names", "_regex", "text")

    def __init__(self, text: str) -> None:
        """Raises ValueError with a sentence that has no subject."""
        if not 0 < len(text) <= PATTERN_LIMIT:
            raise ValueError(f"a pattern has 1 to {PATTERN_LIMIT} characters, not {len(text)}")
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MEMORY_LIMIT_BYTES
        try:
            self._regex = cast(Any, re2.compile(text.encode("utf-8"), options))
        except re2.error as error:
            raise ValueError(_sentence(text, error)) from None
        except UnicodeEncodeError:
            raise ValueError("the pattern holds half of a surrogate pair, which is no character") from None
        if self._regex.programsize > PROGRAM_LIMIT:
            raise ValueError(f"the pattern is too large: {self._regex.programsize} steps; at most {PROGRAM_LIMIT}")
        named = _NAMED.findall(text)
        self.text = text
        self._names = tuple((name.decode("utf-8"), index) for name, index in self._regex.groupindex.items())
        if len(named) > GROUPS_LIMIT:
            raise ValueError(f"{len(named)} named groups; at most {GROUPS_LIMIT}")
        if len(named) > len(self._names):
            twice = sorted({name for name in named if named.count(name) > 1})
            raise ValueError(f"two groups are named {', '.join(twice)}; a name stands once")

    @property
    def names(self) -> tuple[str, ...]:
        """The named groups, in the order of their names."""
        return tuple(sorted(name for name, _ in self._names))

    def matches(self, text: str) -> bool:
        """Whether the pattern stands anywhere in the text."""
        encoded = text.encode("utf-8", "replace")
        return len(encoded) <= TEXT_LIMIT_BYTES and self._regex.search(encoded) is not None

    def groups(self, text: str) -> dict[str, str] | None:
        """The named groups that took part, stripped; None where the pattern does not match."""
        encoded = text.encode("utf-8", "replace")
        match = self._regex.search(encoded) if len(encoded) <= TEXT_LIMIT_BYTES else None
        if match is None:
            return None
        found = ((name, match.group(index)) for name, index in self._names)
        return {name: part.decode("utf-8", "replace").strip() for name, part in found if part is not None}

    def replaced(self, text: str, names: Collection[str], by: str) -> str:
        """The text with what these groups hold replaced; unchanged where the pattern does not match."""
        encoded = text.encode("utf-8", "replace")
        match = self._regex.search(encoded) if len(encoded) <= TEXT_LIMIT_BYTES else None
        if match is None:
            return text
        spans = sorted({match.span(index) for name, index in self._names if name in names}, reverse=True)
        for start, end in spans:
            if start >= 0:
                encoded = encoded[:start] + by.encode("utf-8") + encoded[end:]
        return encoded.decode("utf-8", "replace")


def _sentence(text: str, error: Exception) -> str:
    """What RE2 said, in words that name the missing feature where it is one."""
    why = error.args[0] if error.args else ""
    said = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
    for mark, feature in _MISSING:
        if said.endswith(mark) or (mark in said and "operator" in said):
            return f"RE2 has no {feature}: it promises linear time; write the pattern without"
    if ("escape sequence" in said and _BACKREFERENCE.search(text)) or (said.endswith("(?P") and "(?P=" in text):
        return "RE2 has no backreferences (\\1): it promises linear time; write the pattern without"
    if said.endswith("\\Z"):
        return "the end of the text is \\z or $ in RE2, not \\Z"
    if said.startswith("bad repetition operator"):
        return f"RE2 has no possessive repetition ({said.rpartition(' ')[2]}); write the pattern without"
    return f"no regular expression: {ascii(said)[1:-1][:200]}"
