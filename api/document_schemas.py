"""What the document routes answer."""

from __future__ import annotations

from pydantic import BaseModel, Field

from api.jobs.job import Status


class FailureOut(BaseModel):
    """Why a document could not be translated."""

    type: str = Field(examples=["translation-failed"])
    detail: str


class DocumentOut(BaseModel):
    """A document that was sent, and how far it is."""

    id: str
    name: str
    status: Status
    done: int = Field(description="Segments that are translated.")
    total: int = Field(description="Segments that hold Korean.")
    chars: int = Field(description="Characters of all segments, as they are counted for quotas.")
    model: str | None = Field(description="The model asked for; none is the default.")
    checksum: str | None = Field(
        description="Version of the model that translates all of it, as `/v1/models` names it; "
        "none before it is begun."
    )
    result_name: str = Field(examples=["report.en.docx"])
    created_s: float = Field(description="Seconds since 1970.")
    expires_s: float | None = Field(description="When it is removed; none before it has ended.")
    error: FailureOut | None = None


class DocumentsOut(BaseModel):
    """The caller's documents, the newest first."""

    documents: list[DocumentOut]


class FormatOut(BaseModel):
    """A format that can be translated."""

    name: str
    extensions: list[str] = Field(examples=[[".docx"]])
    media_type: str


class FormatsOut(BaseModel):
    """What can be translated."""

    formats: list[FormatOut]
    max_bytes: int
    max_chars: int
