"""Texts through cache and batcher, equal to the library's own answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from api.build import build_parts
from api.errors import DeadlineError, InvalidFieldError, NotFoundError
from api.service import Call, TranslationService
from api.settings import Settings
from nmt.translation import TranslateOptions
from nmt.translator import Translator

TEXTS = [
    "저는 서울에 살아요. 내일 부산에 가요.",
    "",
    "커피 한 잔 주세요.\n\n 내일 부산에 가요. ",
    "OK 👍",
]
CALL = Call("someone")


@dataclass
class Counts:
    hits: int = 0
    misses: int = 0
    calls: list[tuple[int, int]] = field(default_factory=list)

    def add(self, hits: int, misses: int) -> None:
        self.calls.append((hits, misses))


@pytest.fixture
def play(settings: Settings) -> Callable[..., None]:
    """Runs a scene with a service whose model is loaded."""

    def run(scene: Callable[[TranslationService], Awaitable[None]]) -> None:
        async def whole() -> None:
            service = build_parts(settings).service
            await service.registry.load()
            try:
                await scene(service)
            finally:
                await service.registry.close()

        asyncio.run(whole())

    return run


@pytest.mark.parametrize(
    "options",
    [
        TranslateOptions(),
        TranslateOptions(n_best=2),
        TranslateOptions(attention=True),
        TranslateOptions(glossary={"서울": "SEOUL"}),
    ],
)
def test_service_gives_what_the_library_gives(
    play: Callable[..., None], tiny_bundle: Path, options: TranslateOptions
) -> None:
    expected = Translator.load(tiny_bundle, device="cpu").translate(TEXTS, options)

    async def scene(service: TranslationService) -> None:
        for _ in range(2):  # the second time from the cache
            done = await service.translate(TEXTS, options, CALL)
            assert list(done.translations) == expected

    play(scene)


def test_service_remembers_a_sentence_at_any_place(play: Callable[..., None]) -> None:
    async def scene(service: TranslationService) -> None:
        counts = Counts()
        service._count_cache = counts.add
        options = TranslateOptions(attention=True)
        first = await service.translate(["커피 한 잔 주세요."], options, CALL)
        await service.remembered()
        again = await service.translate(["OK\n  커피 한 잔 주세요."], options, CALL)
        (before,), (_, after) = (d.translations[0].sentences for d in (first, again))
        assert counts.calls == [(0, 1), (1, 0)]
        assert after.text == before.text
        assert after.start == 5
        assert [t.start - 5 for t in after.source_tokens] == [t.start for t in before.source_tokens]

    play(scene)


def test_service_streams_the_sentences_in_order(play: Callable[..., None]) -> None:
    async def scene(service: TranslationService) -> None:
        whole = await service.translate(TEXTS, TranslateOptions(), CALL)
        streamed = [s async for s in service.stream(TEXTS, TranslateOptions(), CALL)]
        assert [s.text for s in streamed] == [0, 0, 2, 2, 3]
        expected = [s for translation in whole.translations for s in translation.sentences]
        assert [s.sentence for s in streamed] == expected
        assert [s.gap for s in streamed] == ["", " ", "", "\n\n ", ""]

    play(scene)


def test_service_says_when_the_deadline_is_over(play: Callable[..., None]) -> None:
    async def scene(service: TranslationService) -> None:
        with pytest.raises(DeadlineError, match=r"not translated in 1e-06 s; send less"):
            await service.translate(TEXTS, TranslateOptions(), Call("x", deadline_s=1e-6))
        assert service.registry.get().batcher.queued_tokens == 0

    play(scene)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (TranslateOptions(beam_size=65), "beam_size is 65; allowed: 1 to 64"),
        (TranslateOptions(glossary={" ": "x"}), "glossary"),
    ],
)
def test_service_refuses_options_out_of_range(
    play: Callable[..., None], options: TranslateOptions, message: str
) -> None:
    async def scene(service: TranslationService) -> None:
        with pytest.raises(InvalidFieldError, match=message):
            await service.translate(TEXTS, options, CALL)

    play(scene)


def test_service_knows_its_models(play: Callable[..., None]) -> None:
    async def scene(service: TranslationService) -> None:
        with pytest.raises(NotFoundError, match="model is 'other'; allowed: 'tiny'"):
            await service.translate(TEXTS, TranslateOptions(), Call("x", model="other"))

    play(scene)


def test_service_swaps_a_model_under_work(play: Callable[..., None]) -> None:
    async def scene(service: TranslationService) -> None:
        old = service.registry.get()
        running = [
            asyncio.create_task(
                service.translate([f"{n}번째 커피 한 잔 주세요."], TranslateOptions(), CALL)
            )
            for n in range(20)
        ]
        await asyncio.sleep(0)
        new = await service.registry.swap("tiny")
        results = await asyncio.gather(*running)
        assert all(result.translations[0].text for result in results)
        assert new is service.registry.get()
        assert new is not old

    play(scene)


def test_service_keeps_the_old_model_when_the_new_one_is_bad(
    play: Callable[..., None], tmp_path: Path
) -> None:
    from nmt.errors import BundleNotFoundError

    async def scene(service: TranslationService) -> None:
        old = service.registry.get()
        with pytest.raises(BundleNotFoundError):
            await service.registry.swap("tiny", str(tmp_path / "nothing"))
        assert service.registry.get() is old
        assert (await service.translate(["가요."], TranslateOptions(), CALL)).translations[0].text

    play(scene)
