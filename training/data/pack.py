"""Moves prepared data to another machine as one small `.xz` file.

The packed file holds the manifest and, a line a pair, only what cannot be computed: the texts
are left out where the segmented form tells them. Hashes are checked when unpacking.
"""

from __future__ import annotations

import json
import lzma
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from nmt.tokenizers.segmented import join_at, text_of
from training.data.columns import TextColumnWriter
from training.data.shards import PairStore, read_manifest, write_manifest
from training.errors import DataError

_MAGIC = "nmt-prepared-1"
MAX_PACKED_BYTES = 64 << 20
_WHOLE, _CUT = "=", "+"


def pack(folder: Path, out_xz: Path, max_bytes: int = MAX_PACKED_BYTES) -> int:
    """Packs a prepared folder into one file and gives its size in bytes.

    Raises:
        DataError: the folder is no prepared data, or the file became larger than `max_bytes`.
    """
    store = PairStore.open(folder)
    partial = out_xz.with_name(out_xz.name + ".partial")
    with lzma.open(partial, "wt", encoding="utf-8", newline="\n", preset=6) as out:
        header = {"magic": _MAGIC, "segmented": store.is_segmented, "manifest": store.manifest}
        out.write(json.dumps(header, ensure_ascii=False) + "\n")
        for row in range(len(store)):
            out.write(_line(store, row))
    size = partial.stat().st_size
    if size > max_bytes:
        partial.unlink()
        raise DataError(
            f"{len(store)} pairs pack into {size / 2**20:.1f} MiB; allowed: "
            f"{max_bytes / 2**20:.0f} MiB; lower the caps or leave sources out"
        )
    partial.replace(out_xz)
    return size


def _line(store: PairStore, row: int) -> str:
    if store.is_segmented:
        source = _short(store.source_text(row), store.segmented_source(row))
        target = _short(store.target_text(row), store.segmented_target(row))
    else:
        source, target = store.source_text(row), store.target_text(row)
    return f"{int(store.source_ids[row])}\t{int(store.kinds[row])}\t{source}\t{target}\n"


def _short(text: str, segmented: str) -> str:
    """Gives one form from which `_long` makes both again."""
    if segmented == join_at(text, ()):
        return _WHOLE + text
    if text_of(segmented) != text:
        raise DataError(
            "a segmented text differs from its text; run segment_shards again with a tokenizer "
            "that cuts without changing"
        )
    return _CUT + segmented


def _long(packed: str) -> tuple[str, str]:
    mark, rest = packed[:1], packed[1:]
    return (rest, join_at(rest, ())) if mark == _WHOLE else (text_of(rest), rest)


def unpack(packed_xz: Path, folder: Path) -> PairStore:
    """Writes the prepared folder that `pack` packed, and opens it.

    Raises:
        DataError: the file is missing, damaged or of another version.
    """
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        with lzma.open(packed_xz, "rt", encoding="utf-8", newline="\n") as lines:
            header = _read_header(next(lines, ""), packed_xz)
            _write_columns(lines, partial, header["segmented"])
    except (lzma.LZMAError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{packed_xz} is damaged ({error}); copy it again") from error
    except OSError as error:
        raise DataError(f"cannot read {packed_xz}: {error}") from error
    expected = header["manifest"].pop("files")
    write_manifest(partial, header["manifest"])
    if read_manifest(partial)["files"] != expected:
        raise DataError(f"{packed_xz} unpacks to other files than were packed; copy it again")
    shutil.rmtree(folder, ignore_errors=True)
    partial.replace(folder)
    return PairStore.open(folder)


def _read_header(line: str, where: Path) -> dict[str, Any]:
    try:
        header: dict[str, Any] = json.loads(line)
        if header["magic"] == _MAGIC:
            return header
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(f"{where} is no packed data; give a file that `nmt train pack` wrote")


def _write_columns(lines: Iterator[str], folder: Path, segmented: bool) -> None:
    names = ["source", "target"] + ["segmented_source", "segmented_target"] * segmented
    source_ids, kinds = [], []
    with ExitStack() as stack:
        writers = {name: stack.enter_context(TextColumnWriter(folder, name)) for name in names}
        for line in lines:
            source_id, kind, *sides = line.rstrip("\n").split("\t")
            source_ids.append(int(source_id))
            kinds.append(int(kind))
            for name, side in zip(("source", "target"), sides, strict=True):
                text, cut = _long(side) if segmented else (side, "")
                writers[name].add(text.encode())
                if segmented:
                    writers[f"segmented_{name}"].add(cut.encode())
    np.array(source_ids, np.uint16).tofile(folder / "sources.u2")
    np.array(kinds, np.uint8).tofile(folder / "kinds.u1")
