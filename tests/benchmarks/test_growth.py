"""How cost grows: sentences, stages, tables and plots of benchmarks/growth.py."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from nmt.bundle import load_bundle
from nmt.config import SearchConfig
from nmt.tokenizers.base import FIRST_PLACEHOLDER_ID, Tokenizer
from nmt.translator import Translator

Script = Callable[[str], ModuleType]


def curve(name: str, exponent: float) -> dict[str, Any]:
    sizes = [5, 10, 20, 50]
    cost = [{"median": n**exponent, "min": 0.9 * n**exponent, "max": n**exponent} for n in sizes]
    return {
        "group": "length, batch 1, beam 4", "name": name, "unit": "ms a sentence", "scale": 1000,
        "sizes": sizes, "cost": cost,
    }  # fmt: skip


def test_measured_sentences_are_whole_batches(script: Script) -> None:
    lengths = script("growth_lengths")
    for length in (5, 20, 200):
        for batch in (1, 16):
            count = lengths.how_many(length, batch)
            assert count % batch == 0
            assert count * length >= lengths.LEAST_PIECES
    assert lengths.random_sources(7, 3, 500) == lengths.random_sources(7, 3, 500)
    assert {len(s) for s in lengths.random_sources(7, 3, 500)} == {7}


def test_recombined_sentences_differ_and_end_like_real_ones(script: Script) -> None:
    lines = [f"하나{i} 둘{i} 셋{i} 넷{i} 끝{i}." for i in range(40)]
    found = list(script("growth_lines").iter_sentences(lines, 2000))
    assert len(set(found)) > 1990
    assert all(sentence.endswith(".") and sentence.count(".") == 1 for sentence in found)
    assert found == list(script("growth_lines").iter_sentences(lines, 2000))


def test_large_sizes_are_measured_once(script: Script) -> None:
    lines = script("growth_lines")
    assert [lines.repeats_of(n, 5) for n in (1000, 10_000, 100_000)] == [5, 5, 1]


def test_child_seconds_are_those_of_the_child(script: Script) -> None:
    import sys

    busy = "import time\nwhile time.process_time() < 0.3: pass"
    assert 0.3 <= script("growth_lines").child_cpu_s([sys.executable, "-c", busy]) < 3
    with pytest.raises(SystemExit, match=r"failed: .*no such model"):
        script("growth_lines").child_cpu_s(
            [sys.executable, "-c", "raise SystemExit('no such model')"]
        )


def test_copying_engine_keeps_length_and_placeholders(
    script: Script, tiny_bundle: Path, tiny_tokenizers: tuple[Tokenizer, Tokenizer]
) -> None:
    engine = script("copying_translate").CopyingEngine(load_bundle(tiny_bundle).model_config)
    source = [FIRST_PLACEHOLDER_ID + 1, 300, 301, 302]
    ids = engine.search([source], SearchConfig())[0][0].ids
    assert len(ids) == len(source)
    assert ids[0] == source[0]
    assert all(276 <= piece < tiny_tokenizers[1].vocab_size for piece in ids[1:])
    translator = Translator(engine, *tiny_tokenizers, SearchConfig(), max_source_pieces=60)
    assert translator.translate(["오늘 날씨가 정말 좋네요."])[0].text


def test_stages_take_the_time_of_items_not_of_their_reader(script: Script) -> None:
    stages = script("preparation").Stages()

    def items() -> Iterator[int]:
        yield from range(3)

    watched = stages.watching("cleaning", lambda: items())
    began = time.process_time()
    for _ in watched():
        while time.process_time() - began < 0.05:
            pass
    assert 0 < stages.cpu_s["cleaning"] < 0.03
    assert stages.watching("marking", lambda a, b: a + b)(1, 2) == 3


def test_curve_gets_slope_and_doublings(script: Script) -> None:
    found = script("growth").analysed(curve("x", 2.0))
    assert found["slope"] == pytest.approx(2.0)
    assert found["doubling"] == pytest.approx([4.0, 4.0, 4.0])
    assert found["shares"]["quadratic"] == pytest.approx(1.0)


def test_report_tells_costs_doublings_and_shares(script: Script) -> None:
    growth = script("growth")
    curves = [growth.analysed(curve("linear one", 1.0)), growth.analysed(curve("square", 2.0))]
    text = growth.report({"curves": curves, "attention_shares": {"5": 0.004}})
    assert "| linear one | 5000 | 10000 (×2.00) | 20000 (×2.00) | 50000 (×2.00) | 1.00 |" in text
    assert "(×4.00) | 2.00 | 1.00 | 100 % |" in text
    assert "0.4 % at 5" in text


def test_curve_of_one_size_is_shown_without_slope(script: Script) -> None:
    growth = script("growth")
    one = curve("short", 1.0)
    one = {**one, "sizes": one["sizes"][:1], "cost": one["cost"][:1]}
    text = growth.report({"curves": [growth.analysed(one), growth.analysed(curve("long", 1.0))]})
    assert "| short | 5000 | – | – | – | – | – | – |" in text
    assert [list(panel.curves) for panel in growth.panels([growth.analysed(one)])] == []


@pytest.mark.parametrize("suffix", ["png", "svg"])
def test_growth_is_drawn(script: Script, tmp_path: Path, suffix: str) -> None:
    growth, path = script("growth"), tmp_path / f"growth.{suffix}"
    panels = growth.panels([growth.analysed(curve("a", 1.0)), growth.analysed(curve("b", 2.0))])
    script("plots").draw_growth(panels, path, "title")
    head = path.read_bytes()[:200]
    assert head.startswith(b"\x89PNG") if suffix == "png" else b"<?xml" in head


@pytest.mark.slow
def test_growth_runs_from_end_to_end(script: Script, tiny_bundle: Path, tmp_path: Path) -> None:
    output = tmp_path / "growth.json"
    script("growth").main([
        "--bundles", str(tiny_bundle), "--model", str(tiny_bundle), "--lengths", "4", "8",
        "--lines", "20", "60", "--most-real", "20", "--repeats", "1",
        "--output", str(output), "--plot", str(tmp_path / "growth.png"),
    ])  # fmt: skip
    curves = json.loads(output.read_text())["curves"]
    groups = {found["group"] for found in curves}
    assert groups == {
        "length, batch 1, beam 4", "length, batch 16, beam 4", "lines, nmt translate",
        "pairs, before training",
    }  # fmt: skip
    stages = [found["name"] for found in curves if found["group"].startswith("pairs")]
    assert stages == ["cleaning", "marking repeats", "writing", "segmenting", "encoding"]
    assert (tmp_path / "growth.png").stat().st_size > 10_000
