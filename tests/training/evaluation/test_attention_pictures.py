from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from nmt.translation import SentenceTranslation, Token
from training.errors import DataError
from training.evaluation import fonts
from training.evaluation.fonts import FontMissingError, HangulFont, find_hangul_font
from training.evaluation.heatmap import AttentionMap, attention_map, draw_attention


def sentence(attention: tuple[tuple[float, ...], ...] | None) -> SentenceTranslation:
    source = (Token("나", 0, 1), Token("는", 1, 2), Token("가", 3, 4), Token("</s>", 4, 4))
    target = (Token("I", 0, 1), Token("go", 2, 4), Token("</s>", 4, 4))
    return SentenceTranslation("나는 가", 0, 4, "I go", -1.0, source_tokens=source,
                               target_tokens=target, attention=attention)  # fmt: skip


@pytest.fixture(scope="module")
def font() -> HangulFont:
    try:
        return find_hangul_font()
    except FontMissingError as error:
        pytest.skip(str(error))


def test_attention_map_marks_the_starts_of_words() -> None:
    found = attention_map(sentence(((0.25,) * 4,) * 3))
    assert found is not None
    assert found.source == ("_나", "는", "_가", "⏎")
    assert found.target == ("_I", "_go", "⏎")
    assert found.weights.shape == (3, 4)


def test_attention_map_shows_a_space_of_its_own() -> None:
    tokens = (Token("나", 0, 1), Token(" ", 1, 2), Token("가", 2, 3))
    row = ((1 / 3,) * 3,) * 3
    spaced = SentenceTranslation("나 가", 0, 3, "나 가", -1.0, source_tokens=tokens,
                                 target_tokens=tokens, attention=row)  # fmt: skip
    found = attention_map(spaced)
    assert found is not None and found.source == ("_나", "_", "가")


def test_attention_map_is_none_without_attention() -> None:
    assert attention_map(sentence(None)) is None


@pytest.mark.parametrize("rows", [((0.25,) * 4,) * 2, ((0.5,) * 4,) * 3])
def test_attention_map_refuses_what_does_not_fit(rows: tuple[tuple[float, ...], ...]) -> None:
    with pytest.raises(DataError, match="its rows do not sum to 1; translate again"):
        attention_map(sentence(rows))


def test_picture_is_dark_where_the_weight_is(tmp_path: Path, font: HangulFont) -> None:
    dark, light = (tmp_path / f"{name}.png" for name in ("dark", "light"))
    pieces = ("_한", "글", "은", "⏎"), ("_a", "b", "c", "⏎")
    draw_attention(AttentionMap(*pieces, np.eye(4)), dark, font, "한글")
    draw_attention(AttentionMap(*pieces, np.full((4, 4), 0.25)), light, font, "한글")
    navy = np.array([8, 48, 107]) / 255  # the end of the colour map
    areas = [(np.abs(imread(path)[..., :3] - navy).max(2) < 0.02).mean() for path in (dark, light)]
    assert areas[0] > 5 * areas[1]


def test_picture_takes_dollar_signs_as_they_are(tmp_path: Path, font: HangulFont) -> None:
    pieces = ("$\\frac$", "_${x}$")
    draw_attention(AttentionMap(pieces, pieces, np.eye(2)), tmp_path / "a.png", font, "$\\oops$")
    assert (tmp_path / "a.png").stat().st_size > 0


def test_picture_has_no_empty_boxes(
    tmp_path: Path, font: HangulFont, recwarn: pytest.WarningsRecorder
) -> None:
    pieces = ("_뷁", "\u200b", "𠮷", "😀", "⏎")
    weights = np.eye(5)
    draw_attention(AttentionMap(pieces, pieces, weights), tmp_path / "a.png", font, "x")
    assert [w for w in recwarn if "missing from font" in str(w.message)] == []


def test_drawable_writes_numbers_for_what_no_font_has(font: HangulFont) -> None:
    assert font.drawable("가a\U00020bb7") == "가aU+20BB7"


def test_missing_font_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(fonts.FONT_VARIABLE, raising=False)
    monkeypatch.setattr(fonts, "_installed_fonts", lambda: iter(()))
    monkeypatch.setattr(fonts, "_packaged_fonts", lambda: iter(()))
    with pytest.raises(FontMissingError, match=r"pip install koreanize-matplotlib.*fonts-nanum"):
        find_hangul_font()


def test_named_font_without_hangul_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from matplotlib.font_manager import findfont

    monkeypatch.setenv(fonts.FONT_VARIABLE, findfont("DejaVu Sans"))
    with pytest.raises(FontMissingError, match="is not a font file with Hangul"):
        find_hangul_font()
