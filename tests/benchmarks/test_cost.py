"""What a translation costs, from CPU seconds and a price."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Script = Callable[[str], ModuleType]


def test_price_follows_from_seconds(script: Script) -> None:
    lines = ["가나다라마"] * 200  # a thousand characters
    found = script("cost").costs([3.6, 7.2, 3.6], lines, price=0.05)
    assert found["cpu_s_per_1000_sentences"]["median"] == pytest.approx(18.0)
    assert found["cpu_s_per_million_chars"]["median"] == pytest.approx(3600.0)
    assert found["price_per_million_chars"]["median"] == pytest.approx(0.05)
    assert found["price_per_million_chars"]["max"] == pytest.approx(0.1)
    assert found["chars_per_cpu_s"]["min"] == pytest.approx(1000 / 7.2)


def test_bundle_is_measured_greedily_and_with_a_beam(
    script: Script, tiny_bundle: Path, tmp_path: Path
) -> None:
    source, output = tmp_path / "dev.ko", tmp_path / "cost.json"
    source.write_text("저는 서울에 살아요.\n\n커피 한 잔 주세요.\n이 책은 아주 재미있어요.\n")
    script("cost").main([
        str(source), "--systems", f"{tiny_bundle}:torch", "--sentences", "2", "--repeats", "2",
        "--price-per-core-hour", "1", "--output", str(output),
    ])  # fmt: skip
    result = json.loads(output.read_text())
    assert result["sentences"] == 2
    assert [row["search"] for row in result["rows"]] == ["greedy", "beam 4"]
    for row in result["rows"]:
        seconds = row["cpu_s_per_million_chars"]["median"]
        assert seconds > 0
        assert row["price_per_million_chars"]["median"] == pytest.approx(seconds / 3600)
    assert "Assumed: 1.0 a core-hour" in output.with_suffix(".md").read_text()
