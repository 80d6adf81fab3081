from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from nmt.translation import Translation
from training.errors import DataError
from training.evaluation.challenge import (
    COLUMNS,
    Item,
    Suite,
    check,
    load_suite,
    run_suite,
    score_suite,
    suite_names,
)


def echo(lines: Sequence[str]) -> list[Translation]:
    return [Translation(line, line, None, (), ()) for line in lines]


def test_suites_cover_the_known_difficulties() -> None:
    assert suite_names() == [
        "dropped_subjects", "honorifics", "markup", "mixed_latin", "names", "negation", "noise",
        "numbers", "single_words", "stress",
    ]  # fmt: skip


@pytest.mark.parametrize("name", suite_names())
def test_suite_passes_its_own_references(name: str) -> None:
    suite = load_suite(name)
    assert score_suite(suite, [item.reference for item in suite.items]).failures == ()


@pytest.mark.parametrize("name", suite_names())
def test_suite_has_twenty_to_forty_different_items(name: str) -> None:
    sources = [item.source for item in load_suite(name).items]
    assert 20 <= len(set(sources)) == len(sources) <= 40


@pytest.mark.parametrize("name", suite_names())
def test_suite_fails_where_nothing_is_translated(name: str) -> None:
    suite = load_suite(name)
    assert score_suite(suite, [""] * len(suite.items)).passed == 0


@pytest.mark.parametrize("name", sorted({*suite_names()} - {"stress", "markup"}))
def test_suite_fails_the_same_sentence_for_all(name: str) -> None:
    suite = load_suite(name)
    result = score_suite(suite, ["The end of the world is a part of the story."] * len(suite.items))
    assert result.pass_rate <= 0.05


@pytest.mark.parametrize(
    ("translation", "problem"),
    [
        ("", "empty"),
        ("I live in 서울", "korean_left"),
        ("the same, the same, the same, the same", "loop"),
        ("hahahahaaaaaaaaaaaaaaaaaaa", "loop"),
        (" ".join(f"w{i}" for i in range(40)), "too_long"),
    ],
)
def test_general_check_finds(translation: str, problem: str) -> None:
    assert problem in check(Item("저는 서울에 살아요.", ""), translation)


def test_general_check_passes_plain_repetition() -> None:
    assert check(Item("정말 정말 좋아요.", ""), "Really, really, really good.") == ()


def test_allowed_check_does_not_apply() -> None:
    item = Item("ㅋㅋㅋ", "Haha", allowed=frozenset({"korean_left"}))
    assert check(item, "ㅋㅋㅋ") == ()


def test_run_suite_reports_every_reason(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text(
        "# a comment\n" + "\t".join(COLUMNS) + "\nK 9 dogs\t9 dogs\t\\b9\\b && cats\tdogs?\n",
        encoding="utf-8",
    )
    result = run_suite(echo, load_suite(path))
    assert (result.suite, result.total, result.pass_rate) == ("mine", 1, 0.0)
    assert result.failures[0].problems == ("lacks cats", "has dogs?")


def test_run_suite_keeps_the_order() -> None:
    suite = Suite("s", (Item("a", "a"), Item("", "")))
    assert [f.problems for f in run_suite(echo, suite).failures] == [("empty",)]


def test_load_suite_names_the_suites_there_are() -> None:
    with pytest.raises(DataError, match=r"no suite numberz; allowed: .*numbers"):
        load_suite("numberz")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tb\n", "must begin with the columns source, reference"),
        ("\t".join(COLUMNS) + "\n", "has no items"),
        ("\t".join(COLUMNS) + "\nonly source\n", r"mine.tsv:2 has 1 columns; allowed: 2 to 5"),
        ("\t".join(COLUMNS) + "\ns\tr\t(\n", r"mine.tsv:2 has the pattern '\('"),
    ],
)
def test_load_suite_refuses_a_wrong_file(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "mine.tsv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_suite(path)
