"""What the tables under ``[live]`` have in common: names that nobody knows, networks, the secrets beside them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from pathlib import Path

from zepix.errors import ConfigError
from zepix_live.secrets_file import Secrets, load_secrets

__all__ = ["is_network", "secrets_beside", "unknown_setting"]


def unknown_setting(section: str, name: object, known: Iterable[str]) -> str:
    """The sentence about a name that ``section`` does not have, with the nearest that it has, or all of them."""
    import difflib  # only a mistake needs it, and the receiver starts without

    there = sorted(known)
    near = difflib.get_close_matches(str(name), there, n=1)
    hint = f"did you mean '{section}.{near[0]}'?" if near else f"there are {', '.join(there)}"
    return f"{section}.{ascii(name)[1:-1][:60]}: unknown setting; {hint}"


def is_network(value: object) -> bool:
    """Whether it is an address or a network, as text."""
    try:
        ipaddress.ip_network(value if isinstance(value, str) else "", strict=False)
    except ValueError:
        return False
    return True


def secrets_beside(data_dir: Path, environ: Mapping[str, str], problems: list[str]) -> Secrets:
    """The secrets that go with a table. Raises ConfigError with all of ``problems`` and whatever is wrong with them."""
    try:
        found = load_secrets(data_dir, environ)
    except ConfigError as error:
        raise ConfigError([*problems, *error.problems]) from None
    if problems:
        raise ConfigError(problems)
    return found
