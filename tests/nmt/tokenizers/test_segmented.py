from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.tokenizers.segmented import SEPARATOR, join_at, text_of, words_of

CHARS = st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" ▁\x1e가"))


@settings(max_examples=60, deadline=None)
@given(st.text(CHARS, max_size=30), st.lists(st.integers(-3, 40)))
def test_segmented_gives_the_text_back(text: str, cuts: list[int]) -> None:
    text = text.replace(SEPARATOR, "")
    assert text_of(join_at(text, cuts)) == text


@settings(max_examples=60, deadline=None)
@given(st.text(CHARS, max_size=30), st.lists(st.integers(-3, 40)))
def test_segmented_words_join_to_the_segments(text: str, cuts: list[int]) -> None:
    segmented = join_at(text, cuts)
    assert "".join(words_of(segmented)) == segmented.replace(SEPARATOR, "")


def test_segmented_marks_spaces_and_the_first_word() -> None:
    assert join_at("나는 집에", [1, 2, 4]) == "▁나\x1f는\x1f▁집\x1f에"


def test_segmented_keeps_a_mark_of_the_text_apart_from_spaces() -> None:
    assert join_at("a▁b c", []) == "▁a b▁c"


def test_segmented_of_nothing_is_nothing() -> None:
    assert join_at("", [0, 1]) == "" and text_of("") == "" and words_of("") == []


def test_segmented_replaces_what_cannot_be_stored_and_keeps_the_length() -> None:
    assert text_of(join_at("a\x1fb\ud800c", [1])) == "a�b�c"


def test_words_are_cut_at_segments_and_before_marks() -> None:
    assert words_of("▁나\x1f는\x1f▁▁집 에") == ["▁나", "는", "▁", "▁집 에"]
