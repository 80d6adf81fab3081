"""What every request passes, in plain ASGI: context, draining, headers, body size, admission.

Starlette's `BaseHTTPMiddleware` is not used: behind it a route does not learn that its client has
gone.
"""
