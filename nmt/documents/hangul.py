"""Whether there is anything to translate."""

import re

_HANGUL = re.compile("[가-힣\u1100-\u11ff\u3131-\u318e\ua960-\ua97c\ud7b0-\ud7fb]")


def has_hangul(text: str | None) -> bool:
    """Whether a text holds Hangul."""
    return bool(text and _HANGUL.search(text))
