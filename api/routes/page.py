"""The page at `/` and its files under `/web/`."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.dependencies import SettingsDep
from api.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).resolve().parent.parent / "web"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_PAGE = "index.html"
_MAX_CHARS = "{max_chars}"
"""Stands in the page for the most characters of a request."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
"""Own files only, nothing inline, no markup made from strings, not inside another site's frame."""


@dataclass(frozen=True)
class Asset:
    """A file of the page."""

    body: bytes
    kind: str
    etag: str


def make_asset(body: bytes, suffix: str) -> Asset:
    """Gives a file with its content type, and a tag that changes with its content."""
    return Asset(body, _KINDS[suffix], f'"{hashlib.sha256(body).hexdigest()[:20]}"')


@functools.cache
def load_assets() -> dict[str, Asset]:
    """Gives the files of the page by name; they are read once."""
    return {
        path.name: make_asset(path.read_bytes(), path.suffix)
        for path in sorted(_FOLDER.iterdir())
        if path.suffix in _KINDS and path.name != _PAGE
    }


@functools.cache
def load_page(max_chars: int) -> Asset:
    """Gives the page, which tells its script the most characters of a request."""
    text = (_FOLDER / _PAGE).read_text(encoding="utf-8")
    return make_asset(text.replace(_MAX_CHARS, str(max_chars)).encode(), ".html")


@router.api_route("/", methods=["GET", "HEAD"])
def page(request: Request, settings: SettingsDep) -> Response:
    """The page, to translate in a browser."""
    return _answer(request, load_page(settings.max_chars))


@router.api_route("/web/{name}", methods=["GET", "HEAD"])
def web_file(request: Request, name: str) -> Response:
    """A style sheet, script or picture of the page."""
    asset = load_assets().get(name)
    if asset is None:
        raise NotFoundError(f"/web/{name} is no file of the page; the page is at /")
    return _answer(request, asset)


def _answer(request: Request, asset: Asset) -> Response:
    # Kept, and asked for again each time: a 304 is quick, and a new version shows at once.
    headers = {
        "Cache-Control": "no-cache",
        "ETag": asset.etag,
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
    }
    if asset.etag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.kind, headers=headers)


def _tags(header: str) -> set[str]:
    """The tags of `If-None-Match`; proxies that compress make a tag weak."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
