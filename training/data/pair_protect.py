"""Placeholders that stand for the same span on both sides of a training pair."""

from __future__ import annotations

import re
from collections import Counter

from nmt.text.protect import MAX_PLACEHOLDERS, Protected, protect
from training.data.files import Pair

_MAYBE_SPAN = re.compile(r"[<{%$&@`/\\⟦]|\[\[|\.[a-z]")
PLACEHOLDER = re.compile(r"⟦(\d|1[0-5])⟧")


def protect_pair(src: str, tgt: str) -> Pair | None:
    """Gives both sides with the spans they share as ⟦k⟧, numbered as the source reads.

    A span counts as shared when it stands equally often on both sides; the others stay as text,
    so that every placeholder of one side has its partner on the other. None where the markup
    disagrees: other slots, or another number of tags, URLs or e-mail addresses.
    """
    if not (_MAYBE_SPAN.search(src) or _MAYBE_SPAN.search(tgt)):
        return src, tgt
    source, target = protect(src), protect(tgt)
    if not source.spans and not target.spans:
        return _without_marks(src), _without_marks(tgt)
    if _markup(source) != _markup(target):
        return None
    in_source, in_target = _counts(source), _counts(target)
    shared = [v for v in source.values if in_source[v] == in_target.get(v)]
    numbers = {value: k for k, value in enumerate(shared[:MAX_PLACEHOLDERS])}
    return _render(source, numbers), _render(target, numbers)


def _markup(side: Protected) -> tuple[Counter[str], Counter[str]]:
    """What both sides must share: the slots themselves, and how many tags and addresses."""
    slots = Counter(side.values[s.index] for s in side.spans if s.kind in ("slot", "literal"))
    return slots, Counter(s.kind for s in side.spans if s.kind in ("tag", "url", "email"))


def _counts(side: Protected) -> Counter[str]:
    return Counter(side.values[span.index] for span in side.spans)


def _render(side: Protected, numbers: dict[str, int]) -> str:
    parts: list[str] = []
    done = 0
    for span in side.spans:
        number = numbers.get(side.values[span.index])
        if number is None:
            continue
        parts.append(_without_marks(side.source[done : span.source_start]))
        parts.append(f"⟦{number}⟧")
        done = span.source_end
    parts.append(_without_marks(side.source[done:]))
    return "".join(parts)


def _without_marks(text: str) -> str:
    """Writes a literal ⟦k⟧ as [k], so that it is not taken for a placeholder."""
    return PLACEHOLDER.sub(r"[\1]", text) if "⟦" in text else text


def renumber(src: str, tgt: str) -> tuple[str, str]:
    """Numbers the placeholders 0, 1, … in the order in which the source has them."""
    order: dict[str, int] = {}
    for match in PLACEHOLDER.finditer(src):
        order.setdefault(match[1], len(order))
    for match in PLACEHOLDER.finditer(tgt):
        order.setdefault(match[1], len(order))

    def write(match: re.Match[str]) -> str:
        return f"⟦{order[match[1]]}⟧"

    return PLACEHOLDER.sub(write, src), PLACEHOLDER.sub(write, tgt)
