"""Fetching one file after another from one server, politely, and trusting nothing that it answers.

One connection, a pause between requests, an honest name. What may pass is tried again, each time later and at a random
moment: no answer in time, a broken connection, an answer cut short, 408, 429, 5xx. ``Retry-After`` is obeyed to the
second; a server that asks for more than ten minutes is left alone. What does not pass ends the download at once: a
redirect, another kind of content, more bytes than such a file has, a certificate that does not prove the host, any
other status. What was fetched before is kept.

Limits: bytes and seconds of each answer (a watchdog cuts a server that drips), tries of each file, failures of a run.
"""

from __future__ import annotations

import http.client
import random
import socket
import ssl
import threading
import time as clock
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from zepix.errors import ConfigError, DataError

__all__ = ["NOTHING_THERE", "USER_AGENT", "Fetcher", "Politeness", "check_host"]

USER_AGENT: Final = "zepix (replays of recorded alerts; one connection, pauses, keeps what it fetched)"
NOTHING_THERE: Final = None
"""What ``Fetcher.get`` gives for 404: the feed has no such file."""

_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})
_KINDS: Final = ("application/octet-stream", "binary/octet-stream", "application/x-lzma", "application/x-bi5")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_BLOCK: Final = 65_536
_SHOWN: Final = 120


@dataclass(frozen=True, slots=True)
class Politeness:
    """How a server is asked: seconds between requests, patience with an answer, tries of a file, failures of a run."""

    pause_s: float = 0.25
    timeout_s: float = 30.0
    answer_s: float = 120.0
    tries: int = 6
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0
    longest_retry_after_s: float = 600.0
    most_failures: int = 60

    def wait_s(self, attempt: int) -> float:
        """Before the next try: doubled each time up to the longest, at a random moment of its second half."""
        longest = float(min(self.longest_wait_s, self.first_wait_s * 2**attempt))
        return longest * (0.5 + 0.5 * random.random())  # noqa: S311 - spreads load, guards nothing


class _Again(Exception):
    """A failure that may pass; ``after_s`` is what the server asked to wait."""

    def __init__(self, why: str, after_s: float | None = None) -> None:
        super().__init__(why)
        self.after_s = after_s


def check_host(url: str) -> tuple[str, str, int | None, str]:
    """Scheme, host, port and path of a feed's address.

    Raises ConfigError for anything but https (http to this machine itself), and for addresses with a password or query.
    """
    wrong = f"--host {url[:_SHOWN]!r}: expected an address as https://datafeed.dukascopy.com/datafeed"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as why:
        raise ConfigError(f"{wrong} ({why})") from why
    if parts.scheme not in ("http", "https") or not host or parts.query or parts.fragment or parts.username:
        raise ConfigError(wrong)
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(wrong)
    if parts.scheme == "http" and host not in _LOOPBACK:
        raise ConfigError(f"--host {url[:_SHOWN]!r}: prices are fetched over https; http is for this machine itself")
    return parts.scheme, host, port, parts.path.rstrip("/")


