"""Spans that must come through a translation untouched, carried as placeholders ⟦0⟧ … ⟦15⟧.

    protected = protect("설정은 {name} 파일과 https://a.b/c 를 보세요.")
    protected.text                          # 설정은 ⟦0⟧ 파일과 ⟦1⟧ 를 보세요.
    restore("See ⟦0⟧ and ⟦1⟧.", protected)  # See {name} and https://a.b/c.

Protected are: markup tags and entities, slots (`{x}`, `{{x}}`, `${x}`, `[[x]]`, `%s`, `%1$s`,
`%(name)s`, `%1`), inline `code`, URLs, e-mail addresses, file paths, @handles, telephone numbers,
versions (v2.3), serial numbers (A-2024-0091), glossary terms, and literal `⟦k⟧` in the text itself.
Of overlapping spans the one that starts first wins.

- Equal spans share one placeholder. Numbers follow the order of reading.
- There are 16 placeholders: the 17th distinct span and later ones stay in the text as they are,
  for the model to translate. A literal `⟦k⟧` that finds no placeholder left is written `[k]`,
  so that a placeholder in the protected text always means a protected span.
- A URL ends before the first Hangul letter (a particle follows it more often than a Korean path).
"""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from nmt.errors import InputError

MAX_PLACEHOLDERS = 16

_PLACEHOLDER = re.compile(r"⟦(\d|1[0-5])⟧")
_URL_CHARS = r"A-Za-z0-9\-._~:/?#@!$&'*+,;=%|"
_BRACKETED = rf"\([{_URL_CHARS}]*\)"
_URL_TAIL = rf"(?:[{_URL_CHARS}]|{_BRACKETED})*(?:[A-Za-z0-9/_=&#%~+\-]|{_BRACKETED})"
_TOP_DOMAINS = "com|net|org|info|io|dev|app|ai|me|tv|gov|edu|kr|jp|cn|uk|de|fr|eu"
_PATTERNS = {
    "literal": _PLACEHOLDER.pattern.replace("(", "(?:"),
    "code": r"```[^`\n]+```|``[^`\n]+``|`[^`\n]+`",
    "tag": r"</?[A-Za-z][A-Za-z0-9:_.\-]*(?:\s[^<>\n]{0,500})?/?>|<!--[^<>]{0,500}-->",
    "slot": r"\$?\{\{[^{}\n]{1,80}\}\}|\$?\{[\w.,:;#@!$%*/|\- ]{0,80}\}|\[\[[^\[\]\n]{1,80}\]\]"
    r"|%\([A-Za-z_]\w*\)[-+#0]*\d*(?:\.\d+)?[diouxXeEfFgGcrs]"
    r"|%\d{1,2}\$[-+#0]*\d*(?:\.\d+)?(?:ll|l)?[diouxXeEfFgGcs@]"
    r"|(?<![0-9%])%[-+#0]*\d*(?:\.\d+)?(?:hh|h|ll|l|z)?(?:[sd@]|[iouxXfgc](?![A-Za-z]))"
    r"|(?<![0-9A-Za-z%])%L?[1-9]\d?(?![0-9A-Za-z.,%])"
    r"|&(?:[A-Za-z]{2,8}|\#\d{1,7}|\#x[0-9A-Fa-f]{1,6});",
    "url": rf"(?<![A-Za-z0-9])(?:(?:https?|ftps?|file|git|ssh|wss?)://|www\.){_URL_TAIL}",
    "email": r"(?<![A-Za-z0-9._%+\-])(?:mailto:)?[A-Za-z0-9._%+\-]{1,64}"
    r"@(?:[A-Za-z0-9\-]{1,63}\.){1,6}[A-Za-z]{2,24}(?![A-Za-z0-9])",
    "domain": rf"(?<![A-Za-z0-9@._/\-])(?:[a-z0-9\-]{{1,63}}\.){{1,6}}(?:{_TOP_DOMAINS})"
    rf"(?![A-Za-z0-9\-]|\.[A-Za-z0-9])(?:[/?#]{_URL_TAIL})?",
    "path": r"(?<![\w/\\.~<])(?:~|\.{1,2})?/(?:[A-Za-z0-9_.+@\-]+/)+[A-Za-z0-9_.+@\-]*[A-Za-z0-9_/]"
    r"|(?<![A-Za-z0-9])[A-Za-z]:\\(?:[A-Za-z0-9_.+\-]+\\)*[A-Za-z0-9_+\-.]*[A-Za-z0-9_\\]",
    "handle": r"(?<![A-Za-z0-9._%+\-@/])@[A-Za-z0-9_](?:[A-Za-z0-9_.]{0,38}[A-Za-z0-9_])",
    "phone": r"(?<![0-9A-Za-z+\-])(?:\+\d{1,3}[ \-])?\d{2,4}-\d{3,4}-\d{4}(?![0-9A-Za-z\-])",
    "version": r"(?<![0-9A-Za-z.])(?:v\d+(?:\.\d+)+|\d+\.\d+\.\d+(?:\.\d+)*)(?![0-9A-Za-z]|\.\d)",
    "serial": r"(?<![0-9A-Za-z\-])[A-Z]{1,6}\d{0,4}(?:-\d{1,8}){2,4}(?![0-9A-Za-z\-])",
}
_SPAN = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items())
_STANDALONE = frozenset(
    {"url", "email", "domain", "path", "code", "term", "handle", "phone", "version", "serial"}
)
_PARTICLES = (
    "은|는|이|가|을|를|의|에|에서|에게|에게서|에는|에도|께|께서|께서는|와|과|랑|이랑|하고|도|만|로|으로|"
    "로서|으로서|로써|으로써|부터|까지|마다|보다|처럼|같이|만큼|대로|밖에|조차|마저|뿐|이나|나|이든|든|"
    "라는|이라는|라고|이라고|라도|이라도|야말로|이야말로|들|님|씨|이다|다|인|입니다|입니까|이에요|예요|"
    "이었다|였다|이며|며|이고|고|이지만|지만|이라면|라면|란|이란"
)
_WORD_CHAR = re.compile("[0-9A-Za-z가-힣]")
_AFTER_TERM = re.compile(rf"(?:(?:{_PARTICLES}){{1,3}})?(?![0-9A-Za-z가-힣])")


