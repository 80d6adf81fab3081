"""The native routes, through HTTP."""

from __future__ import annotations

import json
import re
from html import escape, unescape
from typing import Any

import pytest
from starlette.testclient import TestClient

TEXT = "저는 서울에 살아요. 내일 부산에 가요."


def translate(client: TestClient, **body: Any) -> dict[str, Any]:
    reply = client.post("/v1/translate", json=body)
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def test_translate_tells_sentences_scores_and_the_model(client: TestClient) -> None:
    answer = translate(client, text=TEXT)
    (translation,) = answer["translations"]
    assert answer["model"]["name"] == "tiny"
    assert len(answer["model"]["checksum"]) == 64
    assert [TEXT[s["start"] : s["end"]] for s in translation["sentences"]] == [
        "저는 서울에 살아요.", "내일 부산에 가요.",
    ]  # fmt: skip
    assert all(s["score"] <= 0 and s["attention"] is None for s in translation["sentences"])


def test_translate_keeps_the_order_of_a_list_and_empty_texts(client: TestClient) -> None:
    answer = translate(client, text=["", "커피 한 잔 주세요.", "   ", "OK"])
    assert [t["flags"] for t in answer["translations"]][::2] == [["empty"], ["empty"]]
    assert answer["translations"][3]["text"] == "OK"
    assert answer["translations"][1]["text"]


def test_translate_gives_attention_whose_rows_sum_to_1(client: TestClient) -> None:
    (sentence, _) = translate(client, text=TEXT, attention=True)["translations"][0]["sentences"]
    attention = sentence["attention"]
    assert len(attention["weights"]) == len(attention["target_tokens"])
    for row in attention["weights"]:
        assert len(row) == len(attention["source_tokens"])
        assert sum(row) == pytest.approx(1, abs=1e-4)
    for token in attention["source_tokens"][:-1]:
        assert TEXT[token["start"] : token["end"]] == token["text"]
    for token in attention["target_tokens"][:-1]:
        assert sentence["text"][token["start"] : token["end"]] == token["text"]


def test_translate_gives_alignment_as_ranges(client: TestClient) -> None:
    for sentence in translate(client, text=TEXT, alignment=True)["translations"][0]["sentences"]:
        assert sentence["attention"] is None
        assert sentence["alignment"]
        for pair in sentence["alignment"]:
            assert sentence["start"] <= pair["source"][0] < pair["source"][1] <= sentence["end"]
            assert 0 <= pair["target"][0] < pair["target"][1] <= len(sentence["text"])


def test_translate_gives_alternatives(client: TestClient) -> None:
    (translation,) = translate(client, text="커피 한 잔 주세요.", n_best=4)["translations"]
    scores = [s["score"] for s in translation["sentences"][0]["alternatives"]]
    assert 1 <= len(scores) <= 3
    assert len(translation["alternatives"]) == len(scores)


def test_halves_of_surrogate_pairs_are_answered_at_the_same_offsets(client: TestClient) -> None:
    body = '{"text": "안녕\\ud800하세요. \\udfff 네.", "attention": true}'
    for path in ("/v1/translate", "/v1/translate/stream"):
        reply = client.post(path, content=body, headers={"Content-Type": "application/json"})
        assert reply.status_code == 200, reply.text
        assert "안녕\ufffd하세요." in reply.text


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    blocks = [block.split("\n") for block in text.strip().split("\n\n")]
    return [(e.removeprefix("event: "), json.loads(d.removeprefix("data: "))) for e, d in blocks]


def test_stream_gives_a_sentence_an_event(client: TestClient) -> None:
    reply = client.post("/v1/translate/stream", json={"text": [TEXT, "", "OK"]})
    assert reply.headers["content-type"].startswith("text/event-stream")
    found = events(reply.text)
    assert [name for name, _ in found] == ["sentence"] * 3 + ["done"]
    assert [data["index"] for name, data in found if name == "sentence"] == [0, 0, 2]
    whole = translate(client, text=TEXT)["translations"][0]["text"]
    assert "".join(data["gap"] + data["text"] for _, data in found[:2]) == whole


def test_stream_of_nothing_is_done_at_once(client: TestClient) -> None:
    assert events(client.post("/v1/translate/stream", json={"text": ""}).text) == [("done", {})]


