"""When two sentences are the same: the model's answer for one may be given for the other."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache

from nmt.config import SearchConfig
from nmt.plan import SourceSentence


@dataclass(frozen=True)
class Settings:
    """How a sentence is to be translated; sentences of equal settings go into one batch."""

    search: SearchConfig
    attention: bool = False

    @property
    def name(self) -> str:
        """Tells settings apart."""
        return _name(self)


@lru_cache(maxsize=256)
def _name(settings: Settings) -> str:
    """Nearly all requests have the same settings."""
    return json.dumps([dataclasses.asdict(settings.search), settings.attention], sort_keys=True)


@dataclass(frozen=True)
class SentenceKey:
    """All that a translation depends on, but for the model and the place in the text."""

    source: str
    """As given: emoji and list marks come back as they were."""
    text: str
    """What the model reads, with placeholders."""
    values: tuple[str, ...]
    """What stands for the placeholders; the glossary's English among them."""
    is_part: bool
    settings: Settings

    def digest(self, checksum: str) -> str:
        """Gives a name for a cache that several processes share.

        Args:
            checksum: of the model's bundle.
        """
        fields = [checksum, self.source, self.text, self.values, self.is_part, self.settings.name]
        text = json.dumps(fields, ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()


def key_of(sentence: SourceSentence, settings: Settings) -> SentenceKey:
    """Gives the key of a planned sentence."""
    return SentenceKey(
        sentence.source,
        sentence.protected.text,
        sentence.protected.values,
        sentence.is_part,
        settings,
    )
