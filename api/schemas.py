"""Bodies of the native API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from nmt.translation import Flag

EXAMPLE_TEXT = "저는 서울에 살아요. 내일 부산에 가요."


class Body(BaseModel):
    """A request's body: an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class TranslateBody(Body):
    """What is to be translated, and how."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"text": EXAMPLE_TEXT}})

    text: str | list[str] = Field(description="A text of any length, or a list of them.")
    model: str | None = Field(None, description="One of `GET /v1/models`; by default the first.")
    beam_size: int | None = Field(None, ge=1, description="1 is greedy; by default the bundle's.")
    n_best: int | None = Field(None, ge=1, description="Translations per sentence.")
    length_penalty: float | None = Field(
        None, ge=0, le=10, allow_inf_nan=False, description="α of Wu et al. 2016, equation 14."
    )
    attention: bool = Field(False, description="Also give tokens and attention weights.")
    alignment: bool = Field(False, description="Also give which words stand for which.")
    format: Literal["text", "html"] = Field(
        "text", description="`html` keeps tags and translates what stands between them."
    )
    glossary: dict[str, str] | str | None = Field(
        None, description="Korean term → English text, or the id of a stored glossary."
    )


class TokenOut(BaseModel):
    """A piece of the model and the characters it stands for."""

    text: str
    start: int = Field(description="First character: in the request's text for source tokens, "
                       "in the sentence's translation for target tokens.")  # fmt: skip
    end: int


class AttentionOut(BaseModel):
    """What the model looked at while it wrote each token."""

    source_tokens: list[TokenOut]
    target_tokens: list[TokenOut]
    weights: list[list[float]] | None = Field(
        description="A row for each target token, a column for each source token; rows sum to 1. "
        "None where the model has no attention."
    )


class AlignmentOut(BaseModel):
    """Characters of the translation and the characters of the source they stand for."""

    source: tuple[int, int] = Field(description="[start, end) in the request's text.")
    target: tuple[int, int] = Field(description="[start, end) in the sentence's translation.")


class AlternativeOut(BaseModel):
    """Another translation of a sentence."""

    text: str
    score: float


class SentenceOut(BaseModel):
    """One sentence and its translation."""

    source: str
    start: int = Field(description="First character in the request's text.")
    end: int
    text: str
    score: float | None = Field(description="Normalised log-probability; none for what was left "
                                "as it is.")  # fmt: skip
    flags: list[Flag]
    alternatives: list[AlternativeOut] = []
    attention: AttentionOut | None = None
    alignment: list[AlignmentOut] | None = None


class TranslationOut(BaseModel):
    """A text and its translation."""

    text: str
    score: float | None
    flags: list[Flag]
    sentences: list[SentenceOut]
    alternatives: list[str] = []


class ModelRef(BaseModel):
    """What translated."""

    name: str
    checksum: str = Field(description="SHA-256 that names the content of the bundle.")


class TranslateOut(BaseModel):
    """The translations, in the order of the texts."""

    model: ModelRef
    translations: list[TranslationOut]


class ModelOut(ModelRef):
    """A model that is served."""

    architecture: str
    default: bool
    engine: str
    device: str
    attention: bool = Field(description="Whether it can tell what it looked at.")
    scores: dict[str, dict[str, float]] = Field(description="Test set → metric → value.")
    created: str
    search: dict[str, float | int | bool]


class ModelsOut(BaseModel):
    """The models at hand, the default first."""

    models: list[ModelOut]


class ModelPlaceBody(Body):
    """Where a model is to be loaded from."""

    location: str | None = Field(
        None, min_length=1, description="Name or path of a bundle on the server; none loads the "
        "same place again."
    )  # fmt: skip


class GlossaryBody(Body):
    """A glossary to keep."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "Places", "entries": {"나리타워": "Nari Tower"}}},
    )

    name: str
    entries: dict[str, str] = Field(description="Korean term → English text.")
    version: int | None = Field(
        None, description="In a change: the version it was made for; 409 if that is not the last."
    )


class GlossaryInfoOut(BaseModel):
    """A glossary without its entries."""

    id: str
    name: str
    version: int = Field(description="1 at first, one more with every change.")
    created: str
    changed: str
    n_entries: int


class GlossaryOut(GlossaryInfoOut):
    """A glossary."""

    entries: dict[str, str]


class GlossariesOut(BaseModel):
    """All glossaries, the oldest first."""

    glossaries: list[GlossaryInfoOut]


class UsageOut(BaseModel):
    """Characters that were translated."""

    month: str = Field(description="In UTC.", examples=["2026-11"])
    used: int
    limit: int | None = Field(description="None is no limit.")


Status = Annotated[str, Field(examples=["ok"])]


class HealthOut(BaseModel):
    """How the service is."""

    status: Status


class Problem(BaseModel):
    """An error, as in RFC 9457."""

    type: str = Field(examples=["urn:korean-nmt:problem:invalid-field"])
    title: str
    status: int
    detail: str = Field(description="What was given, what is allowed, what to do.")
    field: str | None = None
    limit: float | None = None
    retry_after_s: float | None = None
    request_id: str
