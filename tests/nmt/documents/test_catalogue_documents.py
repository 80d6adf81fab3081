"""gettext catalogues and XLIFF: what is empty is filled, all else stays."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lxml import etree

from nmt.documents import find_format, open_document
from nmt.errors import DocumentError

MaskDocument = Callable[..., bytes]

PO = """# 머리 주석
msgid ""
msgstr ""
"Project-Id-Version: demo\\n"
"Language: ko\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

#. 설명
#: src/a.py:10
#, python-format
msgctxt "menu"
msgid "%s 파일 열기\\n"
msgstr ""

msgid "이미 번역됨"
msgstr "Already done"

#, fuzzy
msgid "다시 볼 것"
msgstr "Look again"

msgid "파일 %d개"
msgid_plural "파일들 %d개"
msgstr[0] ""

msgid "English"
msgstr ""

#~ msgid "옛것"
#~ msgstr ""
"""
XLIFF_12 = """<?xml version="1.0" encoding="UTF-8"?>
<!-- 주석 -->
<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="ko" \
datatype="html" original="a"><body>
<trans-unit id="1"><source>이것은 <g id="1">굵은 <x id="2"/>글</g>과 <bpt id="3">[</bpt>괄호\
<ept id="3">]</ept>입니다.</source></trans-unit>
<trans-unit id="2"><source>다 된 것</source><target>Done</target></trans-unit>
<trans-unit id="3"><source>새것</source><target state="new">새것</target></trans-unit>
<trans-unit id="4" translate="no"><source>그대로</source></trans-unit>
</body></file></xliff>"""
XLIFF_2 = """<xliff version="2.1" srcLang="ko" xmlns="urn:oasis:names:tc:xliff:document:2.0">\
<file id="f"><unit id="u"><notes><note>메모</note></notes><segment>
<source>안녕 <pc id="1">세상</pc><ph id="2"/> 끝</source>
</segment></unit></file></xliff>"""


@pytest.mark.parametrize(
    ("name", "text"), [("a.po", PO), ("a.xlf", XLIFF_12), ("a.xliff", XLIFF_2)]
)
def test_catalogue_comes_back_as_it_was(name: str, text: str) -> None:
    document = open_document(text.encode(), name)
    assert document.write(document.segments()).decode() == text
    assert name[1:] in find_format(text.encode()).extensions


def test_empty_messages_are_filled(mask_document: MaskDocument) -> None:
    expected = (
        PO.replace("Language: ko", "Language: en")
        .replace("nplurals=1; plural=0;", "nplurals=2; plural=(n != 1);")
        .replace('열기\\n"\nmsgstr ""', '열기\\n"\nmsgstr "%s T2 T2\\n"')
        .replace('msgstr[0] ""', 'msgstr[0] "T2 %dT1"\nmsgstr[1] "T3 %dT1"')
    )
    assert mask_document(PO.encode(), "a.po").decode() == expected


def test_what_is_no_catalogue_is_refused() -> None:
    with pytest.raises(DocumentError, match="the file has no `msgid`"):
        open_document("글".encode(), "a.po")
    with pytest.raises(DocumentError, match=r"no valid gettext catalogue: .*line 2"):
        open_document(b'msgid "a"\nmsgfoo "b"\n', "a.po")


def test_xliff_1_targets_are_filled(mask_document: MaskDocument) -> None:
    state = 'state="needs-review-translation"'
    expected = (
        XLIFF_12.replace("입니다.</source>", "입니다.</source>"
            f'<target {state}>T3 <g id="1">T2 <x id="2"/>T1</g>T1 <bpt id="3">[</bpt>T2'
            '<ept id="3">]</ept>T3.</target>')
        .replace('<target state="new">새것', f"<target {state}>T2")
        .replace('original="a"', 'original="a" target-language="en"')
    )  # fmt: skip
    written = mask_document(XLIFF_12.encode(), "a.xlf").decode()
    assert written.startswith('<?xml version="1.0" encoding="UTF-8"?>\n<!-- 주석 --><xliff ')
    assert etree.canonicalize(written) == etree.canonicalize(expected)


def test_xliff_2_targets_are_filled(mask_document: MaskDocument) -> None:
    expected = (
        XLIFF_2.replace(
            "</source>\n",
            '</source>\n<target>T2 <pc id="1">T2</pc><ph id="2"/> T1</target>\n',
        )
        .replace("<segment>", '<segment state="translated">')
        .replace('2.0"><file', '2.0" trgLang="en"><file')
    )
    written = mask_document(XLIFF_2.encode(), "a.xliff").decode()
    assert etree.canonicalize(written) == etree.canonicalize(expected)


def test_codes_that_are_lost_come_back() -> None:
    document = open_document(XLIFF_12.encode(), "a.xlf")
    written = document.write(["This is plain.", "New"]).decode()
    target = written[written.index("<target") : written.index("</target>")]
    assert all(target.count(code) == 1 for code in ('<g id="1"', "<x ", "<bpt ", "<ept "))


def test_what_is_no_xliff_is_refused() -> None:
    with pytest.raises(DocumentError, match="the file's first element is <a>, not <xliff>"):
        open_document(b"<a/>", "a.xlf")
    with pytest.raises(DocumentError, match="the XLIFF file is no well-formed XML"):
        open_document(b"<xliff>", "a.xlf")
    bomb = b'<!DOCTYPE x [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><xliff>&c;</xliff>'
    with pytest.raises(DocumentError, match="declares XML entities, which are not allowed"):
        open_document(bomb, "a.xlf")
