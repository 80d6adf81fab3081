"""Protected spans: found, carried as placeholders, restored and verified."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nmt.errors import InputError
from nmt.text.protect import MAX_PLACEHOLDERS, Terms, protect, restore
from nmt.tokenizers.base import PLACEHOLDERS

FRAGMENTS = st.sampled_from(
    [
        "가",
        "나는",
        "서울",
        "abc",
        "7",
        "{x}",
        "{{y}}",
        "${z}",
        "[[w]]",
        "%s",
        "%1$s",
        "%(n)s",
        "%1",
        "`코드`",
        "<b>",
        "</b>",
        "<br/>",
        "a@b.kr",
        ".",
        ",",
        "(",
        ")",
        "<",
        "http://a.b/c",
        "https://x.y/?q=1,",
        "www.z.kr",
        "naver.com",
        "/etc/hosts",
        "&nbsp;",
        "⟦3⟧",
        "⟦",
        "⟧",
        "⟦16⟧",
        "{",
        "}",
        "%",
        "🙂",
    ]
)
TEXTS = st.lists(st.one_of(FRAGMENTS, st.just(" "), st.text(max_size=3)), max_size=14).map("".join)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("https://a.b/c?x=1를 보세요.", ["https://a.b/c?x=1"]),
        ("(http://a.b/c)와 http://a.b/위키", ["http://a.b/c", "http://a.b/"]),
        ("https://ko.wikipedia.org/wiki/A_(b).", ["https://ko.wikipedia.org/wiki/A_(b)"]),
        ("naver.com에서 www.daum.net까지", ["naver.com", "www.daum.net"]),
        ("help@example.co.kr로 보내세요.", ["help@example.co.kr"]),
        ("`git push`를 실행", ["`git push`"]),
        (
            "<b>굵게</b> <br/> <a href='x y'>여기</a>",
            ["<b>", "</b>", "<br/>", "<a href='x y'>", "</a>"],
        ),
        ("{x} {0} {{y}} ${z} [[w]] {이름}", ["{x}", "{0}", "{{y}}", "${z}", "[[w]]", "{이름}"]),
        ("%s개 %1$s %(name)s %d %.2f %1을", ["%s", "%1$s", "%(name)s", "%d", "%.2f", "%1"]),
        ("Tom&nbsp;&amp; &#39;", ["&nbsp;", "&amp;", "&#39;"]),
        ("/etc/hosts와 C:\\Temp\\a.txt", ["/etc/hosts", "C:\\Temp\\a.txt"]),
        ("50% 할인, 100%로, 3.14, 1/2, and/or, 2024/3/5, a < b > c, 3:00", []),
        ("배열 [1]과 (2)", []),
        ("⟦3⟧을", ["⟦3⟧"]),
        ("⟦16⟧ ⟦ ⟧", []),
    ],
)
def test_protect_finds(text: str, values: list[str]) -> None:
    assert list(protect(text).values) == values


def test_protect_shares_one_placeholder_between_equal_spans() -> None:
    protected = protect("{a}와 {b}와 {a}")
    assert protected.text == "⟦0⟧와 ⟦1⟧와 ⟦0⟧"


def test_protect_leaves_the_seventeenth_span_as_text() -> None:
    text = " ".join(f"{{{number}}}" for number in range(18)) + " ⟦7⟧"
    protected = protect(text)
    assert len(protected.values) == MAX_PLACEHOLDERS
    assert protected.text.endswith("⟦15⟧ {16} {17} [7]")


def test_placeholders_are_those_of_the_vocabulary() -> None:
    text = " ".join(f"{{{number}}}" for number in range(MAX_PLACEHOLDERS))
    assert tuple(protect(text).text.split()) == PLACEHOLDERS


def test_terms_match_words_with_particles_only() -> None:
    terms = {"서울대": "SNU", "서울대 병원": "SNU Hospital", "사과": "apple", "KBS": "KBS"}
    protected = protect("서울대 병원은 서울대와 KBS에서 사과했다. 풋사과, 서울대학교, 사과!", terms)
    assert protected.text == "⟦0⟧은 ⟦1⟧와 ⟦2⟧에서 사과했다. 풋사과, 서울대학교, ⟦3⟧!"
    assert protected.values == ("SNU Hospital", "SNU", "KBS", "apple")


def test_terms_and_other_spans_never_overlap() -> None:
    terms = {"서울": "Seoul", "코드 서울": "code", "https": "H", "나라 서울 시": "country"}
    protected = protect("`코드 서울`과 서울에서는 https://a.kr/b 나라 서울 시 서울", terms)
    assert protected.text == "⟦0⟧과 ⟦1⟧에서는 ⟦2⟧ ⟦3⟧ ⟦1⟧"
    assert protected.values == ("`코드 서울`", "Seoul", "https://a.kr/b", "country")


def test_terms_may_be_tens_of_thousands() -> None:
    terms = Terms({f"용어{n}": f"term {n}" for n in range(50_000)})
    protected = protect("용어7과 용어19999는 용어1234567과 다르다.", terms)
    assert protected.values == ("term 7", "term 19999")
    text = " ".join(f"용어{n}" for n in range(20_000))
    assert protect(text, terms).values == tuple(f"term {n}" for n in range(16))


def test_terms_refuse_an_empty_entry() -> None:
    with pytest.raises(InputError, match="glossary term is empty; give each entry"):
        protect("가", {" ": "x"})


def test_restore_reports_lost_and_extra() -> None:
    protected = protect("{a}와 {b}와 {b}")
    restored = restore("⟦0⟧ and ⟦1⟧ with ⟦5⟧ and ⟦0⟧", protected)
    assert restored.text == "{a} and {b} with and {a}"
    assert restored.lost == ("{b}",)
    assert restored.extra == ("⟦5⟧", "⟦0⟧")


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("<b>굵은</b> 글", "⟦0⟧ bold ⟦1⟧ text", "<b>bold</b> text"),
        ("https://a.b에서 본다", "See at⟦0⟧now", "See at https://a.b now"),
        ("{n}개", "⟦0⟧s", "{n}s"),
    ],
)
def test_restore_settles_spaces(source: str, translation: str, expected: str) -> None:
    assert restore(translation, protect(source)).text == expected


def test_restore_keeps_placeholders_inside_values() -> None:
    protected = protect("`⟦1⟧` {a}")
    assert restore("⟦1⟧ ⟦0⟧", protected).text == "{a} `⟦1⟧`"


def test_offsets_map_back_to_the_source() -> None:
    protected = protect("가 {name} 나 https://a.b 다")
    assert protected.text == "가 ⟦0⟧ 나 ⟦1⟧ 다"
    assert protected.source_range(0, 1) == (0, 1)
    assert protected.source_range(3, 4) == (2, 8)
    assert protected.source[slice(*protected.source_range(2, 5))] == "{name}"
    assert protected.source[slice(*protected.source_range(6, 7))] == "나"
    assert protected.source[slice(*protected.source_range(6, 11))] == "나 https://a.b"
    assert protected.source[slice(*protected.source_range(12, 13))] == "다"
    assert protected.source_range(5, 5) == (8, 8)


@settings(max_examples=120, deadline=None)
@given(TEXTS)
def test_restore_of_the_protected_text_is_the_text(text: str) -> None:
    protected = protect(text)
    restored = restore(protected.text, protected)
    if len(protected.values) < MAX_PLACEHOLDERS:
        assert restored.text == text
    assert restored.lost == () == restored.extra


@settings(max_examples=80, deadline=None)
@given(TEXTS)
def test_protected_placeholders_are_exactly_the_spans(text: str) -> None:
    protected = protect(text)
    marks = [match.span() for match in re.finditer(r"⟦(?:\d|1[0-5])⟧", protected.text)]
    assert marks == [(span.start, span.end) for span in protected.spans]
    for span in protected.spans:
        source = protected.source_range(span.start, span.end)
        assert source == (span.source_start, span.source_end)
        assert text[slice(*source)] == protected.values[span.index]


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("@minji 님이 댓글을 남겼어요.", ["@minji"]),
        ("전화는 010-1234-5678이나 02-123-4567로 주세요.", ["010-1234-5678", "02-123-4567"]),
        ("국제 전화는 +82 10-1234-5678입니다.", ["+82 10-1234-5678"]),
        ("v2.3.1에서 고쳤고 10.0.2.15도 봤다.", ["v2.3.1", "10.0.2.15"]),
        ("주문 번호는 A-2024-0091입니다.", ["A-2024-0091"]),
        ("2024-05-01에 3.5점, 3-1로 이겼고 2024. 5. 1. 끝났다.", []),
        ("메일은 kim@example.com으로.", ["kim@example.com"]),
    ],
)
def test_protect_identifiers_but_not_dates_or_scores(text: str, values: list[str]) -> None:
    assert list(protect(text).values) == values
