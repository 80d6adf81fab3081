"""gettext catalogues (.po, .pot): empty translations of Korean messages are filled.

What is translated already stays, fuzzy entries too: a person has to look at them. Comments,
references, flags and the order stay; polib wraps long lines at 78 columns as gettext does.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import polib

from nmt.documents.base import DocumentOptions, Slot
from nmt.documents.encoding import decode_text
from nmt.documents.hangul import has_hangul
from nmt.errors import DocumentError

_ENGLISH_PLURAL = "nplurals=2; plural=(n != 1);"


class Catalogue:
    """A catalogue; see `Content`."""

    def __init__(self, text: str) -> None:
        self._text = text
        try:
            self._file: Any = polib.pofile(text)
        except (OSError, ValueError, UnicodeError) as error:
            raise DocumentError(
                f"the file is no valid gettext catalogue: {error}; repair it with `msgfmt -c`"
            ) from error
        self._is_changed = False
        self.slots: Sequence[Slot] = [s for entry in self._file for s in self._entry_slots(entry)]

    def _entry_slots(self, entry: Any) -> Iterator[Slot]:
        if entry.obsolete:
            return
        if entry.msgid_plural:
            texts = {0: entry.msgid, 1: entry.msgid_plural}
            if not any(entry.msgstr_plural.values()):
                yield from (_Slot(t, entry, n, self) for n, t in texts.items() if has_hangul(t))
        elif not entry.msgstr and has_hangul(entry.msgid):
            yield _Slot(entry.msgid, entry, None, self)

    def mark_changed(self) -> None:
        """Notes that a message has been filled."""
        self._is_changed = True

    def save(self) -> bytes:
        """See `Content`."""
        if not self._is_changed:
            return self._text.encode()
        metadata = self._file.metadata
        if metadata:
            metadata["Language"] = "en"
            metadata["Content-Type"] = "text/plain; charset=UTF-8"
            metadata["Plural-Forms"] = _ENGLISH_PLURAL
        return f"{str(self._file).rstrip()}\n".encode()


@dataclass(frozen=True)
class _Slot:
    """The place of a translation."""

    text: str
    entry: Any
    number: int | None
    """Of the plural form; none for an entry without."""
    catalogue: Catalogue

    def put(self, translation: str) -> None:
        self.catalogue.mark_changed()
        ends_in_newline = self.text.endswith("\n")
        text = translation.rstrip("\n") + "\n" * ends_in_newline
        if self.number is None:
            self.entry.msgstr = text
        else:
            forms = {n: form for n, form in self.entry.msgstr_plural.items() if n < 2}
            forms = {0: "", 1: "", **forms, self.number: text}
            self.entry.msgstr_plural = dict(sorted(forms.items()))


def load_gettext(data: bytes, options: DocumentOptions) -> Catalogue:
    """Gives the Korean messages of a catalogue that have no translation.

    Raises:
        DocumentError: it is no valid catalogue.
    """
    text = decode_text(data).text
    if "msgid" not in text:
        raise DocumentError("the file has no `msgid`, so it is no gettext catalogue")
    return Catalogue(text)
