"""Files that browsers are given: kept by them, asked for again, sent only when they changed."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

KINDS = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""Content types by the ending of the name."""


@dataclass(frozen=True)
class Asset:
    """A file."""

    body: bytes
    kind: str
    etag: str


def make_asset(body: bytes, suffix: str) -> Asset:
    """Gives a file with its content type, and a tag that changes with its content."""
    return Asset(body, KINDS[suffix], f'"{hashlib.sha256(body).hexdigest()[:20]}"')


def send_asset(request: Request, asset: Asset, policy: str) -> Response:
    """Gives a file, or 304 where the browser has it already.

    Args:
        request: that asks for it.
        asset: the file.
        policy: what its page may do (Content-Security-Policy).
    """
    # Kept, and asked for again each time: a 304 is quick, and a new version shows at once.
    headers = {
        "Cache-Control": "no-cache",
        "ETag": asset.etag,
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
    }
    if asset.etag in _tags(request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(asset.body, media_type=asset.kind, headers=headers)


def _tags(header: str) -> set[str]:
    """The tags of `If-None-Match`; proxies that compress make a tag weak."""
    return {tag.strip().removeprefix("W/") for tag in header.split(",")}
