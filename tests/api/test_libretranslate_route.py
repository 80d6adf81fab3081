"""LibreTranslate's routes, to the letter."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from api.suggestions import Suggestion

TEXT = "저는 서울에 살아요."
KO_EN = {"source": "ko", "target": "en"}
AUTO = {"source": "auto", "target": "en"}


def translate(http: httpx.Client, **body: Any) -> dict[str, Any]:
    reply = http.post("/translate", json=body)
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def error_of(http: httpx.Client, path: str = "/translate", **body: Any) -> str:
    reply = http.post(path, json=body)
    assert reply.status_code == 400, reply.text
    assert list(reply.json()) == ["error"]
    return str(reply.json()["error"])


@pytest.mark.parametrize("path", ["/translate", "/v2/translate"])
def test_a_raw_form_is_read_as_utf_8(http: httpx.Client, path: str) -> None:
    """As `curl -d` sends it, without percent-encoding."""
    form = {
        "content-type": "application/x-www-form-urlencoded",
        "authorization": "DeepL-Auth-Key x",
    }
    body = f"q={TEXT}&text={TEXT}&source=ko&target=en&target_lang=EN"
    raw = http.post(path, content=body.encode(), headers=form)
    wanted = http.post(path, data=dict(pair.split("=") for pair in body.split("&")), headers=form)
    assert raw.status_code == 200
    assert raw.json() == wanted.json()


@pytest.mark.parametrize("body", [f"q={TEXT}".encode("cp949"), b"q=%C0%FA%B4%C2"])
def test_a_form_in_another_encoding_is_refused(http: httpx.Client, body: bytes) -> None:
    form = {"content-type": "application/x-www-form-urlencoded"}
    reply = http.post("/translate", content=body + b"&source=ko&target=en", headers=form)
    assert (reply.status_code, reply.json()) == (
        400, {"error": "the form is not UTF-8; send it in UTF-8"},
    )  # fmt: skip


def test_a_text_is_a_string_and_a_list_is_a_list(http: httpx.Client) -> None:
    one = translate(http, q=TEXT, **KO_EN)
    two = translate(http, q=[TEXT, "네."], **KO_EN)
    assert list(one) == ["translatedText"]
    assert two["translatedText"][0] == one["translatedText"]
    assert len(two["translatedText"]) == 2


def test_json_form_multipart_and_query_say_the_same(http: httpx.Client) -> None:
    fields = {"q": TEXT, **KO_EN}
    wanted = translate(http, **fields)
    assert http.post("/translate", data=fields).json() == wanted
    assert http.post("/translate", params=fields).json() == wanted
    files = {"other": ("a.txt", b"x")}
    assert http.post("/translate", data=fields, files=files).json() == wanted


def test_language_is_told_only_when_it_was_detected(http: httpx.Client) -> None:
    assert translate(http, q=TEXT, **AUTO)["detectedLanguage"] == {
        "confidence": 100, "language": "ko",
    }  # fmt: skip
    found = translate(http, q=[TEXT, "今天天气很好。"], **AUTO)["detectedLanguage"]
    assert [detected["language"] for detected in found] == ["ko", "zh"]


@pytest.mark.parametrize(
    ("text", "language"),
    [("今天天气很好。", "zh"), ("今日はいい天気ですね。", "ja"), ("Already English.", "en")],
)
def test_what_is_not_korean_comes_back_as_it_is(
    http: httpx.Client, text: str, language: str
) -> None:
    answer = translate(http, q=text, **AUTO)
    assert answer["translatedText"] == text
    assert answer["detectedLanguage"]["language"] == language


def test_emoji_come_back_as_english_of_confidence_0(http: httpx.Client) -> None:
    assert translate(http, q="😀🎉", **AUTO) == {
        "translatedText": "😀🎉",
        "detectedLanguage": {"confidence": 0, "language": "en"},
    }


def test_alternatives_come_when_they_are_asked_for(http: httpx.Client) -> None:
    answer = translate(http, q=TEXT, alternatives=3, **KO_EN)
    assert 1 <= len(answer["alternatives"]) <= 3
    assert answer["translatedText"] not in answer["alternatives"]
    assert len(set(answer["alternatives"])) == len(answer["alternatives"])
    batch = translate(http, q=[TEXT, "OK"], alternatives="1", **AUTO)
    assert [len(others) for others in batch["alternatives"]] == [1, 0]


def test_html_keeps_its_tags(http: httpx.Client) -> None:
    answer = translate(http, q=f"<p id='a'>{TEXT}</p><pre>그대로</pre>", format="html", **KO_EN)
    plain = translate(http, q=TEXT, **KO_EN)["translatedText"]
    assert answer["translatedText"].startswith("<p id='a'>")
    assert answer["translatedText"].endswith("</p><pre>그대로</pre>")
    assert plain.split()[0] in answer["translatedText"]


def test_forms_have_their_line_ends_made_lf(http: httpx.Client) -> None:
    fields = {"q": "OK\r\nGo\rEnd\r\n", **AUTO}
    assert http.post("/translate", data=fields).json()["translatedText"] == "OK\nGo\nEnd"
    assert translate(http, **fields)["translatedText"] == "OK\r\nGo\rEnd\r\n"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Invalid request: missing q parameter"),
        ({"q": "", **KO_EN}, "Invalid request: missing q parameter"),
        ({"q": [], **KO_EN}, "Invalid request: missing q parameter"),
        ({"q": "a", "target": "en"}, "Invalid request: missing source parameter"),
        ({"q": "a", "source": "ko"}, "Invalid request: missing target parameter"),
        ({"q": "a", "source": 5, "target": "en"}, "source parameter is not a string"),
        ({"q": 5, **KO_EN}, "q parameter is not a string or list of strings"),
        ({"q": ["a", 5], **KO_EN}, "q parameter is not a string or list of strings"),
        ({"q": "a", "source": "zh", "target": "en"}, "zh is not supported"),
        ({"q": "a", "source": "ko", "target": "fr"}, "fr is not supported"),
        ({"q": "a", "source": "en", "target": "ko"}, r"Korean \(ko\) is not available"),
        ({"q": "a", "format": "xml", **KO_EN}, "xml format is not supported"),
        ({"q": "a", "alternatives": "many", **KO_EN}, "alternatives parameter is not a number"),
        ({"q": "a", "alternatives": [1], **KO_EN}, "alternatives parameter is not a number"),
        ({"q": "a", "alternatives": 10_000, **KO_EN}, "alternatives parameter must be <= 15"),
        ({"q": "가" * 100_001, **KO_EN}, "q has 100001 characters; allowed: 100000"),
    ],
    ids=str,
)
def test_bad_parameters_are_400_with_libretranslates_words(
    http: httpx.Client, body: dict[str, Any], message: str
) -> None:
    assert re.search(message, error_of(http, **body))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "the body is not JSON"),
        (b'{"q": "\xff"}', "it is not UTF-8"),
        (b"[" * 100_000, "the body is not JSON"),
        (b'["q"]', "Invalid JSON format"),
    ],
)
def test_bodies_that_are_no_json_object_are_400(
    http: httpx.Client, content: bytes, message: str
) -> None:
    headers = {"Content-Type": "application/json"}
    reply = http.post("/translate", content=content, headers=headers)
    assert reply.status_code == 400
    assert message in reply.json()["error"]


def test_numbers_that_are_none_are_400(http: httpx.Client) -> None:
    content = b'{"q": "a", "source": "ko", "target": "en", "alternatives": Infinity}'
    reply = http.post("/translate", content=content, headers={"Content-Type": "application/json"})
    assert reply.json() == {"error": "Invalid request: alternatives parameter is not a number"}


def test_forms_of_too_many_fields_are_400(http: httpx.Client) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    reply = http.post("/translate", content=b"a=1&" * 30_000, headers=headers)
    assert reply.status_code == 400
    assert "the form has more than 20000 fields" in reply.json()["error"]


def test_detect_gives_a_list_best_first(http: httpx.Client) -> None:
    assert http.post("/detect", data={"q": TEXT}).json() == [{"confidence": 100, "language": "ko"}]
    mixed = http.post("/detect", json={"q": "KBS 뉴스에서 봤어요."}).json()
    assert [found["language"] for found in mixed] == ["ko", "en"]
    assert "missing q parameter" in error_of(http, "/detect", q="")


def test_languages_tolerate_a_body_on_get(http: httpx.Client) -> None:
    reply = http.request("GET", "/languages", data={"api_key": "any"})
    assert reply.json() == [
        {"code": "ko", "name": "Korean", "targets": ["en"]},
        {"code": "en", "name": "English", "targets": []},
    ]


def test_frontend_settings_and_health(http: httpx.Client) -> None:
    found = http.get("/frontend/settings").json()
    assert found["charLimit"] == 100_000
    assert (found["apiKeys"], found["keyRequired"]) == (False, False)
    assert found["language"]["target"] == {"code": "en", "name": "English"}
    assert http.get("/health").json() == {"status": "ok"}


def test_spec_is_swagger_and_docs_stay_the_api_page(http: httpx.Client) -> None:
    spec = http.get("/spec").json()
    assert spec["swagger"] == "2.0"
    assert "/translate" in spec["paths"]
    assert "swagger-ui" in http.get("/docs").text


def test_suggestions_are_off_unless_the_operator_wants_them(
    http: httpx.Client, open_client: Callable[..., TestClient]
) -> None:
    body = {"q": TEXT, "s": "I live in Seoul.", **KO_EN}
    off = http.post("/suggest", json=body)
    assert (off.status_code, off.json()) == (
        403, {"error": "Suggestions are disabled on this server"},
    )  # fmt: skip
    on = open_client(suggestions=True)
    assert on.post("/suggest", data=body).json() == {"success": True}
    assert on.app.state.suggestions.list() == [  # type: ignore[attr-defined]
        Suggestion(TEXT, "I live in Seoul.", "ko", "en")
    ]
    assert "missing s parameter" in error_of(on, "/suggest", q=TEXT, **KO_EN)


def test_cors_is_open(http: httpx.Client) -> None:
    reply = http.post("/translate", data={"q": "네", **KO_EN}, headers={"Origin": "http://a.kr"})
    assert reply.headers["access-control-allow-origin"] == "*"
