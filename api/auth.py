"""Who calls: the name of an API key, or an address where keys are not needed.

A key comes in the way that each kind of client sends it:

    Authorization: Bearer KEY · X-API-Key: KEY            the native routes
    Authorization: DeepL-Auth-Key KEY · auth_key          DeepL
    api_key in the query, form or JSON                    LibreTranslate
    X-NCP-APIGW-API-KEY · X-Naver-Client-Secret           Papago
"""

from __future__ import annotations

import ipaddress
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, cast

from fastapi import Depends, Request

from api.errors import ForbiddenError, InvalidRequestError, UnauthorizedError
from api.fields import read_fields
from api.keys import ApiKey, KeyRing
from api.record import current_record

_SCHEMES = ("bearer", "deepl-auth-key")
_HEADERS = ("x-api-key", "x-ncp-apigw-api-key", "x-naver-client-secret")
_FIELDS = ("api_key", "auth_key")
_IPV6_PREFIX = 64
"""Bits that one customer of a provider has; the rest they choose as they like."""


@dataclass(frozen=True)
class Identity:
    """Who calls."""

    caller: str
    """Takes turns with others, and has limits: the key's name or the address."""
    key: ApiKey | None = None


def has_body_key(request: Request) -> bool:
    """Whether a key may stand in the body: on all routes but the native ones."""
    path: str = request.scope["path"]  # `request.url` would be put together and parsed first
    return not path.startswith("/v1/")


async def find_key(request: Request) -> str | None:
    """Gives the key that came with a request; none where there is none."""
    found = key_in_head(request)
    if found is None and has_body_key(request):
        return await _key_in_body(request)
    return found


def key_in_head(request: Request) -> str | None:
    """Gives the key in the headers or the query; none where there is none."""
    scheme, _, credentials = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() in _SCHEMES and credentials.strip():
        return credentials.strip()
    in_headers = [request.headers.get(name) for name in _HEADERS]
    in_query = [request.query_params.get(name) for name in _FIELDS]
    return next(filter(None, in_headers + in_query), None)


async def _key_in_body(request: Request) -> str | None:
    try:
        fields = await read_fields(request)
    except InvalidRequestError:
        return None  # the route says what is wrong with it
    found = [fields.get(name) for name in _FIELDS]
    return next((value for value in found if isinstance(value, str) and value), None)


async def identify(request: Request) -> Identity:
    """Gives who calls, and notes it for the log.

    Raises:
        ForbiddenError: the key is not known.
        UnauthorizedError: a key is needed and none was given.
    """
    keys = cast(KeyRing, request.app.state.keys)
    identity = Identity(address_of(request))
    if len(keys):
        secret = await find_key(request)
        key = keys.find(secret) if secret is not None else None
        if secret is not None and key is None:
            raise ForbiddenError("the API key is not known; check it, or ask the operator for one")
        if key is not None:
            identity = Identity(key.name, key)
        elif not request.app.state.settings.allow_anonymous:
            raise UnauthorizedError(
                "no API key was given; send one as `Authorization: Bearer KEY` or `X-API-Key: KEY`"
            )
    record = current_record()
    record.key_name = identity.key.name if identity.key else None
    return identity


def address_of(request: Request) -> str:
    """Gives the address of the client; of an IPv6 address the part that its provider gave."""
    return _network_of(request.client.host if request.client else "unknown")


@lru_cache(maxsize=4096)
def _network_of(host: str) -> str:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, _IPV6_PREFIX), strict=False))


def caller_in_head(request: Request) -> str | None:
    """Gives who calls, as far as that is known before the body is read.

    None where the key may stand in the body, or there is none that may translate.
    """
    keys = cast(KeyRing, request.app.state.keys)
    if not len(keys):
        return address_of(request)
    secret = key_in_head(request)
    if secret is not None:
        key = keys.find(secret)
        return key.name if key is not None and "translate" in key.scopes else None
    is_anonymous = request.app.state.settings.allow_anonymous and not has_body_key(request)
    return address_of(request) if is_anonymous else None


async def get_caller(request: Request) -> str:
    """Gives who translates; counts the request.

    Raises:
        ForbiddenError: the key is not known, or may not translate.
        RateLimitError: too many requests of this caller.
        UnauthorizedError: a key is needed and none was given.
    """
    identity = await identify(request)
    if identity.key is not None and "translate" not in identity.key.scopes:
        raise ForbiddenError(f"key {identity.key.name!r} may not translate; use another key")
    request.app.state.accounts.count_request(identity.caller)
    return identity.caller


async def get_form_caller(request: Request) -> AsyncIterator[str]:
    """The same for a route whose body may be a form with files; closes them in the end.

    Raises:
        ApiError: as `get_caller`.
    """
    try:
        yield await get_caller(request)
    finally:
        await request.close()


async def require_admin(request: Request) -> None:
    """Lets only keys through that may change what is served.

    Raises:
        ForbiddenError: there is no such key, or this is not one.
        UnauthorizedError: no key was given.
    """
    if not request.app.state.keys.has_scope("admin"):
        raise ForbiddenError(
            "administration is off, for no key has the scope `admin`; make one with "
            "`nmt serve keys new NAME --scope admin` and name its file in NMT_API_KEYS_FILE"
        )
    await _require(request, "admin")


async def require_metrics(request: Request) -> None:
    """Lets only keys through that may read the metrics, where the settings ask for one.

    Raises:
        ForbiddenError: the key may not read them.
        UnauthorizedError: no key was given.
    """
    if request.app.state.settings.metrics_need_key:
        await _require(request, "metrics")


async def _require(request: Request, scope: str) -> None:
    key = (await identify(request)).key
    if key is None:
        raise UnauthorizedError(
            f"this needs an API key with the scope `{scope}`; send it as "
            "`Authorization: Bearer KEY`"
        )
    if scope not in key.scopes:
        raise ForbiddenError(f"key {key.name!r} has not the scope `{scope}`; use one that has it")


CallerDep = Annotated[str, Depends(get_form_caller)]
"""Who calls, for turns and limits; 401 or 403 for those who may not."""
AdminDep = Depends(require_admin)
"""Among a route's `dependencies`: only for keys with the scope admin."""
MetricsDep = Depends(require_metrics)
"""Among a route's `dependencies`: only for keys with the scope metrics, if set so."""
