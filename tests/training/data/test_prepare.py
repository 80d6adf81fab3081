from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nmt.config import build
from nmt.errors import ConfigError
from training.data.manifest import Source, best_pattern
from training.data.prepare import prepare
from training.data.settings import PrepareConfig
from training.data.shards import CLEAN, NOISED, PairStore
from training.errors import DataError

Pair = tuple[str, str]


def settings(corpora: Path, **values: Any) -> PrepareConfig:
    output = str(corpora.parent / "out")
    return build(
        PrepareConfig, {"corpora": [str(corpora)], "output": output, "workers": 1, **values}
    )


def texts(store: PairStore) -> list[Pair]:
    return [(store.source_text(i), store.target_text(i)) for i in range(len(store))]


def opened(config: PrepareConfig) -> PairStore:
    return PairStore.open(config.output)


def test_prepare_keeps_good_pairs_with_their_source(corpora, write_corpus, pairs) -> None:
    write_corpus("a", pairs[:4])
    write_corpus("b", pairs[4:])
    config = settings(corpora)
    report = prepare(config)
    store = opened(config)
    assert texts(store) == pairs
    assert [store.source_of(i).name for i in range(6)] == ["a"] * 4 + ["b"] * 2
    assert (report.read, report.kept) == (6, 6)
    store.verify()


def test_prepare_normalises_and_protects_shared_spans(corpora, write_corpus) -> None:
    write_corpus("a", [("％{name}님，  <b>환영</b>합니다！", "Welcome, <b>%{name}</b>!")])
    config = settings(corpora)
    prepare(config)
    [(src, tgt)] = texts(opened(config))
    assert "  " not in src
    assert src.startswith("%⟦0⟧님,")
    assert "⟦0⟧" in tgt


def test_prepare_drops_repeats_of_every_kind(corpora, write_corpus, pairs) -> None:
    same_source = [(pairs[0][0], f"{word} weather outside") for word in ("Nice", "Bad", "Warm")]
    near = ("저는 서울에 살아요!", "I live in Seoul")
    write_corpus("a", [*pairs, pairs[0], *same_source, near])
    config = settings(corpora)
    report = prepare(config)
    assert report.drops == {"same pair": 1, "same source": 1, "near-duplicate": 1}
    assert texts(opened(config)) == [*pairs, *same_source[:2]]


def test_prepare_drops_pairs_with_test_lines(corpora, write_corpus, pairs, tmp_path) -> None:
    long = "이것은 시험 자료에만 있어야 하는 제법 길고 특별한 문장입니다."
    english = "A training sentence that no test set holds in any similar form."
    write_corpus("a", [*pairs, (f"그런데 {long}", english)])
    dev = tmp_path / "dev.ko"
    dev.write_text(f"{long}\n{pairs[1][0]}\n", encoding="utf-8")
    (tmp_path / "dev.en").write_text(f"Nothing.\n{pairs[2][1].upper()}\n", encoding="utf-8")
    config = settings(corpora, exclude=[str(tmp_path / "dev.*")])
    report = prepare(config)
    assert report.drops == {"equals a test line": 2, "near a test line": 1}
    assert texts(opened(config)) == [pairs[0], *pairs[3:]]


def test_prepare_keeps_phrases_that_a_long_test_line_holds(corpora, write_corpus, tmp_path) -> None:
    pair = ("외교부 장관", "Minister of Foreign Affairs")
    write_corpus("a", [pair])
    dev = tmp_path / "dev.en"
    dev.write_text(
        "The Minister of Foreign Affairs said on Monday that talks with both neighbours would "
        "resume within weeks.\n"
    )
    config = settings(corpora, exclude=[str(dev)])
    prepare(config)
    assert texts(opened(config)) == [pair]


WORDS = (
    ("사과", "apple"), ("바다", "sea"), ("하늘", "sky"), ("구름", "cloud"), ("나무", "tree"),
    ("의자", "chair"), ("책상", "desk"), ("연필", "pencil"), ("가방", "bag"), ("모자", "hat"),
    ("신발", "shoe"), ("우산", "umbrella"), ("시계", "clock"), ("전화", "phone"),
    ("창문", "window"),
)  # fmt: skip


def test_caps_keep_a_stable_subset(corpora, write_corpus) -> None:
    write_corpus("words", WORDS)
    kept = {}
    for cap in (5, 9):
        config = settings(corpora, caps={"w*": cap})
        report = prepare(config)
        kept[cap] = set(texts(opened(config)))
        assert report.drops == {"cap w*": 15 - cap}
    assert len(kept[5]) == 5
    assert kept[5] < kept[9]


def test_cap_covers_all_matching_sources_together(corpora, write_corpus) -> None:
    write_corpus("a_one", WORDS[:7])
    write_corpus("a_two", WORDS[7:])
    config = settings(corpora, caps={"a_*": 6})
    prepare(config)
    assert len(opened(config)) == 6


def test_result_is_the_same_for_any_number_of_workers(corpora, write_corpus, pairs) -> None:
    write_corpus("a", pairs)
    write_corpus("b", WORDS)
    hashes = []
    for workers in (1, 2):
        config = settings(corpora, workers=workers, augment={"copies": 0.5})
        prepare(config)
        hashes.append(opened(config).manifest["files"])
    assert hashes[0] == hashes[1]


