"""Fetches public corpora by name, for users with a network.

    download("opus:OpenSubtitles", Path("corpora"))

Files land unchanged in a folder that `prepare` reads. AI Hub asks for a login: download there by
hand and give `prepare` the folder as it is.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from training.errors import DataError

OPUS_API = "https://opus.nlpl.eu/opusapi/?source=en&target=ko&preprocessing=moses&version=latest"
_CHUNK_BYTES = 1 << 20
_TIMEOUT_S = 60.0

Opener = Callable[[str], BinaryIO]
Progress = Callable[[str, int, int | None], None]


@dataclass(frozen=True)
class RemoteFile:
    """One file of a public corpus."""

    name: str
    """File name that it gets."""
    url: str
    sha256: str | None = None
    """Expected hash, where the publisher's file never changes."""


@dataclass(frozen=True)
class Corpus:
    """A public corpus with a name of its own."""

    name: str
    licence: str
    files: tuple[RemoteFile, ...]
    note: str = ""


@dataclass(frozen=True)
class Downloaded:
    """A file that was fetched."""

    path: Path
    size_bytes: int
    sha256: str


_PARK = "https://github.com/jungyeul/korean-parallel-corpora/raw/master/korean-english-news-v1/"

CORPORA: dict[str, Corpus] = {
    corpus.name: corpus
    for corpus in (
        Corpus(
            "tatoeba",
            "CC BY 2.0 FR",
            (RemoteFile("tatoeba.zip", "https://www.manythings.org/anki/kor-eng.zip"),),
            "sentences with translations, selected for learners",
        ),
        Corpus(
            "korean-parallel-corpora",
            "CC BY-SA 3.0",
            (RemoteFile("korean-english-park.train.tar.gz", _PARK
                        + "korean-english-park.train.tar.gz"),),
            "news, about 94 000 pairs (Park, Hong and Cha 2016)",
        ),
    )
}  # fmt: skip


def open_url(url: str) -> BinaryIO:
    """Opens an address; network faults become a DataError that says so."""
    request = urllib.request.Request(url, headers={"User-Agent": "nmt-prepare"})
    try:
        return cast(BinaryIO, urllib.request.urlopen(request, timeout=_TIMEOUT_S))
    except urllib.error.HTTPError as error:
        raise DataError(
            f"{url} answered {error.code} {error.reason}; it may have moved: download the corpus "
            "by hand and give prepare the folder"
        ) from error
    except (urllib.error.URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise DataError(
            f"cannot reach {url} ({reason}); this needs a network: check it, or copy the corpus "
            "here and give prepare the folder"
        ) from error


def find_corpus(name: str, opener: Opener = open_url) -> Corpus:
    """Finds a corpus by name: one of CORPORA, or `opus:NAME` with an optional `@VERSION`.

    Raises:
        DataError: no such corpus, or OPUS cannot be reached.
    """
    if name in CORPORA:
        return CORPORA[name]
    kind, _, rest = name.partition(":")
    if kind != "opus" or not rest:
        known = ", ".join([*CORPORA, "opus:NAME", "opus:NAME@VERSION"])
        raise DataError(f"no public corpus is called {name!r}; allowed: {known}")
    corpus, _, version = rest.partition("@")
    return _opus(corpus, version, opener)


def _opus(corpus: str, version: str, opener: Opener) -> Corpus:
    address = f"{OPUS_API}&corpus={urllib.parse.quote(corpus)}"
    if version:
        address = address.replace("version=latest", f"version={urllib.parse.quote(version)}")
    with closing(opener(address)) as stream:
        try:
            found = json.load(stream)["corpora"]
        except (ValueError, KeyError, TypeError) as error:
            raise DataError(
                f"OPUS gave no list of corpora ({error}); try again later, or download the "
                "Moses zip of the pair en-ko by hand"
            ) from error
    matching = [row for row in found if row.get("corpus") == corpus and row.get("url")]
    if not matching:
        raise DataError(
            f"OPUS has no corpus {corpus!r} {version} for en–ko in Moses form; "
            "see its site for names (case counts)"
        )
    row = matching[0]
    file = RemoteFile(f"opus_{corpus}_{row.get('version', 'latest')}.zip", str(row["url"]))
    return Corpus(f"opus:{corpus}", "see OPUS", (file,), f"{row.get('alignment_pairs', '?')} pairs")


def download(
    name: str, folder: Path, opener: Opener = open_url, progress: Progress | None = None
) -> list[Downloaded]:
    """Fetches a public corpus into `folder`; files already there are kept.

    Args:
        name: see `find_corpus`.
        folder: where the files go.
        opener: opens an address.
        progress: called with file name, bytes so far and bytes in all (none if not told).

    Returns:
        path, size and SHA-256 of each file, to be shown to the user.

    Raises:
        DataError: unknown name, no network, a cut connection or a wrong hash.
    """
    corpus = find_corpus(name, opener)
    folder.mkdir(parents=True, exist_ok=True)
    return [_fetch(file, folder, opener, progress) for file in corpus.files]


def _fetch(file: RemoteFile, folder: Path, opener: Opener, progress: Progress | None) -> Downloaded:
    path = folder / file.name
    if not path.exists():
        partial = path.with_name(path.name + ".partial")
        with closing(opener(file.url)) as source, partial.open("wb") as target:
            total = _length(source)
            done = 0
            while chunk := source.read(_CHUNK_BYTES):
                target.write(chunk)
                done += len(chunk)
                if progress is not None:
                    progress(file.name, done, total)
        if total is not None and done != total:
            partial.unlink()
            raise DataError(f"{file.url} ended after {done} of {total} bytes; try again")
        shutil.move(partial, path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    if file.sha256 is not None and digest != file.sha256:
        raise DataError(
            f"{path} has SHA-256 {digest}, expected {file.sha256}; delete it and try again"
        )
    return Downloaded(path, path.stat().st_size, digest)


def _length(stream: BinaryIO) -> int | None:
    headers = getattr(stream, "headers", None)
    text = headers.get("Content-Length") if headers is not None else None
    return int(text) if text else None
