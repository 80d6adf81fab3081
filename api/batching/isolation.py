"""A sentence that cannot be translated fails alone."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from api.batching.keys import Settings
from nmt.plan import SourceSentence
from nmt.translation import SentenceTranslation
from nmt.translator import Translator

logger = logging.getLogger(__name__)

Outcome = SentenceTranslation | Exception


def translate_isolating(
    translator: Translator, sentences: Sequence[SourceSentence], settings: Settings
) -> list[Outcome]:
    """Gives a translation or an error for each sentence.

    A batch that fails is tried again in halves until the sentence that fails is alone.
    """
    try:
        return list(translator.translate_sentences(sentences, settings.search, settings.attention))
    except Exception as error:  # whatever a model can raise must not reach other callers
        if len(sentences) == 1:
            logger.error(
                "a sentence of %d pieces failed: %s: %s",
                len(sentences[0].ids), type(error).__name__, error, exc_info=error,
            )  # fmt: skip
            return [error]
        logger.warning("a batch of %d sentences failed; trying halves", len(sentences))
    middle = len(sentences) // 2
    first = translate_isolating(translator, sentences[:middle], settings)
    return first + translate_isolating(translator, sentences[middle:], settings)