def test_noised_copies_follow_the_clean_pairs(corpora, write_corpus, pairs) -> None:
    write_corpus("a", pairs)
    config = settings(corpora, augment={"copies": 1.0, "spacing": 1.0, "space_rate": 1.0})
    report = prepare(config)
    store = opened(config)
    assert report.sources[0].noised == len(store) - 6 > 0
    assert store.kinds[:6].tolist() == [CLEAN] * 6
    assert set(store.kinds[6:].tolist()) <= {NOISED, 2}
    assert store.source_of(6).pairs == len(store)


def test_weights_take_the_most_specific_pattern() -> None:
    source = Source("written_news", (), group="written")
    assert best_pattern(source, ["*", "written", "written_*", "written_news"]) == "written_news"
    assert best_pattern(source, ["*", "written", "written_*"]) == "written_*"
    assert best_pattern(source, ["written", "docs"]) == "written"
    assert best_pattern(source, ["docs"]) is None


def manifest(folder: Path, rows: Sequence[tuple[str, str, str]]) -> None:
    lines = ["name\tgroup\tlicence"] + ["\t".join(row) for row in rows]
    (folder / "MANIFEST.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def test_licences_and_groups_come_from_the_manifest(corpora, write_corpus, pairs) -> None:
    write_corpus("a", pairs[:3])
    write_corpus("b", pairs[3:])
    manifest(corpora, [("a", "g", "CC0-1.0"), ("b", "h", "GPL-3.0")])
    config = settings(corpora, forbidden_licences=["gpl*"], weights={"g": 2.5})
    prepare(config)
    [source] = opened(config).sources
    assert (source.name, source.licence, source.weight) == ("a", "CC0-1.0", 2.5)


def test_licence_filter_that_leaves_nothing_is_refused(corpora, write_corpus, pairs) -> None:
    write_corpus("a", pairs)
    with pytest.raises(DataError, match="no source is left of the 1"):
        prepare(settings(corpora, allowed_licences=["MIT"]))


def test_missing_corpora_are_named(tmp_path) -> None:
    with pytest.raises(DataError, match=r"no corpora at .*nowhere; give a folder"):
        prepare(settings(tmp_path / "nowhere"))


def test_missing_test_files_are_refused(corpora, write_corpus, pairs) -> None:
    write_corpus("a", pairs)
    with pytest.raises(DataError, match="exclude names 'dev/none', but no such file"):
        prepare(settings(corpora, exclude=["dev/none"]))


def test_two_sources_of_one_name_are_refused(corpora, write_corpus, pairs) -> None:
    write_corpus("a", pairs)
    (corpora / "a.tsv").write_text("가\ta\n", encoding="utf-8")
    with pytest.raises(DataError, match="two sources are called a"):
        prepare(settings(corpora))


def test_prepare_refuses_when_nothing_is_left(corpora, write_corpus) -> None:
    write_corpus("a", [("abc def", "abc def")])
    config = settings(corpora)
    with pytest.raises(DataError, match="none of 1 pairs is left; most were dropped for"):
        prepare(config)
    assert [path.name for path in corpora.parent.iterdir()] == ["corpora"]


def test_report_shows_counts_and_examples(corpora, write_corpus, pairs) -> None:
    write_corpus("a", [*pairs, ("같은 것", "같은 것")])
    config = settings(corpora)
    prepare(config)
    folder = Path(config.output)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["drops"] == {"identical sides": 1}
    assert report["examples"]["identical sides"] == [["a", "같은 것", "같은 것"]]
    page = (folder / "report.md").read_text(encoding="utf-8")
    assert "| identical sides | 1 | 14.29% |" in page


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"caps": {"a": -1}}, r"caps\.a is -1; allowed: 0 or more"),
        ({"weights": {"a": -0.5}}, r"weights\.a is -0\.5; allowed"),
        ({"temperature": 0.0}, r"temperature is 0\.0; allowed: above 0"),
        ({"workers": -1}, "workers is -1; allowed"),
        ({"exclude_overlap": 1.5}, r"exclude_overlap is 1\.5; allowed"),
        ({"filters": {"min_chars": 0}}, r"filters\.min_chars is 0; allowed"),
        ({"filters": {"min_words": 9, "max_words": 3}}, r"min_words is 9, above"),
        ({"filters": {"min_hangul": 1.2}}, r"min_hangul is 1\.2; allowed: 0 to 1"),
        ({"filters": {"max_length_ratio": 0.5}}, r"max_length_ratio is 0\.5; allowed"),
        ({"augment": {"typos": 2.0}}, r"augment\.typos is 2\.0; allowed: 0 to 1"),
        ({"augment": {"copies": 9.0}}, r"augment\.copies is 9\.0; allowed: 0 to 4"),
        ({"wieghts": {}}, "did you mean weights"),
    ],
)
def test_settings_out_of_range_are_refused(tmp_path, values, message) -> None:
    with pytest.raises(ConfigError, match=message):
        settings(tmp_path, **values)


def test_settings_need_corpora() -> None:
    with pytest.raises(ConfigError, match="corpora is empty; name a folder"):
        build(PrepareConfig, {"corpora": []})


def test_interrupted_run_leaves_the_old_output(corpora, write_corpus, pairs) -> None:
    write_corpus("a", pairs)
    config = settings(corpora)
    prepare(config)
    (corpora / "b.tsv.xz").write_bytes(b"no xz")
    with pytest.raises(DataError, match="is damaged"):
        prepare(config)
    assert len(opened(config)) == 6
    assert np.all(opened(config).source_ids == 0)
