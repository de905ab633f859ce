"""The five answers: what they may be, each checked where it is given, and which flag says it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from zepix.errors import ConfigError
from zepix_live.engine.options import feed_choice
from zepix_live.receiver.mirror_url import checked_urls

__all__ = [
    "ALL",
    "LOCAL",
    "PLACEHOLDER",
    "REACHES",
    "Choices",
    "feed",
    "folder",
    "mirrors",
    "public_url",
    "reach",
    "strategy",
    "strategy_ids",
]

LOCAL: Final = "local"
REACHES: Final = (LOCAL, "tunnel", "proxy")
PLACEHOLDER: Final = "https://YOUR-ADDRESS"
ALL: Final = "all"
NONE: Final = ("", "none", "no", "-")


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody wants."""

    data_dir: Path
    reach: str = LOCAL
    public_url: str = ""
    """Scheme and host under which TradingView finds the proxy or the tunnel."""
    strategy: str = "bracket"
    feed: str = "webhook"
    mirrors: tuple[str, ...] = ()
    port: int = 8000

    @property
    def base_url(self) -> str:
        """Where alerts are posted to, without a path."""
        return f"http://127.0.0.1:{self.port}" if self.reach == LOCAL else self.public_url or PLACEHOLDER


def folder(text: str) -> Path:
    """A folder that is there, or may be made. Raises ConfigError."""
    if not text.isprintable():
        raise ConfigError("a folder's name has printable characters only")
    try:
        found = Path(text).expanduser()
        if found.exists() and not found.is_dir():
            raise ConfigError(f"{text} is a file, no folder")
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: ~ of somebody who is not there
        raise ConfigError(f"{text[:60]} can be no folder ({getattr(error, 'strerror', None) or error})") from None
    return found


def reach(text: str) -> str:
    """``local``, ``tunnel`` or ``proxy``, or its number. Raises ConfigError."""
    word = text.strip().lower()
    if word in REACHES:
        return word
    if word in ("1", "2", "3"):
        return REACHES[int(word) - 1]
    raise ConfigError(f"expected 1, 2 or 3 ({', '.join(REACHES)}), not {ascii(text)[:40]}")


def public_url(text: str) -> str:
    """An address without a path: ``https://alerts.example.org``. Raises ConfigError."""
    if text == PLACEHOLDER:
        return ""
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
        port, host = parts.port, parts.hostname
    except ValueError:
        port, host = None, None
    if not host or parts.scheme not in ("http", "https") or not text.isascii() or " " in text:
        raise ConfigError("expected an address such as https://alerts.example.org")
    if port not in (None, 80, 443):
        raise ConfigError("TradingView posts to ports 80 and 443 only")
    return f"{parts.scheme}://[{host}]" if ":" in host else f"{parts.scheme}://{host}"


def strategy_ids() -> dict[str, str]:
    """Plugin ids of the strategies that come with zepix or lie in ./strategies, and what each does."""
    from zepix.engine.registry import find_strategies
    from zepix.spec import load_spec

    registry = find_strategies(load_spec(None, flags={}, environ={}).strategy_folders)
    return {**{name: cls.info.description for name, cls in registry.classes.items()}, ALL: "every one of them"}


def strategy(text: str, known: Sequence[str]) -> str:
    """A name among ``known``, or its number. Raises ConfigError with near names."""
    word = text.strip()
    if word.isdecimal() and 1 <= int(word) <= len(known):
        return known[int(word) - 1]
    if word in known:
        return word
    from zepix.config import near

    hint = near(word, known, "") or f"; there are {', '.join(known)}"
    raise ConfigError(f"there is no strategy {word[:60]!a}{hint}")


def feed(text: str) -> str:
    """``webhook``, ``none`` or ``replay:PATH`` (or a path alone), a path made whole. Raises ConfigError."""
    word = text.strip()
    found = {"1": "webhook", "2": "none"}.get(word, word)
    if found not in ("webhook", "none") and not found.startswith("replay:"):
        found = f"replay:{found}"
    choice = feed_choice(found)
    if choice.path is None:
        return found
    try:
        is_there = choice.path.exists()
    except OSError:  # a name that is too long, a folder that may not be read
        is_there = False
    if not is_there:
        raise ConfigError(
            f"{str(choice.path)[:120]} is not there; a recording is a store folder or a Parquet file of prices"
        )
    return f"replay:{choice.path.resolve()}"


def mirrors(text: str) -> tuple[str, ...]:
    """Addresses, separated by spaces or commas; nothing for none. Raises ConfigError, which shows none of them."""
    if text.strip().lower() in NONE:
        return ()
    problems: list[str] = []
    found = checked_urls("mirror", text.replace(",", " ").split(), problems)
    if problems:
        raise ConfigError(problems)
    return found
