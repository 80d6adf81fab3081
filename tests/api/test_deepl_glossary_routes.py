"""DeepL's glossary routes, to the letter."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2 as httpx
import pytest

ENTRIES = {"source_lang": "ko", "target_lang": "en", "entries": "나리타워\tNari Tower",
           "entries_format": "tsv"}  # fmt: skip
PAIR = "source_lang=KO&target_lang=EN"


@pytest.fixture
def glossary(http: httpx.Client) -> Iterator[str]:
    reply = http.post("/v2/glossaries", json={"name": "Places", **ENTRIES})
    assert reply.status_code == 201
    yield reply.json()["glossary_id"]
    http.delete(f"/v2/glossaries/{reply.json()['glossary_id']}")


def test_v2_tells_what_the_clients_read(http: httpx.Client, glossary: str) -> None:
    found = http.get(f"/v2/glossaries/{glossary}").json()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found.pop("creation_time"))
    assert found == {
        "glossary_id": glossary, "name": "Places", "ready": True, "source_lang": "ko",
        "target_lang": "en", "entry_count": 1,
    }  # fmt: skip
    listed = http.get("/v2/glossaries").json()["glossaries"]
    assert glossary in [item["glossary_id"] for item in listed]
    entries = http.get(
        f"/v2/glossaries/{glossary}/entries", headers={"Accept": "text/tab-separated-values"}
    )
    assert entries.text == "나리타워\tNari Tower"
    assert entries.headers["content-type"].startswith("text/tab-separated-values")


def test_v2_takes_forms_and_csv(http: httpx.Client) -> None:
    form = {"name": "c", "source_lang": "KO", "target_lang": "EN-US", "entries_format": "csv",
            "entries": "서울,Seoul\n물,water,ko,en"}  # fmt: skip
    reply = http.post("/v2/glossaries", data=form)
    assert (reply.status_code, reply.json()["entry_count"]) == (201, 2)


def test_v3_merges_replaces_and_takes_away(http: httpx.Client, glossary: str) -> None:
    path = f"/v3/glossaries/{glossary}"
    more = {**ENTRIES, "entries": "물\twater\n나리타워\tN. T."}
    changed = http.patch(path, json={"name": "New", "dictionaries": [more]}).json()
    assert changed["name"] == "New"
    assert changed["dictionaries"] == [{"source_lang": "ko", "target_lang": "en", "entry_count": 2}]
    (found,) = http.get(f"{path}/entries?{PAIR}").json()["dictionaries"]
    assert found["entries"] == "나리타워\tN. T.\n물\twater"
    put = http.put(f"{path}/dictionaries", json={**ENTRIES, "entries": "불\tfire"})
    assert put.json() == {"source_lang": "ko", "target_lang": "en", "entry_count": 1}
    assert http.delete(f"{path}/dictionaries?{PAIR}").status_code == 204
    assert http.get(path).json()["dictionaries"] == []
    assert http.get(f"/v2/glossaries/{glossary}").status_code == 404
    gone = http.get(f"{path}/entries?{PAIR}")
    assert gone.status_code == 404
    assert "has no dictionary from KO to EN" in gone.json()["detail"]
    used = {"text": ["네"], "target_lang": "EN", "source_lang": "KO", "glossary_id": glossary}
    assert http.post("/v2/translate", json=used).status_code == 404


def test_v3_glossaries_are_used_for_translation(http: httpx.Client, glossary: str) -> None:
    other = http.post(
        "/v3/glossaries",
        json={"name": "o", "dictionaries": [{**ENTRIES, "entries": "나리타워\tX\n한빛\tHanbit"}]},
    ).json()["glossary_id"]
    body = {"text": ["나리타워와 한빛을 보았다."], "target_lang": "EN-GB", "source_lang": "KO",
            "glossary_ids": [glossary, other]}  # fmt: skip
    (found,) = http.post("/v2/translate", json=body).json()["translations"]
    assert "Nari Tower" in found["text"]
    assert "Hanbit" in found["text"]


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"name": None}, "Parameter 'name' not specified"),
        ({"name": ""}, "the name of the glossary has 0 characters"),
        ({"name": 5}, "Value for 'name' not supported"),
        ({"source_lang": None}, "Parameter 'source_lang' not specified"),
        ({"source_lang": "EN", "target_lang": "KO"}, "Unsupported glossary source and target"),
        ({"target_lang": "JA"}, "Unsupported glossary source and target language pair"),
        ({"entries": None}, "Parameter 'entries' not specified"),
        ({"entries": 5}, "Value for 'entries' not supported"),
        ({"entries": " \n"}, "the glossary has no terms"),
        ({"entries": "서울 Seoul"}, "line 1 of the entries has 0 tabs"),
        ({"entries": "서울\ta\n서울\tb"}, "entry 2 of the glossary has the same term"),
        ({"entries_format": None}, "Parameter 'entries_format' not specified"),
        ({"entries_format": "xlsx"}, "Value for 'entries_format' not supported"),
    ],
    ids=str,
)
def test_bad_glossaries_are_400_with_strings(
    http: httpx.Client, change: dict[str, Any], detail: str
) -> None:
    body = {name: v for name, v in {"name": "n", **ENTRIES, **change}.items() if v is not None}
    dictionary = {name: body[name] for name in body if name != "name"}
    v3 = {"name": body.get("name"), "dictionaries": [dictionary]}
    for reply in (http.post("/v2/glossaries", json=body), http.post("/v3/glossaries", json=v3)):
        assert reply.status_code == 400
        assert detail in reply.json()["detail"]


@pytest.mark.parametrize(
    ("dictionaries", "detail"),
    [
        (None, "Parameter 'dictionaries' not specified"),
        ([], "dictionaries has 0 dictionaries; allowed: one"),
        ([ENTRIES, ENTRIES], "dictionaries has 2 dictionaries; allowed: one"),
        (["a"], "Value for 'dictionaries' not supported"),
        ("a", "Value for 'dictionaries' not supported"),
    ],
)
def test_v3_takes_one_dictionary(http: httpx.Client, dictionaries: Any, detail: str) -> None:
    reply = http.post("/v3/glossaries", json={"name": "n", "dictionaries": dictionaries})
    assert reply.status_code == 400
    assert detail in reply.json()["detail"]


@pytest.mark.parametrize(("id", "status"), [("x", 400), ("0" * 32, 404)])
def test_ids_that_are_none_are_400_and_unknown_ones_404(
    http: httpx.Client, id: str, status: int
) -> None:
    replies = [
        http.get(f"/v2/glossaries/{id}"), http.get(f"/v2/glossaries/{id}/entries"),
        http.delete(f"/v2/glossaries/{id}"), http.get(f"/v3/glossaries/{id}"),
        http.delete(f"/v3/glossaries/{id}"), http.get(f"/v3/glossaries/{id}/entries?{PAIR}"),
        http.patch(f"/v3/glossaries/{id}", json={"name": "n"}),
        http.put(f"/v3/glossaries/{id}/dictionaries", json=ENTRIES),
        http.delete(f"/v3/glossaries/{id}/dictionaries?{PAIR}"),
    ]  # fmt: skip
    assert [reply.status_code for reply in replies] == [status] * len(replies)
    assert all(isinstance(reply.json()["detail"], str) for reply in replies)


def test_language_pairs_are_listed(http: httpx.Client) -> None:
    assert http.get("/v2/glossary-language-pairs").json() == {
        "supported_languages": [{"source_lang": "ko", "target_lang": "en"}]
    }
    assert http.get("/v3/glossaries").json()["glossaries"] is not None
