"""How many pieces a service reads and writes for a sentence: the work that its engine has."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import ctranslate2
import sentencepiece

from nmt.translator import Translator

Means = tuple[float, float]
"""Source and target pieces per sentence, ends not counted."""


def of_ours(translator: Translator, sentences: Sequence[str]) -> Means:
    """Counts with our tokenizer and search."""
    sources = [translator.plan(text).sentences[0].ids for text in sentences]
    found = translator.engine.search(sources, translator.search)
    return fmean(map(len, sources)), fmean(len(best[0].ids) for best in found)


def of_argos(package: Path, sentences: Sequence[str], beam_size: int) -> Means:
    """Counts with what Argos Translate 1.12 does: its tokenizer and its options of the search."""
    tokenizer = sentencepiece.SentencePieceProcessor(str(package / "sentencepiece.model"))
    sources = [tokenizer.encode(text, out_type=str) for text in sentences]
    model = ctranslate2.Translator(str(package / "model"), device="cpu", intra_threads=1)
    found = model.translate_batch(
        sources, replace_unknowns=True, max_batch_size=32, beam_size=beam_size, length_penalty=0.2
    )
    return fmean(map(len, sources)), fmean(len(result.hypotheses[0]) for result in found)
