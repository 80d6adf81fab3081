"""Korean sentence segmentation by rules: never alters the text, gives exact offsets.

Why rules and not a morphological analyzer: docs/adr/0002-sentence-segmentation.md.

A sentence ends at a line break; at `. ! ? 。 …` with its closing quotes and brackets; at a laugh,
emoji or `~` after a sentence ending; and, without any mark, after polite and plain final endings
(`-습니다`, `-요`, `-죠`, `-었다`). It does not end inside quotes or brackets, in numbers, dates
(`2024. 3. 5.`), list numbers (`1.`, `가.`), initials (`U.S.`), abbreviations (`Mr.`) and
addresses, before a quotative (`하고`, `라고`), or after an ellipsis that follows no ending.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from nmt.text.endings import ends_casually, ends_sentence

_ENCLOSURES = (
    ("“", "”"), ("‘", "’"), ("「", "」"), ("『", "』"), ("《", "》"), ("〈", "〉"), ("【", "】"),
    ('"', '"'), ("(", ")"), ("[", "]"),
)  # fmt: skip
_ENCLOSED = re.compile(
    "|".join(
        rf"{re.escape(left)}(?=\S)[^{re.escape(left + right)}\n]{{1,300}}{re.escape(right)}"
        for left, right in _ENCLOSURES
    )
    + r"|(?<![0-9A-Za-z가-힣])'(?=\S)[^'\n]{1,300}'(?![A-Za-z])"
)
_LAUGH = "ㅋㅎㅠㅜㅡ~^;"
_EMOJI = "\u2600-\u27bf\u2b50\u2b55\ufe0f\u200d\U0001f000-\U0001faff♡♥"
_LINE_BREAK = re.compile("[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_MARK = re.compile(r"[.!?。！？…‥]+")
_ATTACHED_TAIL = re.compile(rf"[{_LAUGH}{_EMOJI}]+")
_LOOSE_TAIL = re.compile(rf"(?:[ \t]{{1,4}}[{_LAUGH}]+[.!?]*(?!\S))*")
_BARE_ENDING = re.compile(r"(?<=[다요죠까오아야나라])(?=\s)")
_CANDIDATE = re.compile(
    "|".join(p.pattern for p in (_LINE_BREAK, _MARK, _ATTACHED_TAIL, _BARE_ENDING))
)
_CLOSERS = re.compile(rf"""["'”’)\]」』》〉】>]*(?:\[\d{{1,3}}\])*[{_LAUGH}{_EMOJI}]*""")

_NUMBER = re.compile(r"[(\[<]?제?\d+(?:[.\-/]\d+)*")
_LIST_LETTER = re.compile(r"[(\[]?(?:[가나라마바사]|[ivxIVX]{1,4})")
_INITIALS = re.compile(r"[\"'“‘(\[]*(?:[A-Za-z]\.)*[A-Za-z]")
_ABBREVIATION = re.compile(
    r"[\"'“‘(\[]*(?:Mr|Mrs|Ms|Dr|Prof|Rev|Gen|Col|Capt|Lt|Sgt|Gov|Sen|Rep|St|Mt|Ft|Jr|Sr|vs|etc|al|"
    r"cf|ca|No|no|Nos|Fig|fig|Eq|Vol|vol|Ch|pp|Inc|Ltd|Co|Corp|Dept|Univ|approx|ver|Ver)"
)
_NO_END = (_NUMBER, _INITIALS, _ABBREVIATION)
_QUOTATIVE = re.compile(r"이?(?:라고|라며|라면서|라는|란)|하[고며면는더시]|했다|고[ \t]")
_SAYING = re.compile(
    r"말[을이하했한씀로]|물었|묻|답[하했]|외[치쳤]|소리|중얼|속삭|입을|전했|밝[히혔]|설명|덧붙|되[묻물]|부르|불렀|"
    r"일러|일렀|주장|강조|생각|적[었은힌]|쓰[여인]|글이|이야기|얘기|고백|투덜|타일|농담|까닭|떠들|하[고며는]\b|했[다어습]"
)
_FINAL_SYLLABLE = re.compile(r"[다요죠까네군]")
_QUOTES = "\"'“‘「『"
_WORD_CHARS = 64
_LOOK_AHEAD_CHARS = 60


@dataclass(frozen=True)
class Sentence:
    """A slice of a text: `text[start:end] == sentence.text`, no white space at its ends."""

    start: int
    end: int
    text: str


