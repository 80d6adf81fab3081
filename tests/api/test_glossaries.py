"""Glossaries: what may stand in them, how they are kept, what they do to a translation."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import httpx2 as httpx
import pytest
from starlette.testclient import TestClient

from api.database import Database
from api.errors import ConflictError, InvalidFieldError, NotFoundError
from api.glossaries import Draft, Glossary, GlossaryStore
from api.glossary_entries import as_tsv, check_entries, check_name, parse_csv, parse_tsv

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
DRAFT = Draft("Places", {"나리타워": "Nari Tower"})


@pytest.fixture
def store(tmp_path: Path) -> GlossaryStore:
    return GlossaryStore(Database(tmp_path / "service.sqlite3"), 3, lambda: NOON)


# ---------------------------------------------------------------- entries


def test_terms_are_kept_in_the_spelling_they_are_looked_for() -> None:
    decomposed = unicodedata.normalize("NFD", " 서울 ")
    assert check_entries([(decomposed, " Seoul "), ("ＫＢＳ", "KBS")], 5) == {
        "서울": "Seoul", "KBS": "KBS",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([], "the glossary has no terms; give at least one"),
        ([("서울", "Seoul"), (" ", "b")], "entry 2 of the glossary has an empty side"),
        ([("서울", "")], "entry 1 of the glossary has an empty side"),
        ([("\u200b", "b")], "entry 1 of the glossary has an empty term"),
        ([("서울", "a"), ("서울 ", "b")], "entry 2 of the glossary has the same term"),
        ([("서울", "a\tb")], "entry 1 of the glossary has a tab, line break or control"),
        ([("서\n울", "a")], "entry 1 of the glossary has a tab, line break or control"),
        ([("서\x00울", "a")], "entry 1 of the glossary has a tab, line break or control"),
        ([("서울", "\ud800")], "entry 1 of the glossary has a tab, line break or control"),
        ([("가" * 1025, "a")], "entry 1 of the glossary has a side of 1025 characters"),
        ([(str(n), "a") for n in range(6)], "the glossary has more than 5 terms"),
    ],
)
def test_entries_that_could_not_work_are_refused(
    entries: list[tuple[str, str]], message: str
) -> None:
    with pytest.raises(InvalidFieldError, match=message):
        check_entries(entries, 5)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "\ud800", "a" * 1025])
def test_names_are_one_line(name: str) -> None:
    with pytest.raises(InvalidFieldError, match="the name of the glossary has"):
        check_name(name)


def test_tsv_and_csv_are_read_and_written() -> None:
    entries = {"서울": "Seoul, Korea", "물": 'the "water"'}
    assert dict(parse_tsv(as_tsv(entries) + "\r\n\n")) == entries
    csv = '서울,"Seoul, Korea"\r\n\n물,"the ""water""",KO,en\n'
    assert dict(parse_csv(csv)) == entries


@pytest.mark.parametrize("text", ["서울 Seoul", "서울\tSeoul\tKorea"])
def test_tsv_lines_have_one_tab(text: str) -> None:
    with pytest.raises(InvalidFieldError, match=r"line 1 of the entries has \d tabs"):
        list(parse_tsv(text))


@pytest.mark.parametrize("text", ["서울", "서울,Seoul,ko", "Seoul,서울,en,ko"])
def test_csv_lines_are_pairs_from_korean_to_english(text: str) -> None:
    with pytest.raises(InvalidFieldError, match=r"line 1 of the entries has \d columns, or other"):
        list(parse_csv(text))


def test_csv_that_cannot_be_read_is_refused() -> None:
    with pytest.raises(InvalidFieldError, match=r"line \d of the entries is no CSV"):
        list(parse_csv(f'"{"a" * 200_000}",b'))


# ---------------------------------------------------------------- store


def test_store_keeps_and_forgets(store: GlossaryStore) -> None:
    kept = store.create(DRAFT)
    assert store.get(kept.id) == kept
    assert store.get(kept.id.upper()).entries == DRAFT.entries
    assert (kept.version, kept.created, kept.n_entries) == (1, "2026-01-31T12:00:00.000Z", 1)
    assert [info.id for info in store.list()] == [kept.id]
    store.delete(kept.id)
    with pytest.raises(NotFoundError, match=r"there is no glossary .*GET /v1/glossaries lists all"):
        store.delete(kept.id)


@pytest.mark.parametrize("id", ["", "x", "\ud800", "00000000-0000-0000-0000-000000000000"])
def test_store_knows_no_other_ids(store: GlossaryStore, id: str) -> None:
    with pytest.raises(NotFoundError, match="there is no glossary"):
        store.get(id)


