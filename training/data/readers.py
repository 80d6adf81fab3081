"""Corpus files as streams of (Korean, English) pairs; nothing is held in memory.

| format | files |
|---|---|
| TSV | `NAME.tsv`, `.tsv.gz`, `.tsv.xz`, `.tsv.bz2`: Korean TAB English, or Tatoeba's columns |
| Moses | `NAME.ko` + `NAME.en` line-aligned, plain or compressed, or both in an OPUS `.zip` |
| TMX | `NAME.tmx`, plain or compressed |
| AI Hub | folders of `.json`, `.xlsx`, `.csv` as downloaded (`.zip` with them, too) |
| korean-parallel-corpora | `NAME.tar.gz` with `*.ko` and `*.en` |
"""

from __future__ import annotations

import itertools
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from training.data.aihub import TABLES, iter_table, iter_table_stream
from training.data.files import COMPRESSION, Pair, lines_of, open_binary
from training.data.manifest import MANIFEST, Source, source_name
from training.data.script import tsv_columns
from training.data.tmx import iter_tmx
from training.errors import DataError

KOREAN = (".ko", ".kor", ".ko-kr")
ENGLISH = (".en", ".eng", ".en-us")
ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.xz", ".tar.bz2")


def group_files(path: Path) -> Iterator[tuple[str, tuple[Path, ...]]]:
    """Names the sources of a folder (or single file) and their files, in order of name.

    A subfolder counts as one source when it holds AI Hub files; otherwise it is searched. Of a
    folder with a manifest and a subfolder `train` only that subfolder is read.
    """
    if path.is_file():
        yield source_name(path), (path,)
        return
    if (path / MANIFEST).is_file() and (path / "train").is_dir():
        path = path / "train"
    sides: dict[str, dict[str, Path]] = {}
    for entry in sorted(path.iterdir()):
        if entry.name.startswith(".") or entry.name.upper() == "MANIFEST.TSV":
            continue
        if entry.is_dir():
            tables = tuple(p for p in sorted(entry.rglob("*")) if _is_table(p))
            if tables:
                yield entry.name, tables
            else:
                yield from group_files(entry)
        elif side := _side(entry.name):
            sides.setdefault(source_name(entry), {})[side] = entry
        elif reader_of(entry) is not None:
            yield source_name(entry), (entry,)
    for name, found in sides.items():
        if len(found) < 2:
            raise DataError(
                f"{next(iter(found.values()))} has no partner; a line-aligned corpus needs "
                f"{name}.ko and {name}.en"
            )
        yield name, (found["ko"], found["en"])


def _is_table(path: Path) -> bool:
    return path.suffix.lower() in TABLES


def _plain_suffix(name: str) -> str:
    path = Path(name.lower())
    return Path(path.stem).suffix if path.suffix in COMPRESSION else path.suffix


def _side(name: str) -> str | None:
    suffix = _plain_suffix(name)
    return "ko" if suffix in KOREAN else "en" if suffix in ENGLISH else None


def reader_of(path: Path) -> Callable[[Path], Iterator[Pair]] | None:
    """The reader for a single file by its name, or none for a file that is no corpus."""
    name = path.name.lower()
    suffix = _plain_suffix(name)
    if name.endswith(ARCHIVES):
        return iter_zip if name.endswith(".zip") else iter_tar
    if suffix in (".tsv", ".txt"):
        return iter_tsv
    if suffix == ".tmx":
        return iter_tmx
    return iter_table if suffix in TABLES else None


def iter_pairs(source: Source) -> Iterator[Pair]:
    """Yields the pairs of a source as they stand in its files.

    Raises:
        DataError: a file is missing, damaged, of no known format, not UTF-8 or empty.
    """
    count = 0
    for count, pair in enumerate(_checked(_iter_files(source), source), 1):  # noqa: B007
        yield pair
    if count == 0:
        raise DataError(f"{source.files[0]} holds no pairs; remove it or download it again")


def _iter_files(source: Source) -> Iterator[Pair]:
    if len(source.files) == 2 and _side(source.files[0].name) == "ko":
        with open_binary(source.files[0]) as korean, open_binary(source.files[1]) as english:
            yield from zip_lines(korean, english, str(source.files[0]))
        return
    for path in source.files:
        reader = reader_of(path)
        if reader is None:
            raise DataError(
                f"{path} is of no known format; allowed: TSV, Moses (.ko and .en), TMX, "
                "OPUS zip, tar, AI Hub json, xlsx or csv"
            )
        yield from reader(path)