def split_sentences(text: str) -> list[Sentence]:
    """The sentences of `text` in order; what lies between them is white space only."""
    cuts = [0, *_iter_cuts(text), len(text)]
    return [part for start, end in pairwise(cuts) if (part := slice_stripped(text, start, end))]


def slice_stripped(text: str, start: int, end: int) -> Sentence | None:
    """`text[start:end]` without white space at its ends; None where nothing else is there."""
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip())
    piece = piece.strip()
    return Sentence(start, start + len(piece), piece) if piece else None


def _iter_cuts(text: str) -> Iterator[int]:
    """Offsets where one sentence has ended, ascending."""
    enclosures = [match.span() for match in _ENCLOSED.finditer(text)][::-1]
    start = 0
    for match in _CANDIDATE.finditer(text):
        while enclosures and enclosures[-1][1] <= match.start():
            enclosures.pop()
        if match.start() < start:
            continue
        enclosure = enclosures[-1] if enclosures and enclosures[-1][0] < match.start() else None
        cut = _cut_at(text, start, match, enclosure)
        if cut is not None:
            yield cut
            start = cut


def _cut_at(
    text: str, start: int, match: re.Match[str], enclosure: tuple[int, int] | None
) -> int | None:
    """End of the sentence that began at `start`, if this candidate ends it.

    Args:
        text: the whole text.
        start: where the sentence began.
        match: a line break, marks, an attached laugh or emoji, or nothing after a bare ending.
        enclosure: the quotes or brackets that the candidate stands in.
    """
    if _LINE_BREAK.match(match[0]):
        return match.end()
    if enclosure:
        return _cut_after_enclosure(text, start, match, *enclosure)
    word = _word_before(text, start, match.start())
    if _MARK.match(match[0]):
        end = _end_of(_CLOSERS, text, match.end())
        is_cut = _is_closed(text, start, word, match, end)
    elif match[0]:
        end = match.end()
        is_cut = _is_spaced(text, end) and ends_casually(
            word or _word_before(text, start, match.start() - 1)
        )
    else:
        end = match.end()
        is_cut = ends_sentence(word, _next_word(text, end))
    return _end_of(_LOOSE_TAIL, text, end) if is_cut else None


def _cut_after_enclosure(
    text: str, start: int, match: re.Match[str], left: int, right: int
) -> int | None:
    """End of a bracketed sentence, or of a quotation that no word of saying follows."""
    is_last = _MARK.match(match[0]) and not text[match.end() : right].strip(")]\"'”’」』》〉】")
    if not is_last or text[start:left].strip() or not _is_spaced(text, right):
        return None
    following = _next_word(text, right)
    if text[left] in _QUOTES and not following.startswith(tuple(_QUOTES)):
        clause = _MARK.split(following, maxsplit=1)[0]
        if _SAYING.search(clause) or _QUOTATIVE.match(following):
            return None
    return right


def _is_closed(text: str, start: int, word: str, match: re.Match[str], end: int) -> bool:
    """Whether the marks `match`, which with closers reach to `end`, close a sentence."""
    following = _next_word(text, end)
    if _QUOTATIVE.match(following):
        return False
    if not _is_spaced(text, end):
        is_hangul = following[:1] >= "가" and following[:1] <= "힣"
        return end == match.end() and is_hangul and word.endswith(("다", "요", "죠", "까"))
    mark = match[0]
    if any(char in mark for char in "!?！？。"):
        return True
    if len(mark) > 1 or mark in "…‥":
        return len(word) > 1 and bool(_FINAL_SYLLABLE.match(word[-1]))
    if following[:1].islower() and (following[0] + word[-1:]).isascii():
        return False
    if _LIST_LETTER.fullmatch(word) and not text[start : match.start() - len(word)].strip():
        return False
    return not any(p.fullmatch(word) for p in _NO_END)


def _word_before(text: str, start: int, at: int) -> str:
    """What stands between the last white space and `at`, from `start` on; may be empty."""
    piece = text[max(start, at - _WORD_CHARS) : max(at, start)]
    return piece.split()[-1] if piece and not piece[-1].isspace() else ""


def _next_word(text: str, at: int) -> str:
    """The beginning of what follows `at` and its white space."""
    return text[at : at + _LOOK_AHEAD_CHARS].lstrip()


def _is_spaced(text: str, at: int) -> bool:
    """Whether white space or the end of the text is at `at`."""
    return at >= len(text) or text[at].isspace()


def _end_of(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where `pattern`, which may match nothing, ends at `at`."""
    match = pattern.match(text, at)
    return match.end() if match else at
