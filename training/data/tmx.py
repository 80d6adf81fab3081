"""Translation memories (TMX 1.4) as a stream of pairs."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

from training.data.files import Pair, open_binary
from training.errors import DataError

_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


def iter_tmx(path: Path) -> Iterator[Pair]:
    """Yields each translation unit with a Korean and an English variant.

    Raises:
        DataError: the XML is damaged.
    """
    with open_binary(path) as stream:
        try:
            root: ElementTree.Element | None = None
            for event, element in ElementTree.iterparse(stream, ("start", "end")):
                if event == "start":
                    root = element if root is None else root
                elif element.tag == "tu":
                    sides = dict(_variants(element))
                    yield sides.get("ko", ""), sides.get("en", "")
                    element.clear()
                elif element.tag == "body" and root is not None:
                    root.clear()
        except ElementTree.ParseError as error:
            raise DataError(f"{path} is no well-formed TMX ({error})") from error


def _variants(unit: ElementTree.Element) -> Iterator[tuple[str, str]]:
    for variant in unit.iter("tuv"):
        language = (variant.get(_LANG) or variant.get("lang") or "").lower()[:2]
        segment = variant.find("seg")
        if segment is not None:
            yield language, "".join(segment.itertext()).replace("\n", " ")
