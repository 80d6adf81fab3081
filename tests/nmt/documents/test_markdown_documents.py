"""Markdown: lists, code, tables and links stay; texts change."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from nmt.documents import open_document

Mask = Callable[[str], str]
MaskDocument = Callable[..., bytes]

TEXT = """---
title: 머리말
---
# 큰 제목 #

첫 문단은 **굵고** *기운* 글과 `코드`, [링크](https://a.b/가 "제목")가 있다.
이어지는 줄 <b class="x">굵은</b> 글.\\
새 줄.

밑줄 제목
=====

> 인용 하나
> 둘째 줄

* 항목 하나
  1. 안쪽 *항목*
- [ ] 할 일
+ ![그림 설명](a.png)

```python
print("한글")  # 주석
```

    들여 쓴 코드 한글

| 이름 | 값 |
|------|---:|
| 가\\|나 | **굵은** 칸 |
| `코드` | 가 |
| 줄 | 줄 |

<div align="center">
<p>안의 글</p>
</div>

각주[^1]와 참조 [링크][ref] \\*별표\\* <https://x.y/>

[^1]: 각주 글

[ref]: https://example.org/ "이름"
"""
CHANGES = {
    "# 큰 제목 #": "# T1 T2 #",
    '첫 문단은 **굵고** *기운* 글과 `코드`, [링크](https://a.b/가 "제목")가 있다.\n이어지는': (
        'T1 T3 **T2** *T2* T2 `코드`, [T2](https://a.b/%EA%B0%80 "제목")T1 T2. T4'
    ),
    ' 줄 <b class="x">굵은</b> 글.\\\n새 줄.': ' T1 <b class="x">T2</b> T1.\\\nT1 T1.',
    "밑줄 제목": "T2 T2",
    "인용 하나\n> 둘째 줄": "T2 T2 T2 T1",
    "항목 하나": "T2 T2",
    "안쪽 *항목*": "T2 *T2*",
    "할 일": "T1 T1",
    "그림 설명": "T2 T2",
    "| 이름 | 값 |": "| T2 | T1 |",
    "가\\|나 | **굵은** 칸": "T1\\|T1 | **T2** T1",
    "| `코드` | 가 |": "| `코드` | T1 |",
    "| 줄 | 줄 |": "| T1 | T1 |",
    "안의 글": "T2 T1",
    "각주[^1]와 참조 [링크][ref] \\*별표": 'T2[^1]T1 T2 [T2](https://example.org/ "이름") \\*T2',
    "[^1]: 각주 글": "[^1]: T2 T1",
}


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_markdown_comes_back_as_it_was(newline: str) -> None:
    data = TEXT.replace("\n", newline).encode()
    document = open_document(data, "a.md")
    assert document.write(document.segments()) == data


def test_markdown_texts_change_and_all_else_stays(mask_document: MaskDocument) -> None:
    expected = TEXT
    for before, after in CHANGES.items():
        assert expected.count(before) == 1, before
        expected = expected.replace(before, after)
    assert mask_document(TEXT.encode(), "a.md").decode() == expected


def write(source: str, translation: str) -> str:
    document = open_document(source.encode(), "a.md")
    assert len(document.segments()) == 1
    return document.write([translation]).decode()


@pytest.mark.parametrize(
    ("source", "translation", "expected"),
    [
        ("가", "1. First", "1\\. First"),
        ("가", "# no * heading [x]", "\\# no \\* heading \\[x\\]"),
        ("가", "snake_case and _x_", "snake_case and \\_x\\_"),
        ("**가** 나", "<g1> a </g1>b", "**a** b"),
        ("**가** 나", "nothing", "nothing"),
        ("[가](x) 나", "one two", "[one](x) two"),
        ("> 가\n> 나", "a b", "> a b"),
    ],
)
def test_markdown_translation_means_what_it_says(
    source: str, translation: str, expected: str
) -> None:
    assert write(source, translation) == expected


@given(
    st.lists(
        st.sampled_from(
            ["가", " ", "\n", "\n\n", "# ", "- ", "> ", "**", "*", "`", "[", "](x)", "|", "---",
             "<b>", "</b>", "  \n", "\t", "1. ", "\\", "![", "```", "&amp;"]
        )
    )
)  # fmt: skip
def test_any_markdown_comes_back_as_it_was(parts: list[str]) -> None:
    document = open_document("".join(parts).encode(), "a.md")
    assert document.write(document.segments()).decode() == "".join(parts)


def test_rendered_page_has_the_same_structure(mask: Mask, mask_document: MaskDocument) -> None:
    body = TEXT.split("---\n", 2)[2].replace("title=", "")
    render = MarkdownIt("commonmark").enable(["table"]).render
    masked = render(mask_document(body.encode(), "a.md").decode())
    assert masked.count("<") == render(body).count("<")
