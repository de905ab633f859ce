"""What a statement counts and says, what is logged once and not a thousand times, whose names a rerun uses."""

from __future__ import annotations

import json
import logging

import pytest

from tests.live.desk import entry
from tests.live.receiver.receiver_asgi import PATH, TOKEN, world
from zepix.config.check import Raw
from zepix.journal.trouble import JournalFull
from zepix_live.rerunning import rerun_and_tell
from zepix_live.secrets_file import Secrets


def test_the_time_that_it_was_down_is_the_walls_however_fast_the_recording_is_played(desk):
    one = desk(speed=60.0)
    one.open()
    one.run(2)
    one.crash()
    one.clock.advance(10)
    engine = one.open()
    assert engine.statement["down_s"] == pytest.approx(10, abs=1.1)  # of the last second no row may be there
    assert "(10." in engine.statement["lines"][0] or "(11." in engine.statement["lines"][0]
    assert "s of the recording" in engine.statement["lines"][0]
    assert engine.statement["at_ns"] - engine.statement["down_from_ns"] >= 600 * 10**9


def test_another_speed_does_not_change_what_the_wall_says(desk):
    one = desk(speed=60.0)
    one.open()
    one.run(2)
    one.crash()
    one.clock.advance(10)
    one.speed = 6.0
    assert one.open().statement["down_s"] == pytest.approx(10, abs=1.1)


def test_without_a_recording_there_is_one_time(desk):
    one = desk(feed=None)
    one.open()
    one.run(1)
    one.post(entry())
    one.run(1)
    one.crash()
    one.clock.advance(10)
    first = one.open().statement["lines"][0]
    assert "of the recording" not in first


def test_other_settings_are_a_note_after_which_nobody_has_to_look(desk):
    one = desk()
    one.open()
    one.run(1)
    one.crash()
    statement = one.open(strategy__one_at_a_time="true").statement
    assert statement["human"] == []
    assert "note: the session goes on by other settings" in statement["lines"]


def test_a_plugin_that_is_gone_is_somebodys_business(desk):
    one = desk()
    one.open()
    one.run(1)
    one.crash()
    statement = one.open(strategy__name="legacy").statement
    assert any("is not here any more" in text for text in statement["human"])
    assert not any("is not here any more" in text for text in statement["notes"])


def test_a_full_disk_is_logged_once_in_a_while_and_counted(caplog):
    found = world()
    found.log.error = JournalFull("the disk is full")
    with caplog.at_level(logging.WARNING, logger="zepix.receiver"):
        for number in range(200):
            body = json.dumps({"type": "entry", "symbol": "EURUSD", "side": "buy", "price": number}).encode()
            assert found.post(body).status == 503
        said = [record for record in caplog.records if "503" in record.getMessage()]
        assert 1 <= len(said) <= 10
        found.clock.advance(5)
        assert found.post(b'{"type":"entry","symbol":"EURUSD","side":"buy"}').status == 503
    assert "more since this was said last" in caplog.records[-1].getMessage()


LETTERS = "".join(f"\\u{ord(letter):04x}" for letter in TOKEN)
FORMS = {
    "escaped": LETTERS,
    "in capitals": LETTERS.upper().replace("\\U", "\\u"),
    "in part": f"\\u{ord(TOKEN[0]):04x}{TOKEN[1:]}",
    "as an address": "".join(f"%{ord(letter):02x}" for letter in TOKEN),
    "twice": json.dumps(LETTERS)[1:-1],
}


@pytest.mark.parametrize("form", FORMS)
def test_a_token_that_is_written_with_escapes_is_blotted_out_of_what_is_kept(form: str):
    found = world()
    body = '{"type":"entry","symbol":"EURUSD","side":"buy","comment":"' + FORMS[form] + '"}'
    assert found.post(body.encode()).status == 202
    [row] = found.log.of("alert")
    assert FORMS[form] not in row["raw"] and "***" in row["raw"]
    assert TOKEN not in json.dumps(json.loads(row["raw"]))
    assert PATH not in row["raw"]


def test_letters_that_only_resemble_a_secret_stay_and_backslashes_without_end_are_no_trap():
    secrets = Secrets(webhook_token="a/b-c.d+e*f", api_token='q"u\\o-te\u00e9')
    assert secrets.blot(r"aXb-cXd+eXf \u0061 100%") == r"aXb-cXd+eXf \u0061 100%"
    assert secrets.blot(r"x a\/b-c.d+e*f y") == "x *** y"
    assert secrets.blot(json.dumps(secrets.api_token)) == '"***"'
    assert secrets.blot_bytes(json.dumps(secrets.api_token).encode()) == b'"***"'
    long = "\\" * 16_000
    assert secrets.blot(long) == long


def test_a_rerun_names_alerts_as_their_senders_do(desk):
    one = desk()
    one.open()
    one.run(1)
    one.post(entry(sl=0.5))
    one.run(3)
    one.post(entry(sl=0.5, id="again"))
    one.run(3)
    one.crash()
    said: list[str] = []
    assert rerun_and_tell(one.folder, {"strategy.one_at_a_time": Raw("true")}, as_json=True, say=said.append) == 1
    assert [row["id"] for row in json.loads(said[0])["changed"]] == ["again"]
