"""docs/service.md names every setting, route and metric."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.settings import Settings, parse_models

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "service.md").read_text(encoding="utf-8")


def shown(default: object) -> str:
    """A default as the page writes it."""
    if default is None or default == "":
        return "none"
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_page_has_every_setting_with_its_default() -> None:
    rows = dict(re.findall(r"^\| `(NMT_\w+)` \| (\S+) \| \S", PAGE, re.M))
    expected = {
        f"NMT_{name.upper()}": shown(field.default) for name, field in Settings.model_fields.items()
    }
    assert rows == expected


def test_page_has_every_metric(client: TestClient) -> None:
    client.post("/v1/translate", json={"text": "커피 한 잔 주세요."})
    served = set(re.findall(r"^# TYPE (nmt_\w+)", client.get("/metrics").text, re.M))
    served = {name for name in served if not name.endswith("_created")}
    assert {name for name in served if f"`{name}`" not in PAGE} == set()
    named = set(re.findall(r"`(nmt_[a-z_]+[a-z])`", PAGE))
    assert named - served == set()


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NMT_MODELS", "transformer, mine=/models/mine")
    monkeypatch.setenv("NMT_DRAIN_S", "5")
    settings = Settings()
    assert settings.drain_s == 5
    assert [(s.name, s.location) for s in settings.model_specs] == [
        ("transformer", "transformer"), ("mine", "/models/mine"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" , ", "give names or NAME=PATH, separated by commas"),
        ("=/models/x", "give names or NAME=PATH"),
        ("a,b,a=/x", "names 'a' twice; give each model a name of its own"),
    ],
)
def test_models_that_cannot_be_read_are_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_models(text)
