"""API keys and their file."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.keys import ApiKey, KeyRing, digest_of, new_key, parse_key, read_keys
from nmt.errors import ConfigError

DIGEST = digest_of("secret")


def test_new_key_is_found_by_its_secret_alone() -> None:
    secret, key = new_key("alice")
    _, other = new_key("bob")
    ring = KeyRing([other, key])
    assert ring.find(secret) == key
    assert ring.find(secret[:-1]) is None
    assert ring.find(key.digest) is None


def test_new_keys_are_long_and_differ() -> None:
    secrets = {new_key("alice")[0] for _ in range(20)}
    assert len(secrets) == 20
    assert min(map(len, secrets)) >= 43  # 256 bits in base64


def test_key_line_is_read_back() -> None:
    key = ApiKey("alice", DIGEST, frozenset({"translate", "admin"}), 5000)
    assert parse_key(key.line) == key
    assert "secret" not in key.line


def test_key_translates_where_no_scope_is_named() -> None:
    assert parse_key(f"alice:{DIGEST}").scopes == {"translate"}


def test_read_keys_leaves_comments_out(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"# who\n\nalice:{DIGEST}:admin\nbob:{digest_of('b')}::900\n")
    ring = read_keys(file)
    assert len(ring) == 2
    assert ring.has_scope("admin") and not ring.has_scope("metrics")
    bob = ring.named("bob")
    assert bob is not None and bob.chars_per_month == 900 and bob.scopes == {"translate"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"10.0.0.1:{DIGEST}", "begins with a letter"),
        ("alice:nmt_a-plain-key", "64 hexadecimal digits, the SHA-256"),
        (f"alice:{DIGEST}:root", "scope is 'root'; allowed: translate, admin, metrics"),
        (f"alice:{DIGEST}:admin:many", "characters per month are 'many'; give a number"),
    ],
)
def test_read_keys_says_what_is_wrong_with_a_line(tmp_path: Path, line: str, message: str) -> None:
    file = tmp_path / "keys"
    file.write_text(f"bob:{digest_of('b')}\n{line}\n")
    with pytest.raises(ConfigError, match=f"line 2: .*{message}") as caught:
        read_keys(file)
    assert "a-plain-key" not in str(caught.value)


def test_read_keys_refuses_a_name_twice(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"bob:{DIGEST}\nbob:{digest_of('b')}\n")
    with pytest.raises(ConfigError, match="line 2: 'bob' stands there twice"):
        read_keys(file)


def test_read_keys_says_that_a_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"file of API keys, .* cannot be read"):
        read_keys(tmp_path / "none")
