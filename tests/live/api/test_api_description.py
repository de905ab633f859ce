"""The description by OpenAPI is right: schemathesis asks every route by it, with every check that it has."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.live.api.api_asgi import API_TOKEN, BEARER, Api

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed (extra test)")

EXAMPLES = 12
"""Of each route and phase, so that all of it takes less than a minute."""
ACCEPTED = ["2xx", "404", "409", "428"]
"""What a request that is as described may be answered: nobody has such an alert, the code is none, to be confirmed."""


def described(folder: Path) -> Any:
    """The API's own description, to be asked in this process."""
    api = Api(folder, hosts=("testserver", "testclient"), wrong_burst=10_000, wrong_per_s=1_000, command_s=0.0)
    settings = {
        "seed": 20261122,
        "headers": {"Authorization": f"Bearer {API_TOKEN}"},
        "checks": {"positive_data_acceptance": {"expected-statuses": ACCEPTED}},
        "generation": {"max-examples": EXAMPLES, "deterministic": True, "database": "none"},
        "phases": {"stateful": {"enabled": False}},
    }
    config = schemathesis.Config.from_dict(settings)
    return schemathesis.openapi.from_asgi("/api/openapi.json", api.shell, config=config, headers=BEARER)


def findings(schema: Any) -> tuple[dict[str, list[str]], dict[str, int]]:
    """({route: what a check found}, {route: how many requests})."""
    from schemathesis.engine import from_schema

    found: dict[str, list[str]] = {}
    asked: dict[str, int] = {}
    for event in from_schema(schema).execute():
        recorder = getattr(event, "recorder", None)
        if recorder is not None:
            asked[recorder.label] = asked.get(recorder.label, 0) + len(recorder.cases)
            for checks in recorder.checks.values():
                for one in checks:
                    if one.failure_info is not None:
                        told = f"{one.name}: {one.failure_info.failure.title} {one.failure_info.failure.message}"
                        told += f"\n{one.failure_info.code_sample}"
                        found.setdefault(recorder.label, []).append(told)
        elif type(event).__name__ in ("NonFatalError", "FatalError"):
            found.setdefault("errors", []).append(str(getattr(event, "info", None) or event.exception))
    return found, asked


def test_every_route_answers_as_it_is_described(traded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(traded, folder)
    schema = described(folder)
    found, asked = findings(schema)
    assert not found, "\n\n".join(f"{label}\n" + "\n".join(told[:2]) for label, told in found.items())
    paths = schema.raw_schema["paths"]
    assert len(asked) == sum(len(methods) for methods in paths.values())
    assert min(asked.values()) >= 10 and sum(asked.values()) > 1_500


def test_a_description_that_is_wrong_is_found(traded: Path, tmp_path: Path) -> None:
    folder = tmp_path / "data"
    shutil.copytree(traded, folder)
    schema = described(folder).include(path="/api/alerts")
    schema.raw_schema["components"]["schemas"]["AlertsRow"]["properties"]["seq"] = {"type": "string"}
    found, _ = findings(schema)
    assert any("response_schema_conformance" in one for one in found["GET /api/alerts"])
