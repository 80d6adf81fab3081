"""The file of a form, for routes that read their fields in the way of another service."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile

from api.fields import MULTIPART, media_type_of


@dataclass(frozen=True)
class Upload:
    """A file that was sent."""

    data: bytes
    name: str
    """As the client gave it; may be empty."""


async def read_upload(request: Request, field: str = "file") -> Upload | None:
    """Gives the file of a form field; none where there is none."""
    if media_type_of(request) != MULTIPART:
        return None
    found = (await request.form()).get(field)
    if not isinstance(found, UploadFile):
        return None
    return Upload(await found.read(), found.filename or "")