BAD = [
    ({}, 422, "text", "Field required"),
    ({"text": 3}, 422, "text.str", "valid string"),
    ({"text": "가", "modell": "x"}, 422, "modell", "Extra inputs"),
    ({"text": "가", "model": "x"}, 404, "model", "model is 'x'; allowed: 'tiny'"),
    ({"text": "가", "beam_size": 0}, 422, "beam_size", "greater than or equal to 1"),
    ({"text": "가", "beam_size": 17}, 422, "beam_size", "beam_size is 17; allowed: 1 to 16"),
    ({"text": "가", "n_best": 10000}, 422, "n_best", "n_best is 10000; allowed: 1 to 16"),
    ({"text": "가", "format": "pdf"}, 422, "format", "'text' or 'html'"),
    ({"text": "가" * 100_001}, 413, "text", "100001 characters; allowed: 100000"),
    ({"text": [""] * 10_001}, 413, "text", "10001 texts; allowed: 10000"),
]


@pytest.mark.parametrize("path", ["/v1/translate", "/v1/translate/stream"])
@pytest.mark.parametrize(("body", "status", "field", "message"), BAD, ids=lambda v: str(v)[:30])
def test_bad_requests_get_a_problem(
    client: TestClient, path: str, body: Any, status: int, field: str, message: str
) -> None:
    reply = client.post(path, json=body)
    assert reply.status_code == status
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["type"].startswith("urn:korean-nmt:problem:")
    assert problem["field"] == field
    assert message in problem["detail"]


def test_a_body_that_is_no_json_gets_a_problem(client: TestClient) -> None:
    reply = client.post("/v1/translate", content=b'{"text":')
    assert reply.status_code == 400
    assert reply.json()["type"] == "urn:korean-nmt:problem:invalid-request"


@pytest.mark.parametrize("body", [b"[1]", b'"text"', b"text=%EA%B0%80"])
def test_a_body_that_is_no_object_gets_a_problem(client: TestClient, body: bytes) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded"} if b"=" in body else {}
    reply = client.post("/v1/translate", content=body, headers=headers)
    assert reply.status_code == 400
    assert "send one, with the header" in reply.json()["detail"]


def test_a_body_without_content_type_is_read_as_json(client: TestClient) -> None:
    reply = client.post("/v1/translate", content='{"text": "가요."}'.encode())
    assert reply.status_code == 200


def test_unknown_paths_and_methods_get_a_problem(client: TestClient) -> None:
    for reply, status in ((client.get("/v9"), 404), (client.get("/v1/translate"), 405)):
        assert (reply.status_code, reply.json()["status"]) == (status, status)


def test_models_are_listed_with_their_scores(client: TestClient) -> None:
    (model,) = client.get("/v1/models").json()["models"]
    assert (model["name"], model["default"], model["attention"]) == ("tiny", True, True)
    assert model["scores"]["flores-dev"]["bleu"] == 0.12


def test_service_is_alive_and_ready(client: TestClient) -> None:
    assert client.get("/livez").json() == {"status": "ok"}
    assert client.get("/readyz").json() == {"status": "ok"}
    assert "/v1/translate" in client.get("/openapi.json").json()["paths"]


def test_models_that_are_not_loaded_are_said_to_be(app: Any) -> None:
    waiting = TestClient(app, raise_server_exceptions=False)  # not entered: nothing is loaded
    assert waiting.get("/livez").status_code == 200
    for reply in (waiting.get("/readyz"), waiting.post("/v1/translate", json={"text": "가"})):
        assert reply.status_code == 503
        assert reply.headers["retry-after"] == "2"
        assert reply.json()["type"] == "urn:korean-nmt:problem:not-ready"


def test_html_reads_as_without_its_inline_tags(client: TestClient) -> None:
    source = "<p>커피 <b>한 잔</b> 주세요.</p><p>물</p>"
    body = {"text": source, "format": "html", "n_best": 2}
    reply = client.post("/v1/translate", json=body).json()
    plain = client.post("/v1/translate", json={"text": ["커피 한 잔 주세요.", "물"]}).json()
    found = reply["translations"][0]
    for text in [found["text"], *found["alternatives"]]:
        assert re.fullmatch("<p>[^<>]*<b>[^<>]*</b>[^<>]*</p><p>[^<>]*</p>", text)
    wanted = "<p>{}</p><p>{}</p>".format(*(escape(t["text"]) for t in plain["translations"]))
    assert escape(unescape(re.sub("</?b>", "", found["text"]))) == escape(unescape(wanted))


def test_html_without_text_is_answered(client: TestClient) -> None:
    reply = client.post("/v1/translate", json={"text": "<br>", "format": "html"}).json()
    assert reply["translations"][0]["text"] == "<br>"
    assert reply["model"]["checksum"]
