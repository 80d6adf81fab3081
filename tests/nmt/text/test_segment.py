"""Sentence segmentation: exact slices, and where sentences end."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.errors import ConfigError
from nmt.text.long import split_long
from nmt.text.segment import Sentence, split_sentences

PARTS = [
    *("갔다", "가요", "했습니다", "죠", "있잖아", "보다", "다", "요", ".", "!", "?", "…", "..."),
    *(
        '"',
        "'",
        "(",
        ")",
        "“",
        "”",
        "ㅋㅋ",
        "~",
        "😊",
        " ",
        "  ",
        "\n",
        "\u3000",
        "3",
        "3.14",
        "1.",
    ),
    *("U.S.", "Mr.", "라고", "하고", "⟦3⟧", "a.b", "\u200d", "각", "\ud800"),
]
TEXTS = st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=3)), max_size=25).map("".join)


def texts_of(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    "marked",
    [
        "저는 서울에 살아요.|내일 부산에 가요.",
        "2024. 3. 5. 서울에서 회의가 열렸다.|값은 3.14이다.",
        "Mr. Kim은 U.S. 대사관에 갔다.|https://a.b/c.html 을 봤다.",
        "1. 씻습니다.|2. 끓입니다.|3. 넣습니다.",
        "가. 신청서를 쓴다.|나. 창구에 낸다.",
        '그는 "뭐라고? 정말이야?"라고 물었다.|나는 웃었다.',
        '"안녕하세요." 그가 말했다.|"네."|"가요."',
        '"그 흙은 말라 있더군요."|부인의 얼굴에서 핏기가 가셨다.',
        "(모두 웃었다.)|그는 앉았다.",
        "그는 (사실은 아니다.) 의사라고 했다.|끝.",
        "진짜 웃기다ㅋㅋㅋ|내일 또 봐~|안녕",
        "좋아요!! ㅋㅋㅋ|근데 왜요? ㅠㅠ|몰라요",
        "너무 좋았어요😊|내일 또 만나요.",
        "음... 글쎄요...|잘 모르겠어요.",
        "저는 학생입니다|어제 학교에 갔어요|정말 재미있었죠|비가 왔다",
        "필요 없다고 말했다.|중요 사항은 따로 알려 드릴게요.",
        "갔다 왔다 하느라 힘들었다|이제 쉬어야겠다",
        "아프니까 가지 마.|연기가 나.|그냥 가.|정말?!|응.",
        "연속체이다.[1]|그다음이다.",
        "정리는 쉽다.|n이 3 이상이다.",
        "e.g. this, i.e. that",
    ],
)
def test_sentences_end(marked: str) -> None:
    expected = marked.split("|")
    assert texts_of(" ".join(expected)) == expected


def test_sentences_end_without_a_space_between() -> None:
    assert texts_of("집에 갔다.그리고 잤다!좋았다.") == ["집에 갔다.", "그리고 잤다!", "좋았다."]


def test_sentences_of_lines_end_with_the_line() -> None:
    assert texts_of("제목\n\n본문은 여기\r\n끝\u2028뒤") == ["제목", "본문은 여기", "끝", "뒤"]


def test_sentences_of_nothing_are_none() -> None:
    assert split_sentences("") == [] == split_sentences(" \n\t ")


@settings(max_examples=120, deadline=None)
@given(TEXTS)
def test_sentences_are_exact_slices_with_only_space_between(text: str) -> None:
    sentences = split_sentences(text)
    position = 0
    for sentence in sentences:
        assert text[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip() != ""
        assert not text[position : sentence.start].strip()
        position = sentence.end
    assert not text[position:].strip()


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.integers(16, 40))
def test_parts_of_a_long_sentence_are_exact_and_short_enough(text: str, max_chars: int) -> None:
    for sentence in split_sentences(text):
        position = sentence.start
        for part in split_long(sentence, max_chars):
            assert text[part.start : part.end] == part.text
            assert 0 < len(part.text) <= max_chars
            assert not text[position : part.start].strip()
            position = part.end
        assert position == sentence.end


def parts_of(text: str, max_chars: int) -> list[str]:
    return [part.text for part in split_long(Sentence(0, len(text), text), max_chars)]


def test_long_sentence_is_cut_after_a_comma_before_a_connective() -> None:
    text = "오늘은 바람이 불었지만, 우리는 산에 올랐고 정상에서 밥을 먹었다"
    assert parts_of(text, 20) == [
        "오늘은 바람이 불었지만,",
        "우리는 산에 올랐고",
        "정상에서 밥을 먹었다",
    ]


def test_long_sentence_without_spaces_keeps_placeholders_whole() -> None:
    parts = parts_of("가" * 18 + "⟦12⟧" + "나" * 10, 20)
    assert parts == ["가" * 18, "⟦12⟧" + "나" * 10]


def test_split_long_keeps_offsets_of_the_text() -> None:
    text = "앞 문장. " + "가나다라마바사 " * 5
    sentence = split_sentences(text)[1]
    assert all(text[part.start : part.end] == part.text for part in split_long(sentence, 16))


def test_split_long_handles_hundred_thousand_characters_without_a_space() -> None:
    parts = parts_of("가" * 100_000, 300)
    assert sum(map(len, parts)) == 100_000


def test_split_long_refuses_a_tiny_limit() -> None:
    with pytest.raises(ConfigError, match=r"max_chars is 3; allowed: 16 or more characters"):
        parts_of("가나다라", 3)