@dataclass(frozen=True)
class Span:
    """One occurrence of a placeholder."""

    index: int
    """k of ⟦k⟧."""
    kind: str
    """What was found: `literal`, `term` or a key of `_PATTERNS`."""
    start: int
    """First character in the protected text."""
    end: int
    source_start: int
    """First character in the source text."""
    source_end: int


@dataclass(frozen=True)
class Found:
    """A span in the source."""

    kind: str
    start: int
    end: int


@dataclass(frozen=True)
class Protected:
    """A text with placeholders and what they stand for."""

    source: str
    text: str
    spans: tuple[Span, ...]
    values: tuple[str, ...]
    """What placeholder k becomes in the translation."""

    def source_offset(self, offset: int) -> int:
        """Offset in the source of `offset` in the text; inside a placeholder, its span's start."""
        at = bisect_right(self.spans, offset, key=lambda span: span.start) - 1
        if at < 0:
            return offset
        span = self.spans[at]
        return span.source_start if offset < span.end else offset - span.end + span.source_end

    def source_range(self, start: int, end: int) -> tuple[int, int]:
        """Characters of the source behind `text[start:end]`; a cut placeholder counts whole."""
        if end <= start:
            return (self.source_offset(start),) * 2
        last = self.spans[bisect_right(self.spans, end - 1, key=lambda span: span.start) - 1 :][:1]
        if last and last[0].start < end <= last[0].end:
            return self.source_offset(start), last[0].source_end
        return self.source_offset(start), self.source_offset(end)


@dataclass(frozen=True)
class Restored:
    """A translation with its spans back in place."""

    text: str
    lost: tuple[str, ...]
    """Values that the source has more often than the translation, once per missing copy."""
    extra: tuple[str, ...]
    """Placeholders that the source has not (removed) or has less often (restored)."""


class Terms:
    """A glossary, ready to be looked for in many texts, whatever its size.

    Args:
        english: Korean term → English text.

    Raises:
        InputError: a term is empty.
    """

    def __init__(self, english: Mapping[str, str]) -> None:
        if not all(map(str.strip, english)):
            raise InputError("a glossary term is empty; give each entry a Korean term or remove it")
        self.english = english
        lengths: dict[str, set[int]] = {}
        for term in english:
            lengths.setdefault(term[0], set()).add(len(term))
        self._lengths = {first: sorted(found, reverse=True) for first, found in lengths.items()}
        """By first character, the longest first."""

    def find(self, text: str) -> Iterator[Found]:
        """Gives where terms stand as words: by start, the longest first."""
        for start, char in enumerate(text):
            if char not in self._lengths or not _begins_word(text, start):
                continue
            for length in self._lengths[char]:
                end = start + length
                if end <= len(text) and text[start:end] in self.english and _ends_word(text, end):
                    yield Found("term", start, end)


