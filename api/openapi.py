"""What the OpenAPI document says beyond the routes: how a key is sent."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

KEY_SCHEME = {
    "type": "apiKey",
    "in": "header",
    "name": "X-API-Key",
    "description": "Where the service has a file of keys. `Authorization: Bearer KEY` is taken "
    "too, and so are the ways of LibreTranslate's, DeepL's and Papago's clients.",
}


class DocumentedApp(FastAPI):
    """An application whose document names the API key, so that `/docs` can ask for it."""

    def openapi(self) -> dict[str, Any]:
        """Gives the document; a key is optional there, for not every service has keys."""
        document = super().openapi()
        document.setdefault("components", {})["securitySchemes"] = {"ApiKey": KEY_SCHEME}
        document["security"] = [{"ApiKey": []}, {}]
        return document
