"""API keys: who may call. Only their SHA-256 is kept, so a stolen file opens nothing.

A key is 256 random bits, which cannot be guessed, so a fast hash is enough; the slow ones are for
passwords (NIST SP 800-63B, section 5.1.1.2, is about secrets that people choose).
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from nmt.errors import ConfigError

SCOPES = ("translate", "admin", "metrics")
"""What a key may be allowed: to translate, to swap models, to read /metrics."""
PREFIX = "nmt_"
_N_BYTES = 32
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class ApiKey:
    """A key that is known."""

    name: str
    """Stands in logs and in the usage; never looks like an address."""
    digest: str
    """SHA-256 of the key in hexadecimal digits."""
    scopes: frozenset[str] = frozenset({"translate"})
    chars_per_month: int | None = None
    """Its own quota; none is the service's."""

    @property
    def line(self) -> str:
        """Its line in a file of keys."""
        fields = [self.name, self.digest, ",".join(sorted(self.scopes))]
        if self.chars_per_month is not None:
            fields.append(str(self.chars_per_month))
        return ":".join(fields)


class KeyRing:
    """The keys that are known; none at all lets everyone translate.

    Args:
        keys: each with a name of its own.
    """

    def __init__(self, keys: Iterable[ApiKey] = ()) -> None:
        self._keys = {key.name: key for key in keys}

    def __len__(self) -> int:
        return len(self._keys)

    def find(self, secret: str) -> ApiKey | None:
        """Gives the key that a caller presents; all are compared, in constant time each."""
        digest = digest_of(secret)
        matching = [key for key in self._keys.values() if hmac.compare_digest(key.digest, digest)]
        return matching[0] if matching else None

    def replace(self, other: KeyRing) -> None:
        """Knows the keys of another ring from now on, and no others."""
        self._keys = dict(other._keys)

    def named(self, name: str) -> ApiKey | None:
        """Gives the key of that name."""
        return self._keys.get(name)

    def has_scope(self, scope: str) -> bool:
        """Whether there is any key for this."""
        return any(scope in key.scopes for key in self._keys.values())


def digest_of(secret: str) -> str:
    """Gives what is kept of a key."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def new_key(name: str, scopes: Sequence[str] = ("translate",)) -> tuple[str, ApiKey]:
    """Makes a key: gives the secret, which is kept nowhere, and what is kept.

    Raises:
        ConfigError: the name or a scope is not allowed.
    """
    secret = PREFIX + secrets.token_urlsafe(_N_BYTES)
    return secret, parse_key(f"{name}:{digest_of(secret)}:{','.join(scopes)}")


def read_keys(path: Path) -> KeyRing:
    """Reads a file with a line `NAME:SHA256[:SCOPE,…[:CHARS_PER_MONTH]]` for each key.

    Empty lines and those that begin with `#` are left out.

    Raises:
        ConfigError: the file cannot be read, or a line is not like that.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"the file of API keys, {path}, cannot be read: {error}") from error
    keys: dict[str, ApiKey] = {}
    for number, line in enumerate(map(str.strip, lines), 1):
        if not line or line.startswith("#"):
            continue
        try:
            key = parse_key(line)
        except ConfigError as error:
            raise ConfigError(f"{path}, line {number}: {error}") from error
        if key.name in keys:
            raise ConfigError(
                f"{path}, line {number}: {key.name!r} stands there twice; "
                "give each key a name of its own"
            )
        keys[key.name] = key
    return KeyRing(keys.values())


def parse_key(line: str) -> ApiKey:
    """Reads one line.

    Raises:
        ConfigError: a part of it is not allowed. The message never holds the line, for it may be
            a key that was put there by mistake.
    """
    name, _, rest = line.partition(":")
    digest, _, rest = rest.partition(":")
    scopes, _, quota = rest.partition(":")
    if not _NAME.fullmatch(name):
        raise ConfigError(
            "the name of a key is 1 to 64 letters, digits, _ or -, and begins with a letter"
        )
    if not _DIGEST.fullmatch(digest):
        raise ConfigError(
            f"key {name!r}: after the name and a colon there are 64 hexadecimal digits, the "
            "SHA-256 of the key; make one with `nmt serve keys new NAME`"
        )
    chosen = frozenset(filter(None, map(str.strip, scopes.split(",")))) or frozenset({"translate"})
    unknown = chosen - set(SCOPES)
    if unknown:
        allowed = ", ".join(SCOPES)
        raise ConfigError(f"key {name!r}: scope is {min(unknown)!r}; allowed: {allowed}")
    if quota and not quota.isdecimal():
        raise ConfigError(f"key {name!r}: the characters per month are {quota!r}; give a number")
    return ApiKey(name, digest, chosen, int(quota) if quota else None)
