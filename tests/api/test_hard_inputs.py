"""Inputs that break other services: the right answer or the right error on every API, never 5xx."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
import pytest

JSON = {"Content-Type": "application/json"}
MANY_LINES = "\n".join(f"{n}번째 줄입니다." for n in range(10_000))
LONG_LINE = ("저는 서울에 살아요. " * 10_000)[:100_000]

INPUTS = {
    "white space": " \t\n ",
    "emoji": "😀🎉👨‍👩‍👧",
    "emoji mid-text": "오늘은 😀 날씨가 좋아요. 내일은 🎉 파티가 있어요.",
    "surrogates": "안녕\ud800하세요. \udfff 반가워요.",
    "control characters": "안녕\x00하세요.\x07\x1b[31m 반가워요.\x7f",
    "NFD": unicodedata.normalize("NFD", "안녕하세요. 반갑습니다."),
    "jamo": "ㅋㅋㅋ ㅠㅠ ㅇㅇ",
    "mixed": "KBS 뉴스에서 iphone 17을 봤어요.",
    "one word": "사과",
    "digits": "12345 67-890",
    "repeated": "안녕 " * 500,
    "J-10": "J-10",
    "html": "<div><p>첫 <b>문장 <i>안</i></b>입니다.</p><p>둘째<br>문장.</div>",
    "slots": "%1$s 님이 {0} 파일을 {{x}}에서 <br/> 열었습니다.",
    "english": "This is already English.",
    "chinese": "今天天气很好。",
    "japanese": "今日はいい天気ですね。",
    "bidirectional": "\u202e안녕\u202c \ufeff하세요 \u200b",
    "one long line": LONG_LINE,
    "ten thousand lines": MANY_LINES[:100_000],
}
"""By what is hard about them."""
UNTRANSLATABLE = ("white space", "emoji", "digits", "J-10", "english", "chinese", "japanese")


@dataclass(frozen=True)
class Api:
    """How an API is asked."""

    path: str
    body: Callable[[str], dict[str, Any]]
    answer: Callable[[Any], str]
    too_long: int
    """Its status for text that is too long."""
    refuses_blank: bool = False


APIS = {
    "native": Api(
        "/v1/translate", lambda q: {"text": q}, lambda found: found["translations"][0]["text"], 413
    ),
    "native html": Api(
        "/v1/translate",
        lambda q: {"text": q, "format": "html"},
        lambda found: found["translations"][0]["text"],
        413,
    ),
    "LibreTranslate": Api(
        "/translate",
        lambda q: {"q": q, "source": "auto", "target": "en"},
        lambda found: found["translatedText"],
        400,
    ),
    "DeepL": Api(
        "/v2/translate",
        lambda q: {"text": [q], "target_lang": "EN-US"},
        lambda found: found["translations"][0]["text"],
        413,
    ),
    "DeepL xml": Api(
        "/v2/translate",
        lambda q: {"text": [q], "target_lang": "EN-US", "source_lang": "KO", "tag_handling": "xml"},
        lambda found: found["translations"][0]["text"],
        413,
    ),
    "Papago": Api(
        "/nmt/v1/translation",
        lambda q: {"source": "ko", "target": "en", "text": q},
        lambda found: found["message"]["result"]["translatedText"],
        400,
    ),
}


def ask(http: httpx.Client, api: Api, text: str) -> httpx.Response:
    # As an escape: UTF-8 cannot hold half of a surrogate pair, JSON can.
    return http.post(api.path, content=json.dumps(api.body(text)), headers=JSON)


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
@pytest.mark.parametrize("name", [name for name in INPUTS if len(INPUTS[name]) < 10_000])
def test_hard_input_is_answered(http: httpx.Client, api: Api, name: str) -> None:
    reply = ask(http, api, INPUTS[name])
    if "native" in api.path and reply.status_code == 422:
        pytest.fail(reply.text)
    assert reply.status_code == 200, reply.text
    answer = api.answer(reply.json())
    if name in UNTRANSLATABLE:
        assert answer.strip() == INPUTS[name].strip()
    else:
        assert answer.strip()
        assert not set(answer) & set("\x00\x07\x1b\ud800\udfff")


@pytest.mark.parametrize("api", [APIS["native"], APIS["LibreTranslate"], APIS["DeepL"]])
@pytest.mark.parametrize("marks", [("😀", "🎉")])
def test_emoji_cut_nothing_off(http: httpx.Client, api: Api, marks: tuple[str, str]) -> None:
    answer = api.answer(ask(http, api, INPUTS["emoji mid-text"]).json())
    assert all(mark in answer for mark in marks)


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_slots_come_back_whole(http: httpx.Client, api: Api) -> None:
    answer = api.answer(ask(http, api, INPUTS["slots"]).json())
    assert all(slot in answer for slot in ("%1$s", "{0}", "{{x}}", "<br/>"))


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", ["one long line", "ten thousand lines"])
def test_long_input_keeps_its_lines(run_server: Callable[..., Any], name: str) -> None:
    url = run_server(NMT_DEADLINE_S="600").url
    with httpx.Client(base_url=url, timeout=600) as http:
        for api in (APIS["native"], APIS["LibreTranslate"], APIS["DeepL"]):
            reply = ask(http, api, INPUTS[name])
            assert reply.status_code == 200, reply.text
            assert api.answer(reply.json()).count("\n") == INPUTS[name].count("\n")


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_too_long_input_is_refused(http: httpx.Client, api: Api) -> None:
    assert ask(http, api, "가" * 100_001).status_code == api.too_long
    assert (
        ask(http, api, "가" * 3_000_000).status_code == api.too_long
        or api.path == "/nmt/v1/translation"
    )


@pytest.mark.parametrize("api", APIS.values(), ids=APIS)
def test_empty_input_is_empty_or_refused(http: httpx.Client, api: Api) -> None:
    reply = ask(http, api, "")
    if reply.status_code == 200:
        assert api.answer(reply.json()) == ""
    assert reply.status_code == (400 if api.path in ("/translate", "/nmt/v1/translation") else 200)


def test_batches_of_1_and_64_are_identical(http: httpx.Client) -> None:
    texts = [f"{n}번째 사람은 서울에 살아요." for n in range(64)]
    single = [
        http.post("/translate", json={"q": text, "source": "ko", "target": "en"}).json()
        for text in texts[::9]
    ]
    many = http.post("/v2/translate", json={"text": texts, "target_lang": "EN"}).json()
    found = [item["text"] for item in many["translations"]]
    assert found[::9] == [item["translatedText"] for item in single]


@pytest.mark.parametrize(
    "path", ["/languages", "/health", "/v2/usage", "/v2/languages", "/v1/models"]
)
@pytest.mark.parametrize("body", [b"a=1", b"{", b"\xff\x00"])
def test_get_with_a_body_is_tolerated(http: httpx.Client, path: str, body: bytes) -> None:
    for kind in ("application/x-www-form-urlencoded", "text/plain"):
        reply = http.request("GET", path, content=body, headers={"Content-Type": kind})
        assert reply.status_code == 200


POSTS = (
    "/translate", "/detect", "/v2/translate", "/v2/glossaries", "/v3/glossaries",
    "/nmt/v1/translation", "/v1/translate",
)  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", b"{"),
        ("application/json", b"\xff"),
        ("application/json", b"[]"),
        ("application/json", b"null"),
        ("application/json", b"[" * 50_000),
        ("application/json", b'{"q": ' + b"9" * 10_000 + b"}"),
        ("application/x-www-form-urlencoded", b"%ff=%00&q"),
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=a", b"--b\r\n"),
        ("text/plain", b"hello"),
        ("", b""),
    ],
)
def test_bodies_of_any_kind_are_refused_in_words(
    http: httpx.Client, path: str, kind: str, body: bytes
) -> None:
    reply = http.post(path, content=body, headers={"Content-Type": kind})
    assert 400 <= reply.status_code < 500, reply.text
    assert reply.json()
