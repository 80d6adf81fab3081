"""Ends with 0 when the service in this container can translate (HEALTHCHECK of the images).

Not urllib: it would go through a proxy that the environment names.
"""

from __future__ import annotations

import http.client
import os
import sys

TIMEOUT_S = 4


def main() -> int:
    """Asks /readyz; gives the exit code."""
    port = int(os.environ.get("NMT_PORT", "8000"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", "/readyz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        print(f"port {port}: {type(error).__name__}: {error}")
        return 1
    finally:
        connection.close()
    print(f"/readyz: {status}")
    return int(status != 200)


if __name__ == "__main__":
    sys.exit(main())
