"""``zepix alerts send``: a test alert to a receiver, and what became of it where its data folder is at hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from zepix.commands.alert_options import pairs_of
from zepix.commands.console import harmless, note, say
from zepix.errors import ConfigError, DataError

__all__ = ["send"]

_MOST_BYTES: Final = 64 * 1024
_KEY: Final = "ZEPIX_WEBHOOK_HMAC_KEY"
_WHY: Final = {
    404: "the address or its token is not right",
    403: "the secret is right; the sender's address, its certificate or the time is not",
    503: "not now; TradingView would come again",
    429: "too many",
}


def send(
    url: Annotated[
        str | None, typer.Argument(metavar="URL", help="The webhook's address; without it that of --data's runner.")
    ] = None,
    template: Annotated[
        str | None, typer.Option("--template", metavar="DIALECT", help="The dialect's own text, filled in.")
    ] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE", help="The body, as it is; - reads it.")] = None,
    body: Annotated[str | None, typer.Option("--json", metavar="TEXT", help="The body, as it is.")] = None,
    sets: Annotated[
        list[str] | None, typer.Option("--set", metavar="FIELD=VALUE", help="A field of a JSON body. Repeatable.")
    ] = None,
    symbol: Annotated[str, typer.Option("--symbol", metavar="SYMBOL", help="What it is about.")] = "EURUSD",
    price: Annotated[float, typer.Option("--price", help="Stop and targets are around it.")] = 1.1,
    dry: Annotated[bool, typer.Option("--dry", help="Decide, and never order (dry=1).")] = False,
    data: Annotated[
        Path | None, typer.Option("--data", metavar="DIR", help="The runner's data folder: tell what became of it.")
    ] = None,
    wait_s: Annotated[float, typer.Option("--wait-s", help="How long to wait for that.")] = 10.0,
    content_type: Annotated[
        str | None, typer.Option("--content-type", help="As TradingView: by what the body is.")
    ] = None,
) -> None:
    """Post a test alert: an entry with a stop and a target, or what --template, --file, --json say.

    To /webhook/custom it is signed where ZEPIX_WEBHOOK_HMAC_KEY is set. It trades like any alert, unless --dry is said.
    """
    from zepix.alerts.trial_alert import Sample, now, post, signed, with_dry, with_fields

    text = _body(template, file, body, Sample(now(), symbol, price))
    text = with_fields(text, pairs_of(sets, "--set", "FIELD=VALUE, as sl=1.05"))
    address, key = _address(url, data)
    raw = text.encode("utf-8", "surrogateescape")
    answer = post(with_dry(address) if dry else address, raw, {**_content_type(raw, content_type), **signed(key, raw)})
    fields = answer.fields
    if not answer.is_taken:
        why = _WHY.get(answer.status, "a redirect is not followed" if 300 <= answer.status < 400 else "")
        said = ", ".join(str(fields[key]) for key in ("error", "detail") if key in fields)
        seq = f"; kept as number {fields['seq']}" if "seq" in fields else ""
        raise DataError(f"answered {answer.status}" + "".join(f" ({one})" for one in (said, why) if one) + seq)
    kind = "a duplicate of number" if fields.get("duplicate") else "number"
    is_dry = ", dry: nothing will be ordered" if fields.get("dry") else ""
    say(f"answered {answer.status}: {kind} {fields.get('seq', '?')}, id {harmless(str(fields.get('id', '')))}{is_dry}")
    if dry and not fields.get("dry"):
        note("the receiver did not say that it understood dry=1; is it an older zepix, or another program?")
    if data is not None and isinstance(fields.get("seq"), int):
        _tell(data, int(fields["seq"]), wait_s)


def _body(template: str | None, file: Path | None, body: str | None, sample: Any) -> str:
    from zepix.alerts.trial_alert import body_of, usual_body

    if sum(one is not None for one in (template, file, body)) > 1:
        raise ConfigError("say one of --template, --file and --json")
    if template is not None:
        return body_of(template, sample)
    if body is not None:
        return body
    if file is None:
        return usual_body(sample)
    if str(file) == "-":
        content = sys.stdin.buffer.read(_MOST_BYTES + 1)
    else:
        try:
            with file.open("rb") as handle:
                content = handle.read(_MOST_BYTES + 1)
        except OSError as error:
            raise DataError(f"{file} cannot be read ({error.strerror or error})") from error
    if len(content) > _MOST_BYTES:
        raise DataError(f"{file} has more than {_MOST_BYTES} bytes; one alert has a few hundred")
    return content.decode("utf-8", "surrogateescape")


def _address(url: str | None, data: Path | None) -> tuple[str, str]:
    """(address, key to sign with); a runner of this machine says its own."""
    import os
    from urllib.parse import urlsplit

    from zepix.commands.outside import beside_verbs

    if url is not None:
        is_custom = urlsplit(url).path.startswith("/webhook/custom")
        return url, os.environ.get(_KEY, "").strip() if is_custom else ""
    if data is None:
        raise ConfigError("give the webhook's address, or --data with the folder of a runner on this machine")
    for local_address in beside_verbs("local_address"):
        address, key = local_address(data)
        return str(address), str(key)
    raise ConfigError("the live runner is not installed, so nobody knows the address; give it")


def _content_type(raw: bytes, content_type: str | None) -> dict[str, str]:
    if content_type is None:  # as TradingView does
        try:
            json.loads(raw)
            content_type = "application/json; charset=utf-8"
        except ValueError:
            content_type = "text/plain; charset=utf-8"
    if not content_type.isascii() or not content_type.isprintable():
        raise ConfigError("--content-type is printable ASCII, as text/plain")
    return {"Content-Type": content_type}


def _tell(data: Path, seq: int, wait_s: float) -> None:
    from zepix.commands.outside import beside_verbs

    for became in beside_verbs("what_became"):
        for line in became(data, seq, wait_s):
            say(harmless(line))
