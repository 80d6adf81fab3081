"""Subtitles: times and cues stay; sentences over several cues are translated as one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.documents import find_format, open_document
from nmt.documents.subtitles import deal
from nmt.errors import DocumentError

Mask = Callable[[str], str]
MaskDocument = Callable[..., bytes]

SRT = """1
00:00:01,000 --> 00:00:02,500
나는 어제 서울에서

2
00:00:02,600 --> 00:00:04,000
친구를 만났어요. 반가웠어요.

3
00:00:10,000 --> 00:00:12,000
<i>기울인 글</i>

4
00:00:13,000 --> 00:00:14,000 X1:100
- 누구세요?
- 접니다.

"""
VTT = """WEBVTT - 제목

NOTE 설명은
그대로

STYLE
::cue { color: red }

intro
00:01.000 --> 00:02.000 align:start
<v 홍길동>두 줄로 된
자막입니다.</v>

00:09.000 --> 00:10.000
♪ 노래 ♪
"""


@pytest.mark.parametrize(("name", "text"), [("a.srt", SRT), ("a.vtt", VTT)])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_subtitles_come_back_as_they_were(name: str, text: str, newline: str) -> None:
    data = text.replace("\n", newline).encode()
    document = open_document(data, name)
    assert document.write(document.segments()) == data
    assert find_format(data).extensions == (name[1:],)


def test_sentences_run_over_cues() -> None:
    assert open_document(SRT.encode(), "a.srt").segments() == (
        "나는 어제 서울에서 친구를 만났어요.", "반가웠어요.", "기울인 글", "누구세요?", "접니다.",
    )  # fmt: skip


def test_translation_is_dealt_out_to_the_cues() -> None:
    document = open_document(SRT.encode(), "a.srt")
    written = document.write(
        ["Yesterday in Seoul, I met my friend.", "It was nice.", "Slanted", "Who?", "Me."]
    )
    expected = (
        SRT.replace("나는 어제 서울에서", "Yesterday in Seoul,")
        .replace("친구를 만났어요. 반가웠어요.", "I met my friend. It was nice.")
        .replace("기울인 글", "Slanted")
        .replace("누구세요?", "Who?")
        .replace("접니다.", "Me.")
    )
    assert written.decode() == expected


def test_vtt_keeps_notes_voices_and_lines(mask_document: MaskDocument) -> None:
    expected = VTT.replace("두 줄로 된\n자막입니다.", "T1 T2\nT1 T5.").replace("노래", "T2")
    assert mask_document(VTT.encode(), "a.vtt").decode() == expected


def test_a_pause_ends_the_sentence() -> None:
    text = SRT.replace("00:00:02,600", "00:00:05,600")
    assert open_document(text.encode(), "a.srt").segments()[0] == "나는 어제 서울에서"


def test_what_never_ends_is_translated_cue_by_cue(mask_document: MaskDocument) -> None:
    cue = "{}\n00:00:{:02},000 --> 00:00:{:02},900\n이것은 자막의\n\n"
    text = "".join(cue.format(n, n, n) for n in range(1, 7))
    assert open_document(text.encode(), "a.srt").segments() == ("이것은 자막의",) * 6
    assert mask_document(text.encode(), "a.srt").decode() == text.replace("이것은 자막의", "T3 T3")


def test_file_without_cues_is_refused() -> None:
    with pytest.raises(DocumentError, match="the file has no cue"):
        open_document("그냥 글".encode(), "a.srt")


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.text("ab ,.", max_size=80))
def test_dealing_loses_no_word(shares: list[int], text: str) -> None:
    parts = deal(shares, text)
    assert len(parts) == len(shares)
    assert " ".join(parts).split() == text.split()