def test_store_is_full_at_its_limit(store: GlossaryStore) -> None:
    for _ in range(3):
        store.create(DRAFT)
    with pytest.raises(ConflictError, match="3 glossaries are kept, as many as are allowed"):
        store.create(DRAFT)


def test_changes_count_up_and_none_is_lost(store: GlossaryStore) -> None:
    id = store.create(DRAFT).id

    def add(name: str) -> None:
        def edit(old: Glossary) -> Draft:
            return Draft(old.name, {**old.entries, name: name})

        store.change(id, edit)

    threads = [Thread(target=add, args=(f"t{n}",)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = store.get(id)
    assert (found.version, found.n_entries) == (9, 9)


# ---------------------------------------------------------------- routes


def test_routes_make_read_change_and_delete(http: httpx.Client) -> None:
    made = http.post("/v1/glossaries", json={"name": "p", "entries": {"서울": "Seoul"}})
    assert made.status_code == 201
    path = f"/v1/glossaries/{made.json()['id']}"
    assert http.get(path).json() == made.json()
    listed = http.get("/v1/glossaries").json()["glossaries"]
    assert made.json().keys() - listed[0].keys() == {"entries"}
    changed = http.put(path, json={"name": "q", "entries": {"물": "water"}, "version": 1})
    assert (changed.json()["version"], changed.json()["entries"]) == (2, {"물": "water"})
    late = http.put(path, json={"name": "q", "entries": {"물": "water"}, "version": 1})
    assert late.status_code == 409
    assert "the change is for version 1, the glossary is at 2" in late.json()["detail"]
    assert http.delete(path).status_code == 204
    assert http.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"name": "p", "entries": {}}, "the glossary has no terms"),
        ({"name": "", "entries": {"a": "b"}}, "the name of the glossary has 0 characters"),
        ({"name": "p", "entries": {"a": "b"}, "target": "ja"}, "target: Extra inputs"),
        ({"name": "p", "entries": "a"}, "entries: Input should be a valid dictionary"),
    ],
)
def test_routes_refuse_what_cannot_work(
    http: httpx.Client, body: dict[str, object], message: str
) -> None:
    reply = http.post("/v1/glossaries", json=body)
    assert reply.status_code == 422
    assert message in reply.json()["detail"]


def test_glossary_is_used_by_its_id_or_as_it_is_given(http: httpx.Client) -> None:
    terms = {"나리타워": "Nari Tower", "나리": "Nari"}
    id = http.post("/v1/glossaries", json={"name": "p", "entries": terms}).json()["id"]
    text = "저는 나리타워에서 일해요."
    for glossary in (id, terms):
        reply = http.post("/v1/translate", json={"text": text, "glossary": glossary})
        assert "Nari Tower" in reply.json()["translations"][0]["text"]
    stream = http.post("/v1/translate/stream", json={"text": text, "glossary": id})
    assert "Nari Tower" in stream.text


def test_change_of_a_glossary_shows_at_once_in_spite_of_the_cache(http: httpx.Client) -> None:
    body = {"name": "p", "entries": {"나리타워": "Nari Tower"}}
    id = http.post("/v1/glossaries", json=body).json()["id"]
    asked = {"text": "나리타워는 여기서 멀어요.", "glossary": id}
    assert "Nari Tower" in http.post("/v1/translate", json=asked).text
    http.put(f"/v1/glossaries/{id}", json={"name": "p", "entries": {"나리타워": "Naritower"}})
    assert "Naritower" in http.post("/v1/translate", json=asked).text


@pytest.mark.parametrize(
    ("glossary", "status", "message"),
    [
        ("nothing", 404, "there is no glossary 'nothing'"),
        ({"서울": ""}, 422, "entry 1 of the glossary has an empty side"),
        ({"서울": "a\nb"}, 422, "has a tab, line break or control character"),
    ],
)
def test_glossary_that_cannot_be_used_is_refused(
    http: httpx.Client, glossary: object, status: int, message: str
) -> None:
    reply = http.post("/v1/translate", json={"text": "서울", "glossary": glossary})
    assert reply.status_code == status
    assert message in reply.json()["detail"]


def test_number_of_terms_is_a_setting(open_client: Callable[..., TestClient]) -> None:
    client = open_client(max_glossary_terms=1)
    body = {"name": "p", "entries": {"a": "b", "c": "d"}}
    reply = client.post("/v1/glossaries", json=body)
    assert reply.status_code == 422
    assert reply.json()["limit"] == 1
