"""The page at `/` and its files under `/web/`."""

from __future__ import annotations

import functools
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.assets import KINDS, Asset, make_asset, send_asset
from api.dependencies import SettingsDep
from api.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).resolve().parent.parent / "web"
_PAGE = "index.html"
_MAX_CHARS = "{max_chars}"
"""Stands in the page for the most characters of a request."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'"
)
"""Own files only, nothing inline, no markup made from strings, not inside another site's frame."""


@functools.cache
def load_assets() -> dict[str, Asset]:
    """Gives the files of the page by name; they are read once."""
    return {
        path.name: make_asset(path.read_bytes(), path.suffix)
        for path in sorted(_FOLDER.iterdir())
        if path.suffix in KINDS and path.name != _PAGE
    }


@functools.cache
def load_page(max_chars: int) -> Asset:
    """Gives the page, which tells its script the most characters of a request."""
    text = (_FOLDER / _PAGE).read_text(encoding="utf-8")
    return make_asset(text.replace(_MAX_CHARS, str(max_chars)).encode(), ".html")


@router.api_route("/", methods=["GET", "HEAD"])
def page(request: Request, settings: SettingsDep) -> Response:
    """The page, to translate in a browser."""
    return send_asset(request, load_page(settings.max_chars), POLICY)


@router.api_route("/web/{name}", methods=["GET", "HEAD"])
def web_file(request: Request, name: str) -> Response:
    """A style sheet, script or picture of the page."""
    asset = load_assets().get(name)
    if asset is None:
        raise NotFoundError(f"/web/{name} is no file of the page; the page is at /")
    return send_asset(request, asset, POLICY)
