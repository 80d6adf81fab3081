"""Which tags of XML separate sentences."""

from __future__ import annotations

import pytest

from api.markup import Outline, XmlTags, html_rules, xml_rules
from nmt.documents.markup import Fragment


def segments(source: str, tags: XmlTags) -> list[str]:
    return Fragment(source, xml_rules(tags)).segments()


@pytest.mark.parametrize(
    ("source", "structure", "inside"),
    [
        ("<doc><p>안녕 <b>하세요</b>.</p></doc>", "doc p", "b"),
        ("안녕 <x>하세요</x>", "", "x"),
        ("<a><b>가</b>\n <c>나</c></a>", "a b c", ""),
        ("<a>가 <br/> 나</a>", "a", "br"),
        ("<a><b>가</a> 나", "b", "a"),
        ("</z><a>가", "a", ""),
    ],
)
def test_outline_takes_tags_beside_text_for_formatting(
    source: str, structure: str, inside: str
) -> None:
    outline = Outline([source])
    assert all(outline.is_structure(name) for name in structure.split())
    assert not any(outline.is_structure(name) for name in inside.split())


def test_outline_reads_hostile_nesting_quickly() -> None:
    source = "<a>" * 50_000 + "</b>" * 50_000 + "</a>" * 50_000
    assert Outline([source]).is_structure("a")


def test_tags_that_are_named_come_before_the_outline() -> None:
    source = "<a>가</a><b>나</b>"
    outline = Outline([source])
    assert segments(source, XmlTags(outline=outline)) == ["가", "나"]
    joined = XmlTags(non_splitting=frozenset("ab"), outline=outline)
    assert len(segments(source, joined)) == 1
    assert segments(source, XmlTags(splitting=frozenset("ab"))) == ["가", "나"]
    assert segments(source, XmlTags(ignored=frozenset("a"), outline=outline)) == ["나"]


def test_html_leaves_more_tags_alone_if_asked() -> None:
    source = "<p>가</p><keep>나</keep><pre>다</pre>"
    assert Fragment(source, html_rules(frozenset({"keep"}))).segments() == ["가"]
