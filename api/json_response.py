"""JSON that can always be sent."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse


class JsonResponse(JSONResponse):
    """JSON in which half of a surrogate pair, which UTF-8 cannot hold, is a question mark.

    Clients can send one as an escape, and messages quote what clients send.
    """

    def render(self, content: Any) -> bytes:
        """Gives the bytes."""
        text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "replace")
