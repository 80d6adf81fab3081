"""Texts, a fake analyzer and small models for the tests of tokenizers."""

from __future__ import annotations

import itertools

from nmt.tokenizers.analyzers import Span, Versions
from nmt.tokenizers.morphemes import Segmenter
from nmt.tokenizers.subwords import ModelType, Subwords
from training.tokenizer import count_units, train_subwords

SUBJECTS = ["나", "아버지", "선생님", "국회의장", "고양이", "우리 팀", "학생", "도서관 직원"]
PARTICLES = ["는", "도", "만", "까지"]
PLACES = ["집", "학교", "부산", "도서관", "시장", "바닷가"]
ENDINGS = ["갔다.", "간다.", "가요!", "갔습니다.", "가겠어요?", "갈 거예요."]
TEXTS = [
    f"{subject}{particle} {place}에 {ending}"
    for subject, particle, place, ending in itertools.product(SUBJECTS, PARTICLES, PLACES, ENDINGS)
]


class PairAnalyzer:
    """A fake: every two characters are a morpheme."""

    name = "mecab"

    def versions(self) -> Versions:
        return Versions("pairs 1.0", "pairs-dic 2.0")

    def spans(self, text: str) -> list[Span]:
        return [(at, min(at + 2, len(text))) for at in range(0, len(text), 2)]


def train(texts: list[str], analyzer: PairAnalyzer | None, model_type: ModelType) -> Subwords:
    segment = Segmenter(analyzer).segment
    model = train_subwords(
        count_units(map(segment, texts)),
        vocab_size=600,
        model_type=model_type,
        character_coverage=1.0,
        n_threads=1,
    )
    return Subwords(model, model_type)
