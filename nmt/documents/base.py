"""What every format is: texts in order, and a way to put their translations in their places.

A document is edited in place, never rebuilt: a reader finds the slots that hold text, and only the
slots whose text changes are written. What a reader does not know stays as it is, byte for byte
(docs/adr/0006-documents.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from nmt.errors import DocumentError


class Document(Protocol):
    """A document, open for translation."""

    def segments(self) -> Sequence[str]:
        """Gives the texts to translate, in reading order; for tags in them see tagged_text.py."""
        ...

    def write(self, translations: Sequence[str]) -> bytes:
        """Gives the document with `translations[i]` in the place of `segments()[i]`.

        Raises:
            DocumentError: there are more or fewer translations than segments.
        """
        ...


@dataclass(frozen=True)
class DocumentOptions:
    """What may be chosen when a document is opened."""

    columns: tuple[str, ...] = ()
    """Of CSV and TSV: names from the first row, or numbers from 1; none: every Korean cell."""


class Slot(Protocol):
    """A place that holds a text."""

    @property
    def text(self) -> str:
        """The text as it is sent to a translator."""
        ...

    def put(self, translation: str) -> None:
        """Writes the translation there."""
        ...


class Content(Protocol):
    """One loaded copy of a document, which its slots change."""

    @property
    def slots(self) -> Sequence[Slot]:
        """The places that hold text, in reading order."""
        ...

    def save(self) -> bytes:
        """Gives the file as it now is."""
        ...


class SlotDocument:
    """A `Document` made of slots.

    Args:
        load: gives a fresh copy of the content; may raise `DocumentError`.
    """

    def __init__(self, load: Callable[[], Content]) -> None:
        self._load = load
        self._segments = tuple(slot.text for slot in load().slots)

    def segments(self) -> Sequence[str]:
        """See `Document`."""
        return self._segments

    def write(self, translations: Sequence[str]) -> bytes:
        """See `Document`."""
        n_given, n_wanted = len(translations), len(self._segments)
        if n_given != n_wanted:
            raise DocumentError(
                f"{n_given} translations for {n_wanted} segments; give one for each, in order"
            )
        content = self._load()
        for slot, translation in zip(content.slots, translations, strict=True):
            if translation != slot.text:
                slot.put(translation)
        return content.save()


@dataclass
class StringSlot:
    """A text between pieces of a file that stay as they are."""

    text: str
    raw: str
    """As it stands in the file."""
    encode: Callable[[str], str] = str
    """From a translation to what stands in the file."""

    @property
    def inner(self) -> Sequence[StringSlot]:
        """Slots inside this one, such as the attributes of its tags."""
        return ()

    def put(self, translation: str) -> None:
        """See `Slot`."""
        self.raw = self.encode(translation)

    def render(self) -> str:
        """Gives what now stands in the file."""
        return self.raw


@dataclass(frozen=True)
class StringContent:
    """A text file as a row of verbatim pieces and slots."""

    pieces: Sequence[str | StringSlot]
    bom: bytes = b""

    @property
    def slots(self) -> Sequence[StringSlot]:
        """See `Content`."""
        slots = [piece for piece in self.pieces if isinstance(piece, StringSlot)]
        return [found for slot in slots for found in (slot, *slot.inner)]

    def text(self) -> str:
        """The whole text as it now is."""
        return "".join(self.rendered())

    def rendered(self) -> list[str]:
        """The pieces as they now are."""
        return [p if isinstance(p, str) else p.render() for p in self.pieces]

    def save(self) -> bytes:
        """See `Content`: UTF-8, with a byte-order mark if the input had one."""
        return self.bom + self.text().encode("utf-8", "replace")
