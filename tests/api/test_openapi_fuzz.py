"""Schemathesis: whatever the OpenAPI document allows, and what it does not, is never a 5xx."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.schemas import APIOperation, BaseSchema

EXAMPLES = 12
SEED = 7

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def schema(server: str) -> BaseSchema:
    return schemathesis.openapi.from_url(f"{server}/openapi.json")


def test_document_has_every_api(schema: BaseSchema) -> None:
    paths = {operation.ok().path for operation in schema.get_all_operations()}
    wanted = {"/v1/translate", "/v1/glossaries", "/translate", "/detect", "/v2/translate",
              "/v2/glossaries", "/v3/glossaries/{glossary_id}", "/nmt/v1/translation",
              "/v1/documents", "/v1/documents/{id}", "/v1/documents/{id}/events", "/v2/document",
              "/v2/document/{id}/result", "/translate_file", "/download_file/{name}"}  # fmt: skip
    assert wanted <= paths


@pytest.mark.parametrize("mode", list(GenerationMode))
def test_no_request_is_a_server_error(schema: BaseSchema, mode: GenerationMode) -> None:
    statuses: Counter[int] = Counter()
    faults: list[str] = []
    for found in schema.get_all_operations():
        for status, request in answers_of(found.ok(), mode):
            statuses[status] += 1
            if status >= 500:
                faults.append(f"{status} {request}")
    assert faults == []
    assert statuses.total() > 10 * EXAMPLES
    assert any(status < 300 for status in statuses)
    assert any(400 <= status < 500 for status in statuses)


def answers_of(
    operation: APIOperation[Any, Any, Any], mode: GenerationMode
) -> list[tuple[int, str]]:
    """Sends requests to an operation; gives the statuses and how to repeat the requests."""
    answers: list[tuple[int, str]] = []

    @seeded(SEED)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Case) -> None:
        answers.append((case.call(timeout=60).status_code, case.as_curl_command()))

    with suppress(Unsatisfiable):  # there is nothing in it that could be wrong
        send()
    return answers
