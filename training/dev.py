"""Development sets: text files, or prepared folders that need no morpheme analyzer here."""

from __future__ import annotations

from pathlib import Path

from nmt.text.normalize import normalize
from nmt.tokenizers.base import Tokenizer
from nmt.tokenizers.segmented import text_of
from training.config import DataConfig
from training.data.dataset import Pairs
from training.data.shards import PairStore
from training.errors import DataError
from training.validate import DevSet


def read_lines(path: Path) -> list[str]:
    """Reads the lines of a UTF-8 text file.

    Raises:
        DataError: no such file, or not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise DataError(f"no development file {path}; set data.dev_source and dev_target") from None
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 (byte {error.start}); convert it first") from None


def from_text(
    sources: list[str], references: list[str], source: Tokenizer, target: Tokenizer
) -> DevSet:
    """Tokenises a development set given as text.

    Raises:
        DataError: the sides differ in length or are empty.
        AnalyzerMissingError: the Korean tokenizer's analyzer is not installed.
    """
    if len(sources) != len(references) or not sources:
        raise DataError(
            f"the development set has {len(sources)} Korean and {len(references)} English lines; "
            "both sides need the same number, at least 1"
        )
    return DevSet(
        tuple(sources), tuple(references),
        tuple(tuple(source.encode_ids(normalize(line))) for line in sources),
        tuple(tuple(target.encode_ids(normalize(line))) for line in references),
    )  # fmt: skip


def from_pairs(pairs: Pairs, source: Tokenizer, target: Tokenizer) -> DevSet:
    """Tokenises a development set that is segmented already.

    Raises:
        DataError: it is empty.
    """
    if not len(pairs):
        raise DataError("the prepared development set holds no pairs; prepare it again")
    sources = [pairs.segmented_source(i) for i in range(len(pairs))]
    targets = [pairs.segmented_target(i) for i in range(len(pairs))]
    return DevSet(
        tuple(map(text_of, sources)), tuple(map(text_of, targets)),
        tuple(tuple(source.ids_of_segmented(s)) for s in sources),
        tuple(tuple(target.ids_of_segmented(t)) for t in targets),
    )  # fmt: skip


def load_dev(config: DataConfig, source: Tokenizer, target: Tokenizer) -> DevSet | None:
    """Loads the development set of the settings; None where they name none."""
    if not config.dev_source:
        return None
    path = Path(config.dev_source)
    if path.is_dir():
        return from_pairs(PairStore.open(path), source, target)
    if not config.dev_target:
        raise DataError(
            f"data.dev_source is {config.dev_source}, but data.dev_target is empty; "
            "name the English file, or give a prepared folder"
        )
    return from_text(read_lines(path), read_lines(Path(config.dev_target)), source, target)
