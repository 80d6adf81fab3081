"""HTML: the source stays; texts, attributes, the language and the encoding change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nmt.documents import open_document
from nmt.documents.html import HTML
from nmt.documents.markup import Fragment

Mask = Callable[[str], str]
MaskDocument = Callable[..., bytes]

PAGE = """<!DOCTYPE html>
<html lang="ko"><head><meta charset="euc-kr"><title>제목 &amp; 부제</title>
<style>p { content: "가" }</style><script>alert("<b>가</b>")</script></head>
<body><!-- 주석 -->
<h1>큰 <em class='x'>제목</em></h1><p>첫째 문단.</p><p>둘째<br/>줄 &lt;태그&gt;</p>
<ul><li>하나<li>둘 <a href="/가?a=1&amp;b=2" title="도움말">여기</a>를 <code>코드</code> 보라
<li><img src="a.png" alt="그림 &quot;1&quot;"></ul>
<pre>그대로
  둔다</pre><div translate="no">고유 <div>이름</div></div><input placeholder="검색">
<table><tr><td>칸</td><td><b>굵은 칸</b></td></tr></table></body></html>
"""
EXPECTED = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>T2 &amp; T2</title>
<style>p { content: "가" }</style><script>alert("<b>가</b>")</script></head>
<body><!-- 주석 -->
<h1>T1 <em class='x'>T2</em></h1><p>T2 T2.</p><p>T2<br/>T1 &lt;T2&gt;</p>
<ul><li>T2<li>T1 <a href="/가?a=1&amp;b=2" title="T3">T2</a>T1 <code>코드</code> T2
<li><img src="a.png" alt="T2 &quot;1&quot;"></ul>
<pre>그대로
  둔다</pre><div translate="no">고유 <div>이름</div></div><input placeholder="T2">
<table><tr><td>T1</td><td><b>T2 T1</b></td></tr></table></body></html>
"""


@pytest.mark.parametrize("encoding", ["utf-8", "cp949"])
def test_page_is_translated_in_place(encoding: str, mask_document: MaskDocument) -> None:
    assert mask_document(PAGE.encode(encoding), "a.html").decode() == EXPECTED


def test_page_comes_back_as_it_was() -> None:
    document = open_document(PAGE.replace("euc-kr", "utf-8").encode(), "a.html")
    assert document.write(document.segments()).decode() == PAGE.replace("euc-kr", "utf-8")


def fill(source: str, *translations: str) -> str:
    return Fragment(source, HTML).fill(translations)


def test_paragraphs_without_spaces_between_are_segments_of_their_own() -> None:
    fragment = Fragment("<p>하나</p><p>둘</p>셋", HTML)
    assert fragment.segments() == ["하나", "둘", "셋"]
    assert fragment.fill(["1", "2", "3"]) == "<p>1</p><p>2</p>3"


def test_inline_tags_travel_as_short_tags() -> None:
    source = "가 <b>나 <a href='x'>다</a></b> 라"
    assert Fragment(source, HTML).segments() == ["가 <g1>나 <g2>다</g2></g1> 라"]
    filled = fill(source, "<g1>x <g2>y</g2></g1> z")
    assert filled == "<b>x <a href='x'>y</a></b> z"


def test_translation_is_escaped() -> None:
    assert fill("<p>가</p>", "a < b & <i>") == "<p>a &lt; b &amp; &lt;i&gt;</p>"
    assert fill('<img alt="가">', 'a "b"') == '<img alt="a &quot;b&quot;">'


@pytest.mark.parametrize(
    ("translation", "expected"),
    [
        ("one two three <g1> </g1>", "one <b>two</b> three"),
        ("one two three <g1>.</g1>", "one <b>two</b> three ."),
        ("one</g1> two <g1>three", "one <b>two</b> three"),
        ("one two three", "one <b>two</b> three"),
        ("one <g7>two</g7> <g1>three</g1> < g1 >", "one two <b>three</b>"),
        ("<g1>one</g1> <g1>two</g1>", "<b>one</b> two"),
        ("", "<b></b>"),
    ],
)
def test_damaged_tags_are_repaired(translation: str, expected: str) -> None:
    assert fill("가나 <b>다라</b> 마바", translation) == expected


def test_crossing_tags_are_untangled() -> None:
    filled = fill("가 <b>나 다</b> <i>라 마</i> 바", "a <g1>b <g2>c</g1> d</g2> e")
    assert filled.count("<b>") == filled.count("</b>") == filled.count("<i>") == 1
    assert Fragment(filled, HTML).segments()[0].count("<g") == 2


def test_lost_single_tags_and_breaks_come_at_the_end() -> None:
    assert fill("가<br>나 <img src=x> 다", "a b") == "a b<br><img src=x>"
    assert fill("가<br>나", "a\nb\nc") == "a<br>b c"


def test_sentence_with_many_single_tags_is_sent_with_few_and_gets_all_back() -> None:
    source = " ".join(f"말{n} <img id={n}>" for n in range(30)) + " 끝"
    (segment,) = Fragment(source, HTML).segments()
    assert segment.count("<g") == 14
    filled = fill(source, segment.replace("말", "w"))
    assert all(filled.count(f"<img id={n}>") == 1 for n in range(30))


def test_pairs_of_tags_are_sent_whatever_their_number() -> None:
    source = " ".join(f"<b id={n}>말{n}</b>" for n in range(30)) + " 끝"
    (segment,) = Fragment(source, HTML).segments()
    assert segment.count("<g") == segment.count("</g") == 30


@given(
    st.lists(
        st.sampled_from(
            ["가", " ", "a<", "<b>", "</b>", "<p>", "</p>", "<br>", "<code>", "</code>", "&amp;",
             "<i title='나'>", "</i>", "<!--x-->", "<script>", "</script>", "<", ">", '"']
        )
    )
)  # fmt: skip
def test_any_fragment_comes_back_as_it_was(parts: list[str]) -> None:
    fragment = Fragment("".join(parts), HTML)
    assert fragment.fill(fragment.segments()) == "".join(parts)
    masked = fragment.fill([s.replace("가", "T") for s in fragment.segments()])
    assert masked.count("<b>") == "".join(parts).count("<b>")
    assert masked.count("<br>") == "".join(parts).count("<br>")


@pytest.mark.slow
@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "source",
    [
        "<b>가</b>" * 20_000,
        "<b>" * 20_000 + "가" + "</b>" * 20_000,
        "가" + "<b>" * 20_000 + "</i>" * 20_000,
        "<i></i>" * 20_000 + "가",
        "<!-- " * 40_000,
        '<a "' * 40_000,
        '<a "<a" ' * 20_000,
        "<a b='" * 30_000 + "<? <![CDATA[ " * 10_000,
    ],
    ids=range(8),
)
def test_hostile_sources_take_linear_time(source: str) -> None:
    fragment = Fragment(source, HTML)
    filled = fragment.fill(["a few words" for _ in fragment.segments()])
    assert filled.count("<b>") == source.count("<b>")
