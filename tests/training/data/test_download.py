from __future__ import annotations

import io
import json
import urllib.error
import zipfile
from pathlib import Path
from typing import BinaryIO

import pytest

from training.data.download import (
    CORPORA,
    Corpus,
    RemoteFile,
    download,
    find_corpus,
    open_url,
)
from training.data.manifest import Source
from training.data.readers import iter_pairs
from training.errors import DataError


class Response(io.BytesIO):
    """Bytes with the header that a server sends."""

    def __init__(self, content: bytes, length: int | None = None) -> None:
        super().__init__(content)
        self.headers = {"Content-Length": str(len(content) if length is None else length)}


class Site:
    """Serves bytes by address and remembers what was asked for."""

    def __init__(self, pages: dict[str, Response]) -> None:
        self.pages, self.asked = pages, []

    def __call__(self, url: str) -> BinaryIO:
        self.asked.append(url)
        for start, page in self.pages.items():
            if url.startswith(start):
                return page
        raise DataError(f"{url} answered 404 Not Found")


def opus_zip() -> bytes:
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as archive:
        archive.writestr("TED.en-ko.ko", "안녕.\n")
        archive.writestr("TED.en-ko.en", "Hello.\n")
    return blob.getvalue()


def opus(rows: list[dict[str, object]]) -> Response:
    return Response(json.dumps({"corpora": rows}).encode())


def test_opus_corpus_is_fetched_by_name_and_read(tmp_path: Path) -> None:
    row = {"corpus": "TED", "version": "v1", "url": "https://files/TED.zip", "alignment_pairs": 1}
    site = Site({"https://opus": opus([row]), "https://files": Response(opus_zip())})
    progress = []
    [file] = download("opus:TED@v1", tmp_path, site, lambda *step: progress.append(step))
    assert "version=v1" in site.asked[0]
    assert file.path.name == "opus_TED_v1.zip"
    assert len(file.sha256) == 64
    assert progress[-1] == ("opus_TED_v1.zip", file.size_bytes, file.size_bytes)
    assert list(iter_pairs(Source("TED", (file.path,)))) == [("안녕.", "Hello.")]


def test_file_that_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "tatoeba.zip").write_bytes(b"have")
    site = Site({})
    [file] = download("tatoeba", tmp_path, site)
    assert (file.size_bytes, site.asked) == (4, [])


def test_unknown_corpus_names_the_known_ones() -> None:
    with pytest.raises(DataError, match=r"called 'nope'; allowed: tatoeba, korean-parallel"):
        find_corpus("nope")


def test_unknown_opus_corpus_is_refused() -> None:
    with pytest.raises(DataError, match="OPUS has no corpus 'TED'"):
        find_corpus("opus:TED", Site({"https://opus": opus([])}))


def test_opus_answer_that_is_no_list_is_refused() -> None:
    with pytest.raises(DataError, match="OPUS gave no list"):
        find_corpus("opus:TED", Site({"https://opus": Response(b"<html>")}))


def test_cut_connection_is_refused(tmp_path: Path) -> None:
    site = Site({"https://": Response(b"abc", length=9)})
    with pytest.raises(DataError, match="ended after 3 of 9 bytes; try again"):
        download("tatoeba", tmp_path, site)
    assert list(tmp_path.iterdir()) == []


def test_wrong_hash_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RemoteFile("x.tsv", "https://x", sha256="0" * 64)
    monkeypatch.setitem(CORPORA, "x", Corpus("x", "CC0", (file,)))
    with pytest.raises(DataError, match=r"has SHA-256 .*, expected 0000"):
        download("x", tmp_path, Site({"https://x": Response(b"abc")}))


def test_local_file_address_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    path.write_bytes(b"abc")
    with open_url(path.as_uri()) as stream:
        assert stream.read() == b"abc"


def test_missing_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> BinaryIO:
        raise urllib.error.URLError("no route to host")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(DataError, match=r"cannot reach .*no route to host.*needs a network"):
        open_url("https://example.org/x")
