"""The API's page at `/docs`: Swagger UI from its package, so that browsers ask nobody else."""

from __future__ import annotations

import functools
from importlib.util import find_spec
from pathlib import Path

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.assets import Asset, make_asset, send_asset
from api.errors import NotFoundError

router = APIRouter(include_in_schema=False)

_FOLDER = Path(__file__).resolve().parent.parent / "web" / "docs"
_PACKAGE = "fastapi_swagger"
"""Holds Swagger UI as it was published, and nothing else that is used here."""
_OWN = ("index.html", "start.js")
_SWAGGER = ("swagger-ui.css", "swagger-ui-bundle.js")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Own files only, nothing inline."""


@functools.cache
def load_assets() -> dict[str, Asset]:
    """Gives the files of the page by name; they are read once."""
    paths = [*(_FOLDER / name for name in _OWN), *(_swagger() / name for name in _SWAGGER)]
    return {path.name: make_asset(path.read_bytes(), path.suffix) for path in paths}


def _swagger() -> Path:
    """Finds the package without running it."""
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise NotFoundError(
            f"the page needs the package {_PACKAGE}: pip install 'korean-nmt[api]'; the same is "
            "in /openapi.json"
        )
    return Path(spec.submodule_search_locations[0]) / "resources"


@router.api_route("/docs", methods=["GET", "HEAD"])
def docs_page(request: Request) -> Response:
    """Every route and field, to be tried out."""
    return send_asset(request, load_assets()["index.html"], POLICY)


@router.api_route("/docs/{name}", methods=["GET", "HEAD"])
def docs_file(request: Request, name: str) -> Response:
    """A style sheet or script of the page."""
    asset = load_assets().get(name)
    if asset is None:
        raise NotFoundError(f"/docs/{name} is no file of the API's page, which is at /docs")
    return send_asset(request, asset, POLICY)
