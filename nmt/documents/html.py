"""HTML pages and fragments, and the rules for XML fragments."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nmt.documents.base import DocumentOptions, StringContent
from nmt.documents.encoding import decode_text
from nmt.documents.markup import Fragment, MarkupRules, in_english

_INLINE = (
    "a abbr acronym b bdi bdo big button cite code data del dfn em font i img input ins kbd label "
    "mark math q rp rt ruby s samp select small span strike strong sub sup svg time tt u var wbr"
)
_UNTOUCHED = "code kbd math noscript object pre samp script style svg template textarea tt var"
_VOID = "area base br col embed hr img input link meta param source track wbr"
_CHARSET = re.compile(
    r"""(<meta[^>]{0,200}charset\s*=\s*["']?\s*)(?:euc-kr|ks_c_5601-1987|[\w\-]*949|utf-?16\w*)""",
    re.IGNORECASE,
)

HTML = MarkupRules(
    inline=frozenset(_INLINE.split()).__contains__,
    breaks=frozenset({"br"}),
    untouched=frozenset(_UNTOUCHED.split()),
    raw=frozenset({"script", "style", "textarea", "title"}),
    void=frozenset(_VOID.split()),
    attributes=frozenset({"alt", "title", "placeholder", "aria-label"}),
)
"""Of HTML. `translate="no"` and `class="notranslate"` are respected everywhere."""


def load_html(data: bytes, options: DocumentOptions) -> StringContent:
    """Gives the content of a page; its output is UTF-8 and says so, `lang="ko"` becomes `en`.

    Raises:
        DocumentError: the file is no text.
    """
    decoded = decode_text(data)
    pieces = Fragment(decoded.text, HTML).content().pieces
    return Page(pieces, decoded.bom)


@dataclass(frozen=True)
class Page(StringContent):
    """A page, whose tags say its encoding and language."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_original", self.text())

    def save(self) -> bytes:
        """See `Content`."""
        is_changed = self.text() != self.__dict__["_original"]
        tags = [_in_utf8(p) if p.startswith("<") else p for p in self.rendered()]
        if is_changed:
            tags = [in_english(p) if p.startswith("<") else p for p in tags]
        return self.bom + "".join(tags).encode("utf-8", "replace")


def _in_utf8(tag: str) -> str:
    """A tag that names a Korean or UTF-16 encoding, with UTF-8 in its place."""
    return _CHARSET.sub(r"\1utf-8", tag)
