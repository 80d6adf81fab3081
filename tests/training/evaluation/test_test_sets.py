from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from small_systems import small_set, write_lines

from nmt.translation import Flag, Translation
from training.errors import DataError
from training.evaluation.run import (
    one_line,
    read_hypothesis,
    read_lines,
    read_prefix,
    read_test_set,
    translate_set,
)


def shout(lines: Sequence[str]) -> list[Translation]:
    flags = {"": (Flag.EMPTY,)}
    return [Translation(line, line.upper(), None, (), flags.get(line, ())) for line in lines]


def test_read_lines_breaks_at_line_feeds_only(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes("\ufeff가\u2028나\r\n\n다\x0b라\n".encode())
    assert read_lines(path) == ["가\u2028나", "", "다\x0b라"]


def test_read_prefix_reads_both_sides(tmp_path: Path) -> None:
    write_lines(tmp_path / "my.dev.ko", ["하나", "둘", "셋"])
    write_lines(tmp_path / "my.dev.en", ["one", "two", "three"])
    test_set = read_prefix(tmp_path / "my.dev", limit=2)
    assert (test_set.name, test_set.sources, test_set.references) == (
        "my.dev", ("하나", "둘"), ("one", "two"),
    )  # fmt: skip


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no file .*gone\.ko; give a text file"):
        read_prefix(tmp_path / "gone")


def test_wrong_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes("안녕".encode("cp949"))
    with pytest.raises(DataError, match="is not UTF-8"):
        read_lines(tmp_path / "a")


@pytest.mark.parametrize(("sources", "references"), [(["가", "나"], ["a"]), ([], [])])
def test_uneven_or_empty_test_set_is_refused(
    tmp_path: Path, sources: list[str], references: list[str]
) -> None:
    paths = write_lines(tmp_path / "s", sources), write_lines(tmp_path / "r", references)
    with pytest.raises(DataError, match="both need the same number, at least 1"):
        read_test_set(*paths, name="x")


def test_limit_below_one_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "s", ["a"])
    with pytest.raises(DataError, match="limit is 0; allowed: 1 or more"):
        read_test_set(path, path, "x", limit=0)


def test_hypothesis_of_another_length_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "h", ["a"] * 9)
    with pytest.raises(DataError, match="h has 9 lines, small has 8"):
        read_hypothesis(path, "h", small_set(8), limit=None)


def test_hypothesis_is_cut_like_a_limited_set(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "h", [str(i) for i in range(9)])
    assert read_hypothesis(path, "h", small_set(3), limit=3).lines == ("0", "1", "2")


def test_translate_set_keeps_the_order_over_batches() -> None:
    test_set = small_set(10)
    told: list[int] = []
    output = translate_set(shout, test_set, "shout", told.append, batch_lines=4)
    assert output.lines == tuple(line.upper() for line in test_set.sources)
    assert told == [4, 4, 2]
    assert output.sentences_per_s is not None and output.sentences_per_s > 0


def test_translate_set_counts_flags() -> None:
    test_set = small_set(3)
    empty = type(test_set)("e", ("", "가", ""), test_set.references)
    assert translate_set(shout, empty, "shout").flags == {"empty": 2}


def test_one_line_joins_what_would_break_the_file() -> None:
    assert one_line("a\nb\u2028c") == "a b c"