def _checked(pairs: Iterator[Pair], source: Source) -> Iterator[Pair]:
    """Refuses a source whose first thousand pairs are mostly not UTF-8 or not pairs."""
    head = list(itertools.islice(pairs, 1000))
    broken = sum("\ufffd" in src or "\ufffd" in tgt for src, tgt in head)
    if broken > len(head) / 2:
        raise DataError(
            f"{source.files[0]} is not UTF-8; convert it (for Korean files often from cp949)"
        )
    if head and all(not src or not tgt for src, tgt in head):
        raise DataError(f"{source.files[0]} has one side only; a line is Korean TAB English")
    yield from head
    yield from pairs


def zip_lines(korean: IO[bytes], english: IO[bytes], where: str) -> Iterator[Pair]:
    """Pairs the lines of two files.

    Raises:
        DataError: one file is longer, so the lines cannot be aligned.
    """
    for number, (src, tgt) in enumerate(
        itertools.zip_longest(lines_of(korean), lines_of(english)), 1
    ):
        if src is None or tgt is None:
            raise DataError(
                f"{where}: the {'Korean' if src is None else 'English'} side ends before line "
                f"{number}; both files need the same number of lines"
            )
        yield src, tgt


def iter_tsv(path: Path) -> Iterator[Pair]:
    """Reads Korean TAB English, or a Tatoeba export (ids and sentences, either order)."""
    with open_binary(path) as stream:
        yield from iter_tsv_stream(stream)


def iter_tsv_stream(stream: IO[bytes]) -> Iterator[Pair]:
    """Reads pairs from the columns that the first lines show to be Korean and English.

    A line without a second side gives an empty one.
    """
    lines = lines_of(stream)
    head = list(itertools.islice(lines, 200))
    korean, english = tsv_columns(head)
    for line in itertools.chain(head, lines):
        fields = line.split("\t")
        yield (
            fields[korean] if korean < len(fields) else "",
            fields[english] if english < len(fields) else "",
        )


def _pair_members(names: list[str], path: Path) -> Iterator[tuple[str, str]]:
    """Finds the line-aligned file pairs in an archive's member names."""
    found: dict[str, dict[str, str]] = {}
    for name in sorted(names):
        side = _side(name)
        if side and not Path(name).name.startswith("."):
            found.setdefault(str(Path(name).with_suffix("")), {})[side] = name
    pairs = [(m["ko"], m["en"]) for m in found.values() if len(m) == 2]
    if not pairs:
        raise DataError(f"{path} holds no pair of files *.ko and *.en; found: {names[:8]}")
    yield from pairs


def iter_zip(path: Path) -> Iterator[Pair]:
    """Reads a zip with a Moses pair (OPUS), with tables (AI Hub) or with TSV (Tatoeba)."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [n for n in sorted(archive.namelist()) if Path(n).name[:1] not in ("_", ".")]
            tables = [n for n in names if n.lower().endswith((*TABLES, ".tsv"))]
            if not tables and not any(_side(name) for name in names):
                tables = [n for n in names if n.lower().endswith(".txt")]
            for name in tables:
                with archive.open(name) as stream:
                    is_table = name.lower().endswith(TABLES)
                    yield from (
                        iter_table_stream(stream, name) if is_table else iter_tsv_stream(stream)
                    )
            for ko, en in [] if tables else _pair_members(names, path):
                with archive.open(ko) as korean, archive.open(en) as english:
                    yield from zip_lines(korean, english, f"{path}:{ko}")
    except zipfile.BadZipFile as error:
        raise DataError(f"{path} is no zip file ({error}); download it again") from error


def iter_tar(path: Path) -> Iterator[Pair]:
    """Reads the `*.ko` and `*.en` members of a tar (the layout of korean-parallel-corpora)."""
    try:
        with tarfile.open(path) as korean_tar, tarfile.open(path) as english_tar:
            names = [m.name for m in korean_tar.getmembers() if m.isfile()]
            for ko, en in _pair_members(names, path):
                korean, english = korean_tar.extractfile(ko), english_tar.extractfile(en)
                if korean is None or english is None:
                    raise DataError(f"{path}: {ko} or {en} is no plain file")
                yield from zip_lines(korean, english, f"{path}:{ko}")
    except tarfile.TarError as error:
        raise DataError(f"{path} is no tar file ({error}); download it again") from error
