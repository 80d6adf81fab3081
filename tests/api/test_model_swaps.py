"""Models are put in place of others while requests go on."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.batching.batcher import BatchLimits
from api.batching.keys import Settings as BatchSettings
from api.build import build_parts
from api.errors import ConflictError, NotFoundError
from api.keys import new_key
from api.models import Model, ModelRegistry, ModelSpec
from api.service import Call
from api.settings import Settings
from nmt.errors import BundleNotFoundError, EngineError
from nmt.translation import TranslateOptions
from nmt.translator import Translator

OpenClient = Callable[..., TestClient]
CALL = Call("1.2.3.4")


@pytest.fixture
def admin(open_client: OpenClient, tmp_path: Path) -> TestClient:
    """A client whose key may swap models."""
    secret, key = new_key("root", ["admin", "translate"])
    (tmp_path / "keys").write_text(key.line)
    client = open_client(api_keys_file=tmp_path / "keys")
    client.headers["Authorization"] = f"Bearer {secret}"
    return client


def test_admin_swaps_a_model(admin: TestClient, second_bundle: Path) -> None:
    before = admin.get("/v1/models").json()["models"][0]
    reply = admin.post("/v1/admin/models/tiny", json={"location": str(second_bundle)})
    assert reply.status_code == 200, reply.text
    (after,) = admin.get("/v1/models").json()["models"]
    assert reply.json() == after
    assert (after["name"], after["default"]) == ("tiny", True)
    assert after["checksum"] != before["checksum"]
    translated = admin.post("/v1/translate", json={"text": "커피 한 잔 주세요."}).json()
    assert translated["model"]["checksum"] == after["checksum"]
    assert 'nmt_model_swaps_total{model="tiny",result="done"} 1.0' in admin.get("/metrics").text


def test_admin_is_told_why_a_model_stays(admin: TestClient, tmp_path: Path) -> None:
    before = admin.get("/v1/models").json()
    missing = admin.post("/v1/admin/models/tiny", json={"location": str(tmp_path / "none")})
    assert missing.status_code == 409
    assert "nothing was changed: " in missing.json()["detail"]
    assert str(tmp_path / "none") in missing.json()["detail"]
    assert admin.get("/v1/models").json() == before
    assert 'result="failed"} 1.0' in admin.get("/metrics").text
    assert admin.post("/v1/translate", json={"text": "커피"}).status_code == 200


def test_admin_refuses_a_bundle_that_is_damaged(
    admin: TestClient, second_bundle: Path, tmp_path: Path
) -> None:
    damaged = Path(shutil.copytree(second_bundle, tmp_path / "damaged"))
    weights = damaged / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"x")
    reply = admin.post("/v1/admin/models/tiny", json={"location": str(damaged)})
    assert reply.status_code == 409
    assert "model.safetensors" in reply.json()["detail"]


def test_admin_serves_one_more_model_and_stops_it(admin: TestClient, second_bundle: Path) -> None:
    added = admin.post("/v1/admin/models/other", json={"location": str(second_bundle)})
    assert (added.status_code, added.json()["default"]) == (200, False)
    body = {"text": "커피 한 잔 주세요.", "model": "other"}
    assert admin.post("/v1/translate", json=body).json()["model"]["name"] == "other"
    assert admin.delete("/v1/admin/models/other").status_code == 204
    assert admin.post("/v1/translate", json=body).status_code == 404
    assert admin.get("/readyz").status_code == 200


def test_admin_keeps_the_default_model(admin: TestClient) -> None:
    kept = admin.delete("/v1/admin/models/tiny")
    assert kept.status_code == 409
    assert "is the default and stays" in kept.json()["detail"]
    assert admin.delete("/v1/admin/models/none").status_code == 404


def test_requests_in_work_end_with_the_model_they_began_with(
    settings: Settings, second_bundle: Path
) -> None:
    async def scene() -> None:
        service = build_parts(settings).service
        registry = service.registry
        await registry.load()
        old = registry.get()
        with old.in_use():
            new = await registry.swap("tiny", str(second_bundle))
            assert registry.get() is new
            done = await service.translate(["커피"], TranslateOptions(), CALL)
            assert done.checksum == new.checksum != old.checksum
            ticket = old.batcher.submit(
                old.translator.plan("커피 한 잔 주세요.").sentences,
                BatchSettings(old.translator.search), "1.2.3.4",
            )  # fmt: skip
            assert (await next(iter(ticket))).text
        await registry.close()

    asyncio.run(scene())


def test_new_model_is_thought_as_fast_as_the_old_one(settings: Settings) -> None:
    async def scene() -> None:
        service = build_parts(settings).service
        await service.registry.load()
        before = service.registry.get().batcher.tokens_per_s
        await service.translate(["커피 한 잔 주세요."], TranslateOptions(), CALL)
        measured = service.registry.get().batcher.tokens_per_s
        assert measured != before
        new = await service.registry.swap("tiny")
        assert new.batcher.tokens_per_s == measured
        await service.registry.close()

    asyncio.run(scene())


def test_no_request_fails_while_models_are_swapped(settings: Settings, second_bundle: Path) -> None:
    places = [str(second_bundle), settings.model_specs[0].location]

    async def scene() -> None:
        service = build_parts(settings).service
        await service.registry.load()
        swapping = asyncio.create_task(swap_often(service.registry))
        checksums = set()
        number = 0
        while not swapping.done():
            number += 1
            texts = [f"{number}번 버스는 {n}시에 출발해요." for n in range(3)]
            done = await service.translate(texts, TranslateOptions(), CALL)
            checksums.add(done.checksum)
            assert len(done.translations) == 3
        await swapping
        assert len(checksums) == 2
        await service.registry.close()

    async def swap_often(registry: ModelRegistry) -> None:
        for turn in range(4):
            await registry.swap("tiny", places[turn % 2])

    asyncio.run(scene())


def test_two_swaps_at_once_close_both_old_models(settings: Settings) -> None:
    async def scene() -> None:
        registry = build_parts(settings).service.registry
        await registry.load()
        first = registry.get()
        second, third = await asyncio.gather(registry.swap("tiny"), registry.swap("tiny"))
        assert registry.get() is third
        await asyncio.gather(*registry._closing)
        for model in (first, second):
            assert model.batcher._threads._shutdown
        await registry.close()

    asyncio.run(scene())


def test_reload_keeps_what_cannot_be_loaded(
    tiny_translator: Translator, caplog: pytest.LogCaptureFixture
) -> None:
    broken = threading.Event()

    def load(spec: ModelSpec) -> Translator:
        if broken.is_set() and spec.name == "a":
            raise RuntimeError("out of memory")
        return tiny_translator

    async def scene() -> None:
        specs = [ModelSpec("a", "a"), ModelSpec("b", "b")]
        registry = ModelRegistry(specs, load, lambda spec, t: Model(spec, t, BatchLimits()))
        await registry.load()
        before = registry.models
        broken.set()
        await registry.reload()
        assert registry.models[0] is before[0]
        assert registry.models[1] is not before[1]
        with pytest.raises(
            EngineError, match="the model of a cannot be used: RuntimeError: out of"
        ):
            await registry.swap("a")
        await registry.close()

    asyncio.run(scene())
    assert "model a stays as it was" in caplog.text


def test_registry_says_what_it_does_not_have(settings: Settings) -> None:
    async def scene() -> None:
        registry = build_parts(settings).service.registry
        await registry.load()
        with pytest.raises(NotFoundError, match="model is 'none'; allowed: 'tiny'"):
            await registry.swap("none")
        with pytest.raises(ConflictError, match="is the default and stays"):
            registry.remove("tiny")
        with pytest.raises(BundleNotFoundError, match="no-such-bundle"):
            await registry.put("no-such-bundle")
        assert [model.name for model in registry.models] == ["tiny"]
        assert registry.is_ready
        await registry.close()

    asyncio.run(scene())
