"""Documents that are a ZIP of XML parts: only the parts whose text changes are written anew."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from nmt.documents.base import Slot
from nmt.documents.sniffing import check_binary_office
from nmt.errors import DocumentError, DocumentTooLargeError

MAX_UNPACKED_BYTES = 512 * 2**20
"""A document that is larger when unpacked is refused: it may be made to fill the memory."""
MAX_PARTS = 20_000
_ENCRYPTED = 0x1
_STREAMED = 0x08
_CORRUPT = (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError)


@dataclass(frozen=True)
class Archive:
    """The parts of a ZIP file, in its order."""

    infos: Sequence[zipfile.ZipInfo]
    parts: Mapping[str, bytes]

    def save(self, changed: Mapping[str, bytes]) -> bytes:
        """Gives the file with some parts changed; order, dates and compression stay."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for info in self.infos:
                content = changed.get(info.filename, self.parts[info.filename])
                info.flag_bits &= ~_STREAMED
                archive.writestr(info, content, info.compress_type)
        return buffer.getvalue()


def read_archive(data: bytes) -> Archive:
    """Gives the parts of a document.

    Raises:
        DocumentError: it is corrupt or encrypted.
        DocumentTooLargeError: it would be too large unpacked.
    """
    check_binary_office(data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check(infos)
            parts = {info.filename: archive.read(info) for info in infos}
    except DocumentError:
        raise
    except _CORRUPT as error:
        raise DocumentError(
            f"the document is no complete ZIP file ({error}); open it in its program, save it "
            "again and send it once more"
        ) from error
    return Archive(infos, parts)


def _check(infos: Sequence[zipfile.ZipInfo]) -> None:
    unpacked = sum(info.file_size for info in infos)
    if unpacked > MAX_UNPACKED_BYTES or len(infos) > MAX_PARTS:
        raise DocumentTooLargeError(
            f"the document has {len(infos)} parts of {unpacked / 2**20:.0f} MiB in all; "
            f"{MAX_PARTS} parts and {MAX_UNPACKED_BYTES // 2**20} MiB are allowed; split it"
        )
    if any(info.flag_bits & _ENCRYPTED for info in infos):
        raise DocumentError(
            "the document is encrypted with a password; remove the password and save it again"
        )


@dataclass
class Part:
    """A part with its slots."""

    name: str
    slots: Sequence[Slot]
    render: Callable[[], bytes]
    """Gives the part as it now is."""
    is_changed: bool = False


@dataclass
class _PartSlot:
    """A slot that tells its part when it changes."""

    slot: Slot
    part: Part

    @property
    def text(self) -> str:
        return self.slot.text

    def put(self, translation: str) -> None:
        self.part.is_changed = True
        self.slot.put(translation)


@dataclass
class PackageContent:
    """A document made of parts."""

    archive: Archive
    parts: Sequence[Part]
    slots: Sequence[Slot] = field(init=False)

    def __post_init__(self) -> None:
        self.slots = [_PartSlot(slot, part) for part in self.parts for slot in part.slots]

    def save(self) -> bytes:
        """See `Content`."""
        return self.archive.save(
            {part.name: part.render() for part in self.parts if part.is_changed}
        )


def require_part(archive: Archive, name: str, format: str) -> bytes:
    """Gives a part without which a document is not of its format.

    Raises:
        DocumentError: it is missing.
    """
    if name not in archive.parts:
        raise DocumentError(
            f"the document has no {name}, so it is no {format} document; give it the extension "
            "of its format, or save it again in its program"
        )
    return archive.parts[name]