@dataclass(slots=True)
class Fetcher:
    """One connection to a feed. ``get`` fetches a file; use it as a context manager.

    ``sleep`` and ``now`` are for tests. ``requests``, ``failures``, ``received_bytes`` and ``waited_s`` count.
    """

    url: str
    politeness: Politeness = field(default_factory=Politeness)
    sleep: Callable[[float], None] = clock.sleep
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    tls: ssl.SSLContext = field(default_factory=ssl.create_default_context)
    requests: int = 0
    failures: int = 0
    received_bytes: int = 0
    waited_s: float = 0.0
    _connection: http.client.HTTPConnection | None = None

    def __enter__(self) -> Self:
        check_host(self.url)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._hang_up()

    def get(self, path: str, most_bytes: int, check: Callable[[bytes], None]) -> bytes | None:
        """The body of a file, ``check``ed (which raises DataError), or None where the server has none (404).

        An answer that does not pass the check may have been damaged on the way, and is asked for again. Raises
        DataError when the tries are used up, or for an answer that no further try would mend.
        """
        why = ""
        for attempt in range(self.politeness.tries):
            if self.requests:
                self._wait(self.politeness.pause_s)
            try:
                body = self._ask(path, most_bytes)
                if body is not None:
                    check(body)
                return body
            except _Again as again:
                why, after_s = str(again), again.after_s
            except DataError as damaged:
                why, after_s = str(damaged), None
                if isinstance(damaged, _Refused):
                    raise
            self._count_failure(path, why)
            if attempt + 1 < self.politeness.tries:
                self._wait(self.politeness.wait_s(attempt) if after_s is None else after_s)
        raise DataError(
            f"{self.url}{path} failed {self.politeness.tries} times, at last: {why}; what was fetched is kept, "
            "the same command goes on from here"
        )

    def _count_failure(self, path: str, why: str) -> None:
        self.failures += 1
        self._hang_up()
        if self.failures >= self.politeness.most_failures:
            raise DataError(
                f"{self.failures} requests failed, at last {self.url}{path}: {why}; stopped rather than pressing on, "
                "what was fetched is kept, the same command goes on from here"
            )

    def _wait(self, seconds: float) -> None:
        self.waited_s += seconds
        self.sleep(seconds)

    def _ask(self, path: str, most_bytes: int) -> bytes | None:
        """One request and its answer, within the limits of seconds and bytes."""
        self.requests += 1
        watchdog: threading.Timer | None = None
        try:
            connection = self._connected()
            watchdog = threading.Timer(self.politeness.answer_s, _cut, (connection.sock,))
            watchdog.daemon = True
            watchdog.start()
            headers = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
            connection.request("GET", self._root + path, headers=headers)
            return self._answer(connection.getresponse(), path, most_bytes)
        except ssl.SSLCertVerificationError as why:
            raise _Refused(f"{self.url}: its certificate does not prove the host ({why.verify_message})") from why
        except (http.client.HTTPException, OSError) as why:
            raise _Again(f"{type(why).__name__} {why}".strip()[:_SHOWN]) from why
        finally:
            if watchdog is not None:
                watchdog.cancel()

    @property
    def _root(self) -> str:
        return check_host(self.url)[3]

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            scheme, host, port, _ = check_host(self.url)
            seconds = self.politeness.timeout_s
            if scheme == "https":
                self._connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=self.tls)
            else:
                self._connection = http.client.HTTPConnection(host, port, timeout=seconds)
        if self._connection.sock is None:
            self._connection.connect()
        return self._connection

    def _hang_up(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _answer(self, answer: http.client.HTTPResponse, path: str, most_bytes: int) -> bytes | None:
        where = f"{self.url}{path}"
        if answer.status in _AGAIN:
            after_s = self._retry_after(answer.headers.get("Retry-After"), where)
            raise _Again(f"status {answer.status}", after_s)
        if answer.status in (404, 410):
            _drain(answer)
            if answer.will_close:
                self._hang_up()
            return NOTHING_THERE
        if answer.status != 200:
            to = answer.headers.get("Location")
            away = f" to {_plain(to)}" if to else ""
            raise _Refused(f"{where} answers with status {answer.status}{away}; nothing but the file itself is taken")
        kind = (answer.headers.get("Content-Type") or _KINDS[0]).partition(";")[0].strip().lower()
        if kind not in _KINDS or answer.headers.get("Content-Encoding", "identity") != "identity":
            raise _Refused(f"{where} answers with {_plain(kind)}, no file of prices")
        body = self._body(answer, where, most_bytes)
        if answer.will_close:
            self._hang_up()
        return body

    def _body(self, answer: http.client.HTTPResponse, where: str, most_bytes: int) -> bytes:
        too_much = f"{where} sends more than {most_bytes} bytes, which no such file has"
        if (answer.length or 0) > most_bytes:
            raise _Refused(too_much)
        parts: list[bytes] = []
        size = 0
        announced = answer.length
        while block := answer.read(min(_BLOCK, most_bytes - size + 1)):
            size += len(block)
            if size > most_bytes:
                raise _Refused(too_much)
            parts.append(block)
        self.received_bytes += size
        if announced is not None and size < announced:
            raise _Again(f"{size} of {announced} bytes came")
        if not size and announced is None and not answer.chunked:
            raise _Again("an empty answer that does not say that it is empty")
        return b"".join(parts)

    def _retry_after(self, said: str | None, where: str) -> float | None:
        """The seconds that ``Retry-After`` asks for; None without one. Raises if they are too many."""
        if said is None:
            return None
        try:
            seconds = float(said) if said.strip().isdigit() else _seconds_to(said, self.now())
        except (TypeError, ValueError, OverflowError):
            return None
        if seconds > self.politeness.longest_retry_after_s:
            raise _Refused(
                f"{where} asks to come back after {seconds:.0f} s; what was fetched is kept, run the same command then"
            )
        return max(seconds, 0.0)


class _Refused(DataError):
    """An answer that no further try would mend."""


def _seconds_to(date: str, now: datetime) -> float:
    then = parsedate_to_datetime(date)
    return ((then if then.tzinfo else then.replace(tzinfo=UTC)) - now).total_seconds()


def _cut(sock: socket.socket | None) -> None:
    """End an answer that takes too long, wherever it is being read."""
    if sock is not None:
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _drain(answer: http.client.HTTPResponse) -> None:
    """Read the page of an error, to a limit, so that the connection can be used again."""
    answer.read(_BLOCK)
    if not answer.isclosed():
        answer.will_close = True


def _plain(text: str | None) -> str:
    return "".join(c if c.isprintable() else "?" for c in (text or "")[:_SHOWN])
