"""From folders of corpora to prepared shards: read, clean, drop repeats, cap, write.

Pass 1 streams every source through worker processes (`clean.py`) into stage files; then
repeats and surplus are marked by hashes (`repeats.py`); pass 2 copies what is left. Memory
grows with about three bytes a pair; texts lie on disk.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import logging
import resource
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from nmt.config import to_dict
from nmt.cores import usable_cores
from training.data.clean import EXAMPLES, CleanBlock, Cleaner
from training.data.columns import TextColumnWriter
from training.data.copies import iter_copies
from training.data.cores import map_in_order
from training.data.files import Pair
from training.data.manifest import Source, weight_of
from training.data.order import flattened_weights
from training.data.overlap import read_test_lines
from training.data.readers import iter_pairs
from training.data.repeats import Marks, mark_repeats, mark_surplus
from training.data.report import PrepareReport, SourceReport
from training.data.settings import PrepareConfig
from training.data.shards import CLEAN, write_manifest
from training.data.sources import exclude_files, find_sources
from training.data.stage import Stage
from training.errors import DataError

log = logging.getLogger(__name__)

BLOCK_PAIRS = 4000
Progress = Callable[[int, str], None]
RawBlock = tuple[int, list[Pair]]


def prepare(config: PrepareConfig, progress: Progress | None = None) -> PrepareReport:
    """Writes clean training pairs to `config.output` and gives what happened to each.

    Args:
        config: what to read and how.
        progress: called with the number of pairs read and the source being read.

    Raises:
        DataError: a corpus cannot be read, or nothing is left after the filters.
    """
    start = time.monotonic()
    sources = find_sources(config)
    test_lines = read_test_lines(exclude_files(config.exclude))
    report = PrepareReport(
        config.output, [SourceReport(s.name, s.group, s.licence, s.origin) for s in sources]
    )
    with _replaced_folder(Path(config.output)) as folder, Stage(folder / "stage") as stage:
        for block in _clean_all(config, sources, test_lines):
            stage.add(block)
            _count(report, block)
            if progress is not None:
                progress(report.read, sources[block.source_id].name)
        stage.finish()
        marks, reasons = _mark(stage, sources, config)
        _write(stage, marks, reasons, folder, report, config)
        if report.kept == 0:
            raise DataError(
                f"none of {report.read} pairs is left; most were dropped for "
                f"{report.drops.most_common(3)}; loosen [filters] or check the corpora"
            )
        _finish(config, sources, folder, report, start)
    return report


@contextmanager
def _replaced_folder(output: Path) -> Iterator[Path]:
    """Gives an empty folder that takes the place of `output` if all goes well."""
    partial = output.with_name(output.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        shutil.rmtree(output, ignore_errors=True)
        partial.replace(output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _iter_blocks(sources: Sequence[Source]) -> Iterator[RawBlock]:
    for source_id, source in enumerate(sources):
        pairs = iter_pairs(source)
        while block := list(itertools.islice(pairs, BLOCK_PAIRS)):
            yield source_id, block


_cleaner: list[Cleaner] = []


def _start_worker(config: PrepareConfig, test_lines: Sequence[str]) -> None:
    _cleaner[:] = [Cleaner(config, test_lines)]


def _clean_in_worker(block: RawBlock) -> CleanBlock:
    return _cleaner[0].clean(*block)


def _clean_all(
    config: PrepareConfig, sources: Sequence[Source], test_lines: Sequence[str]
) -> Iterator[CleanBlock]:
    """Yields the cleaned blocks in order."""
    workers = config.workers or usable_cores()
    return map_in_order(
        _clean_in_worker, _iter_blocks(sources), workers, _start_worker, (config, test_lines)
    )


def _count(report: PrepareReport, block: CleanBlock) -> None:
    source = report.sources[block.source_id]
    source.read += block.n_read
    source.drops.update(block.drops)
    for reason, pairs in block.examples.items():
        shown = report.examples.setdefault(reason, [])
        shown.extend((source.name, *pair) for pair in pairs[: max(0, EXAMPLES - len(shown))])


def _mark(
    stage: Stage, sources: Sequence[Source], config: PrepareConfig
) -> tuple[Marks, list[str]]:
    """Marks repeats, near-duplicates and surplus; a mark is 1 + the place of its reason."""
    filters = config.filters
    marks: Marks = np.zeros(stage.n_pairs, np.uint8)
    reasons: list[str] = []
    limits = [("same pair", 0, filters.max_same_pair), ("same source", 1, filters.max_same_source),
              ("same target", 2, filters.max_same_target)]  # fmt: skip
    if filters.near_duplicates:
        limits += [("near-duplicate", 3, 1), ("near-duplicate", 4, 1)]
    for reason, column, limit in limits:
        if reason not in reasons:
            reasons.append(reason)
        mark_repeats(stage, column, limit, reasons.index(reason) + 1, marks)
    for pattern, cap in config.caps.items():
        members = [i for i, source in enumerate(sources) if source.matches(pattern)]
        if not members:
            log.warning("no source matches the cap %s", pattern)
        reasons.append(f"cap {pattern}")
        mark_surplus(stage, members, cap, config.seed, len(reasons), marks)
    return marks, reasons


def _write(
    stage: Stage,
    marks: Marks,
    reasons: Sequence[str],
    folder: Path,
    report: PrepareReport,
    config: PrepareConfig,
) -> None:
    """Writes the columns: the unmarked pairs in order, then their noised copies."""
    source_ids = stage.sources()
    for code, reason in enumerate(reasons, 1):
        for source_id, count in enumerate(np.bincount(source_ids[marks == code])):
            if count:
                report.sources[source_id].drops[reason] += int(count)
    kept = source_ids[marks == 0]
    for source_id, count in enumerate(np.bincount(kept)):
        report.sources[source_id].kept = int(count)
    with (
        TextColumnWriter(folder, "source") as source,
        TextColumnWriter(folder, "target") as target,
        (folder / "sources.u2").open("wb") as ids,
        (folder / "kinds.u1").open("wb") as kinds,
    ):
        for first, pairs in stage.iter_texts():
            for row, (src, tgt) in enumerate(pairs, first):
                if marks[row] == 0:
                    source.add(src)
                    target.add(tgt)
                else:
                    name = report.sources[source_ids[row]].name
                    _show(report, reasons[marks[row] - 1], name, src, tgt)
        ids.write(kept.tobytes())
        kinds.write(bytes([CLEAN]) * len(kept))
        for copy in iter_copies(stage, marks, config.augment, config.seed):
            source.add(copy.src.encode())
            target.add(copy.tgt.encode())
            ids.write(copy.source_id.to_bytes(2, "little"))
            kinds.write(bytes([copy.kind]))
            report.sources[copy.source_id].noised += 1


def _show(report: PrepareReport, reason: str, name: str, src: bytes, tgt: bytes) -> None:
    shown = report.examples.setdefault(reason, [])
    if len(shown) < EXAMPLES:
        shown.append((name, src.decode(), tgt.decode()))


def _finish(
    config: PrepareConfig,
    sources: Sequence[Source],
    folder: Path,
    report: PrepareReport,
    start: float,
) -> None:
    """Settles the weights and writes manifest and report."""
    sizes = [s.kept + s.noised for s in report.sources]
    weights = flattened_weights(
        [weight_of(s, config.weights) for s in sources], sizes, config.temperature
    )
    for entry, weight in zip(report.sources, weights, strict=True):
        entry.weight = weight
    settings = to_dict(config)
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()
    rows = [
        {"name": s.name, "group": s.group, "licence": s.licence, "origin": s.origin,
         "pairs": size, "weight": s.weight}
        for s, size in zip(report.sources, sizes, strict=True)
    ]  # fmt: skip
    manifest = {"pairs": sum(sizes), "config": settings, "config_sha256": digest, "sources": rows}
    write_manifest(folder, manifest)
    report.seconds = time.monotonic() - start
    report.peak_memory_bytes = peak_memory_bytes()
    report.save(folder)


def peak_memory_bytes() -> int:
    """Largest resident size that this process or a finished child had."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * max(
        resource.getrusage(who).ru_maxrss
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