def protect(text: str, terms: Terms | Mapping[str, str] | None = None) -> Protected:
    """`text` with its untranslatable spans as placeholders.

    Args:
        text: one normalised text.
        terms: glossary, Korean term → English text. A term matches where a word starts and is
            followed by particles at most; of two terms the longer one wins; case counts.

    Raises:
        InputError: a term is empty.
    """
    if not isinstance(terms, Terms):
        terms = Terms(terms or {})
    numbers: dict[tuple[str, str], int] = {}
    spans: list[Span] = []
    parts: list[str] = []
    done = length = 0
    for found in _iter_found(text, terms):
        key = (found.kind, text[found.start : found.end])
        if key not in numbers and len(numbers) == MAX_PLACEHOLDERS:
            continue
        index = numbers.setdefault(key, len(numbers))
        parts += [_without_literals(text[done : found.start]), f"⟦{index}⟧"]
        start = length + len(parts[-2])
        length = start + len(parts[-1])
        spans.append(Span(index, found.kind, start, length, found.start, found.end))
        done = found.end
    parts.append(_without_literals(text[done:]))
    values = tuple(terms.english[value] if kind == "term" else value for kind, value in numbers)
    return Protected(text, "".join(parts), tuple(spans), values)


def find_spans(text: str) -> Iterator[Found]:
    """Gives what is protected in a text, in order, without a glossary and without a limit."""
    return _iter_found(text, Terms({}))


def restore(translation: str, protected: Protected) -> Restored:
    """`translation` with every placeholder replaced by its value, and what was lost or added.

    Spaces next to a value follow its kind and the source: a tag that touched its text in the
    source touches it again, an address, code or term is kept apart from Latin letters.
    """
    wanted = Counter(span.index for span in protected.spans)
    found = [int(match[1]) for match in _PLACEHOLDER.finditer(translation)]
    known = Counter(index for index in found if index in wanted)
    unknown = [index for index in found if index not in wanted]
    text = _PLACEHOLDER.sub(lambda m: m[0] if int(m[1]) in wanted else "", translation)
    if unknown:
        text = re.sub(" {2,}", " ", text).strip()
    for index in wanted:
        text = _settle_spaces(text, index, protected)
    return Restored(
        _PLACEHOLDER.sub(lambda match: protected.values[int(match[1])], text),
        tuple(protected.values[index] for index in (wanted - known).elements()),
        tuple(f"⟦{index}⟧" for index in [*unknown, *(known - wanted).elements()]),
    )


def _settle_spaces(text: str, index: int, protected: Protected) -> str:
    """`text` with the spaces around ⟦index⟧ that its kind asks for."""
    mark = f"⟦{index}⟧"
    spans = [span for span in protected.spans if span.index == index]
    before = [protected.source[: span.source_start][-1:] for span in spans]
    after = [protected.source[span.source_end :][:1] for span in spans]
    kind, value = spans[0].kind, protected.values[index]
    if kind == "tag" and not value.endswith("/>"):
        if value.startswith("</"):
            return text if " " in before else re.sub(f" +{mark}", mark, text)
        return text if " " in after else re.sub(f"{mark} +", mark, text)
    if kind in _STANDALONE:
        if not any(char.isascii() and char.isalnum() for char in before):
            text = re.sub(f"(?<=[A-Za-z0-9]){mark}", f" {mark}", text)
        if kind != "term" and not any(char.isascii() and char.isalnum() for char in after):
            text = re.sub(f"{mark}(?=[A-Za-z0-9])", f"{mark} ", text)
    return text


def _without_literals(text: str) -> str:
    """`text` whose own ⟦k⟧ cannot be taken for placeholders; the length stays."""
    return _PLACEHOLDER.sub(lambda match: f"[{match[1]}]", text)


def _iter_found(text: str, terms: Terms) -> Iterator[Found]:
    """Gives the protected spans in order; none overlaps another."""
    pattern, at = _span_pattern(), 0
    match = pattern.search(text)
    for term in [*terms.find(text), None]:
        while match and (term is None or match.start() <= term.start):
            if match.start() >= at:
                yield Found(match.lastgroup or "", *match.span())
                at = match.end()
            match = pattern.search(text, at)
        if term and term.start >= at:
            yield term
            at = term.end


def _begins_word(text: str, start: int) -> bool:
    """Whether no word goes on before `start`."""
    return not (start and text[start].isalnum() and _WORD_CHAR.match(text, start - 1))


def _ends_word(text: str, end: int) -> bool:
    """Whether no word goes on after `end`, but for particles."""
    return not text[end - 1].isalnum() or bool(_AFTER_TERM.match(text, end))


@lru_cache(maxsize=1)
def _span_pattern() -> re.Pattern[str]:
    """The pattern of every protected span but for glossary terms."""
    return re.compile(_SPAN)
