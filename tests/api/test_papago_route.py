"""Papago's route, to the letter."""

from __future__ import annotations

from typing import Any

import httpx2 as httpx
import pytest

PATHS = ("/nmt/v1/translation", "/v1/papago/n2mt")
TEXT = "저는 서울에 살아요."
ASKED = {"source": "ko", "target": "en", "text": TEXT}


@pytest.mark.parametrize("path", PATHS)
def test_reply_has_papagos_envelope(http: httpx.Client, path: str) -> None:
    message = http.post(path, data=ASKED).json()["message"]
    assert message["@type"] == "response"
    assert set(message) == {"@type", "@service", "@version", "result"}
    assert message["result"]["srcLangType"] == "ko"
    assert message["result"]["tarLangType"] == "en"
    assert message["result"]["translatedText"]
    assert http.post(path, json=ASKED).json()["message"] == message


def test_language_is_detected(http: httpx.Client) -> None:
    asked = ASKED | {"source": "auto"}
    assert http.post(PATHS[0], data=asked).json() == http.post(PATHS[0], data=ASKED).json()
    chinese = http.post(PATHS[0], data=asked | {"text": "今天天气很好。"}).json()
    result = chinese["message"]["result"]
    assert (result["srcLangType"], result["translatedText"]) == ("zh", "今天天气很好。")


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"source": ""}, "N2MT01", "source parameter is needed"),
        ({"source": "zh-CN"}, "N2MT02", "Unsupported source language; allowed: ko, auto"),
        ({"target": ""}, "N2MT03", "target parameter is needed"),
        ({"target": "ja"}, "N2MT04", "Unsupported target language; allowed: en"),
        ({"target": "ko"}, "N2MT05", "source and target must be different"),
        ({"text": ""}, "N2MT07", "text parameter is needed"),
        ({"text": "가" * 100_001}, "N2MT08", "text has 100001 characters; allowed: 100000"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bad_parameters_have_papagos_codes(
    http: httpx.Client, change: dict[str, Any], code: str, message: str
) -> None:
    reply = http.post(PATHS[0], data=ASKED | change)
    assert reply.status_code == 400
    assert reply.json()["errorCode"] == code
    assert message in reply.json()["errorMessage"]


def test_glossary_key_names_a_glossary(http: httpx.Client) -> None:
    body = {"name": "p", "entries": {"나리타워": "Nari Tower"}}
    id = http.post("/v1/glossaries", json=body).json()["id"]
    asked = ASKED | {"text": "나리타워에 가요.", "glossaryKey": id}
    assert (
        "Nari Tower"
        in http.post(PATHS[0], data=asked).json()["message"]["result"]["translatedText"]
    )
    http.delete(f"/v1/glossaries/{id}")
    gone = http.post(PATHS[0], data=asked)
    assert (gone.status_code, gone.json()["errorCode"]) == (404, "300")
