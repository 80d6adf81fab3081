"""The commands `nmt serve` and `nmt serve keys new`."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli import app
from api.keys import read_keys
from nmt.errors import ConfigError


def test_new_key_goes_to_a_private_file_as_a_hash(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    for name in ("alice", "bob"):
        made = CliRunner().invoke(
            app, ["keys", "new", name, "--scope", "admin", "--file", str(file)]
        )
        assert made.exit_code == 0, made.output
    secret = made.stdout.split()[-1]
    found = read_keys(file).find(secret)
    assert found is not None
    assert (found.name, found.scopes) == ("bob", {"admin"})
    assert secret not in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_new_key_without_a_file_prints_its_line_alone(tmp_path: Path) -> None:
    made = CliRunner().invoke(app, ["keys", "new", "alice"])
    file = tmp_path / "keys"
    file.write_text(made.stdout)
    secret = next(word for word in made.stderr.split() if word.startswith("nmt_"))
    assert read_keys(file).find(secret) is not None
    assert secret not in made.stdout


def test_new_key_refuses_unknown_scopes() -> None:
    with pytest.raises(ConfigError, match="scope is 'root'; allowed: translate, admin, metrics"):
        CliRunner().invoke(app, ["keys", "new", "alice", "--scope", "root"], catch_exceptions=False)


def test_serve_names_the_setting_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMT_DRAIN_S", "soon")
    with pytest.raises(ConfigError, match="NMT_DRAIN_S: "):
        CliRunner().invoke(app, [], catch_exceptions=False)
