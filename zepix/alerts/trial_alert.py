"""A test alert: the body of a template with its placeholders filled in, and the request that posts it.

TradingView's placeholders get plausible values around one price: ``{{plot_0}}`` a stop half a per cent below it,
``{{plot_1}}`` and ``{{plot_2}}`` targets above, other plots 25 (an ADX, say). Nothing here knows a runner.
"""

from __future__ import annotations

import hmac
import http.client
import json
import re
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit

from zepix.alerts.templates import templates_of
from zepix.errors import ConfigError, DataError

__all__ = [
    "Answer",
    "Sample",
    "body_of",
    "message_of",
    "now",
    "post",
    "signed",
    "usual_body",
    "with_dry",
    "with_fields",
]

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([a-z_0-9.]+)\s*\}\}")
_SCRIPT: Final = "{{strategy.order.alert_message}}"
_ANSWER_BYTES: Final = 64 * 1024
_BODY_BYTES: Final = 64 * 1024
_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Sample:
    """What a test alert is about."""

    now: datetime
    symbol: str = "EURUSD"
    price: float = 1.1
    timeframe: str = "15"

    def value_of(self, name: str) -> str:
        """A placeholder filled in; as TradingView writes it."""
        bar = self.now.replace(minute=self.now.minute // 15 * 15, second=0, microsecond=0) - timedelta(minutes=15)
        plots = {"plot_0": 0.995, "plot_1": 1.01, "plot_2": 1.02}
        if name in plots:
            return self._price(self.price * plots[name])
        if name in ("open", "high", "low", "close", "strategy.order.price"):
            return self._price(self.price)
        return {
            "ticker": self.symbol,
            "exchange": "TEST",
            "interval": self.timeframe,
            "volume": "100",
            "time": f"{bar:%Y-%m-%dT%H:%M:%SZ}",
            "timenow": f"{self.now:%Y-%m-%dT%H:%M:%SZ}",
            "strategy.order.action": "buy",
            "strategy.order.contracts": "0.1",
            "strategy.order.id": f"test-{self.now:%H%M%S%f}",
            "strategy.order.comment": "a test",
            "strategy.order.alert_message": '"type": "entry", "side": "buy"',
            "strategy.position_size": "0.1",
            "strategy.market_position": "long",
            "strategy.market_position_size": "0.1",
            "strategy.prev_market_position": "flat",
            "strategy.prev_market_position_size": "0",
        }.get(name, "25")

    def _price(self, price: float) -> str:
        return f"{price:.5f}" if price < 100 else f"{price:.2f}"


def usual_body(sample: Sample) -> str:
    """An entry with a size, a stop and a target, as a script of the user's would send it."""
    stop, target = sample.value_of("plot_0"), sample.value_of("plot_1")
    fields = {
        "type": "entry",
        "symbol": sample.symbol,
        "side": "buy",
        "volume": 0.1,
        "price": float(sample.value_of("close")),
        "sl": float(stop),
        "tp": float(target),
        "timenow": sample.value_of("timenow"),
        "id": sample.value_of("strategy.order.id"),
    }
    return json.dumps(fields)


def message_of(dialect: str) -> str:
    """The first text of a dialect that says by itself what it does, to paste into TradingView. Raises ConfigError."""
    texts = [one.text for one in templates_of(dialect)]
    return next((one for one in texts if _SCRIPT not in one), texts[0])


def body_of(dialect: str, sample: Sample) -> str:
    """That text with its placeholders filled in. Raises ConfigError for no dialect."""
    return _PLACEHOLDER.sub(lambda found: sample.value_of(found[1]), message_of(dialect))


def with_fields(body: str, fields: Mapping[str, str]) -> str:
    """A body of JSON with fields set, each value as JSON reads it, else as text. Raises ConfigError for others."""
    if not fields:
        return body
    try:
        found = json.loads(body)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConfigError("--set changes fields of a JSON object, and this body is none; say it with --json or --file")
    for name, text in fields.items():
        try:
            found[name] = json.loads(text)
        except ValueError:
            found[name] = text
    return json.dumps(found)


def with_dry(url: str) -> str:
    """The address with ``dry=1``, once."""
    parts = urlsplit(url)
    query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0].lower() != "dry"]
    return parts._replace(query=urlencode([*query, ("dry", "1")])).geturl()


def signed(key: str, body: bytes) -> dict[str, str]:
    """The headers by which /webhook/custom knows who posts; none without a key."""
    if not key:
        return {}
    stamp = str(int(datetime.now(UTC).timestamp()))
    digest = hmac.new(key.encode("utf-8"), stamp.encode("ascii") + b"." + body, "sha256").hexdigest()
    return {"X-Zepix-Timestamp": stamp, "X-Zepix-Signature": f"sha256={digest}"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver answered; ``fields`` are its JSON, nothing where it sent none."""

    status: int
    fields: Mapping[str, Any]
    retry_after: str = ""

    @property
    def is_taken(self) -> bool:
        return self.status in (200, 202)


def post(url: str, body: bytes, headers: Mapping[str, str], timeout_s: float = 10.0) -> Answer:
    """Posts a body once; no redirect is followed. Raises ConfigError for an address that is none, DataError where
    nobody answers there; neither shows more of it than its host."""
    scheme, host, port, path = _taken_apart(url)
    if len(body) > _BODY_BYTES:
        raise ConfigError(f"the body has {len(body)} bytes; alerts have at most {_BODY_BYTES}")
    where = f"{scheme}://{host}:{port}"
    if scheme == "https":
        connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, timeout=timeout_s)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=timeout_s)
    try:
        connection.request("POST", path, body, {**headers, "User-Agent": "zepix-test"})
        answer = connection.getresponse()
        content = answer.read(_ANSWER_BYTES)
        return Answer(answer.status, _json(content), answer.getheader("Retry-After") or "")
    except ssl.SSLError as error:
        raise DataError(f"{where} shows no certificate that can be believed ({error.reason or 'TLS failed'})") from None
    except TimeoutError:
        raise DataError(f"{where} did not answer within {timeout_s:g} s") from None
    except socket.gaierror:
        raise DataError(f"{where}: there is no host of that name") from None
    except OSError as error:
        told = error.strerror or type(error).__name__
        raise DataError(f"{where} cannot be reached ({told}); does zepix live run there? is the port right?") from None
    except http.client.HTTPException as error:
        raise DataError(f"{where} does not speak HTTP ({type(error).__name__}); is the port right?") from None
    finally:
        connection.close()


def _taken_apart(url: str) -> tuple[str, str, int, str]:
    expected = "expected is https://alerts.example.org/webhook/tradingview/TOKEN"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ConfigError(f"the address has no host or port that makes sense; {expected}") from None
    if parts.scheme not in _PORTS or not host:
        raise ConfigError(f"the address must begin with http:// or https:// and name a host; {expected}")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigError(f"the address holds letters that no address has; {expected}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, host, port or _PORTS[parts.scheme], path


def _json(content: bytes) -> Mapping[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def now() -> datetime:
    """This moment, as TradingView says it."""
    return datetime.now(UTC)
