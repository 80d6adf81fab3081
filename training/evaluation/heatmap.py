"""Attention as a picture: target pieces down, source pieces across (Bahdanau 2015, figure 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from nmt.translation import SentenceTranslation, Token
from training.errors import DataError
from training.evaluation.fonts import HangulFont

SENTENCE_END = "</s>"
END_LABEL = "⏎"
MIN_SCALE = 0.3
"""The darkest colour stands for the largest weight, but at least for this one."""
INCH_PER_PIECE = 0.26
INCH_PER_CHAR = 0.105


@dataclass(frozen=True, eq=False)
class AttentionMap:
    """What a model looked at for each piece that it wrote."""

    source: tuple[str, ...]
    """S source pieces."""
    target: tuple[str, ...]
    """T target pieces."""
    weights: npt.NDArray[np.float64]
    """[T, S], rows sum to 1."""


def attention_map(sentence: SentenceTranslation) -> AttentionMap | None:
    """Gives the attention of a translated sentence; None where it has none.

    Raises:
        DataError: weights and pieces do not fit, or a row does not sum to 1.
    """
    if not sentence.attention:
        return None
    weights = np.array(sentence.attention, np.float64)
    shape = len(sentence.target_tokens), len(sentence.source_tokens)
    if weights.shape != shape or not np.allclose(weights.sum(1), 1.0, atol=1e-2):
        raise DataError(
            f"attention is {weights.shape} for {shape[0]} target and {shape[1]} source pieces, "
            "or its rows do not sum to 1; translate again with attention"
        )
    return AttentionMap(_labels(sentence.source_tokens), _labels(sentence.target_tokens), weights)


def _labels(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Gives pieces as they are shown, an underline before those that start a word."""
    labels, end = [], -1
    for token in tokens:
        text = token.text.strip()
        starts_word = token.start > end or token.text != token.text.lstrip()
        end = token.end
        if token.text == SENTENCE_END:
            labels.append(END_LABEL)
        else:
            labels.append(f"_{text}" if starts_word or not text else text)
    return tuple(labels)


def draw_attention(attention: AttentionMap, path: Path, font: HangulFont, title: str) -> None:
    """Draws one sentence's attention as a PNG.

    Args:
        attention: what to draw.
        path: of the PNG; its folder exists.
        font: for both sides.
        title: above the picture, e.g. the model's name.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.text import Text

    source = [font.drawable(piece) for piece in attention.source]
    target = [font.drawable(piece) for piece in attention.target]
    width = 1.6 + INCH_PER_PIECE * len(source) + INCH_PER_CHAR * max(map(len, target))
    height = 1.0 + INCH_PER_PIECE * len(target) + 1.6 * INCH_PER_CHAR * max(map(len, source))
    layout = ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1)
    figure = Figure(figsize=(max(3.5, width), height), dpi=150, layout=layout)
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    darkest = max(MIN_SCALE, float(attention.weights.max()))
    image = axes.imshow(attention.weights, cmap="Blues", vmin=0.0, vmax=darkest, aspect="equal")
    label_font = font.properties(9.0)
    axes.set_xticks(range(len(source)), source, rotation=90, fontproperties=label_font)
    axes.set_yticks(range(len(target)), target, fontproperties=label_font)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.set_xticks(np.arange(-0.5, len(source)), minor=True)
    axes.set_yticks(np.arange(-0.5, len(target)), minor=True)
    axes.grid(which="minor", color="#e4e4e4", linewidth=0.5)
    axes.tick_params(which="minor", length=0)
    for side in axes.spines.values():
        side.set_visible(False)
    axes.set_title(font.drawable(title), fontproperties=font.properties(10.0), loc="left")
    for text in figure.findobj(Text):
        text.set_parse_math(False)  # `$` is a piece like any other
    bar = figure.colorbar(image, ax=axes, shrink=0.6, pad=0.02)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=7, length=2)
    figure.savefig(path)
