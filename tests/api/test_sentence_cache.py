"""What is remembered of sentences."""

from __future__ import annotations

import asyncio

from api.batching.cache import LayeredCache, MemoryCache, decode, encode
from api.batching.keys import Settings, key_of
from nmt.config import SearchConfig
from nmt.translation import Alternative, Flag, SentenceTranslation, Token
from nmt.translator import Translator

FULL = SentenceTranslation(
    "저는 가요.", 3, 9, "I go 😀", -0.5, (Flag.NUMBERS_DIFFER,), (Alternative("I went", -0.7),),
    (Token("저", 3, 4), Token("</s>", 9, 9)), (Token("I", 0, 1),), ((0.25, 0.75),),
)  # fmt: skip


def short(text: str) -> SentenceTranslation:
    return SentenceTranslation(text, 0, len(text), text.upper(), None)


def test_translation_survives_encoding() -> None:
    assert decode(encode(FULL)) == FULL
    assert decode(encode(short("x"))) == short("x")


def test_memory_cache_gives_what_was_put() -> None:
    async def scene() -> None:
        cache = MemoryCache(10_000)
        await cache.put_many({"a": FULL})
        assert await cache.get_many(["a", "b"]) == {"a": FULL}

    asyncio.run(scene())


def test_memory_cache_stays_below_its_bytes_and_forgets_the_oldest() -> None:
    async def scene() -> None:
        cache = MemoryCache(2_000)
        for number in range(100):
            await cache.put_many({str(number): short(f"text {number}")})
            assert cache.n_bytes <= 2_000
            await cache.get_many(["0"])
        assert 1 < len(cache) < 10
        assert set(await cache.get_many(["0", "1", "99"])) == {"0", "99"}

    asyncio.run(scene())


def test_memory_cache_does_not_keep_what_is_larger_than_itself() -> None:
    async def scene() -> None:
        cache = MemoryCache(1_000)
        await cache.put_many({"small": short("a"), "large": short("a" * 2_000)})
        assert set(await cache.get_many(["small", "large"])) == {"small"}

    asyncio.run(scene())


def test_layered_cache_keeps_near_what_the_far_one_knew() -> None:
    async def scene() -> None:
        near, far = MemoryCache(10_000), MemoryCache(10_000)
        await far.put_many({"a": FULL})
        assert await LayeredCache(near, far).get_many(["a", "b"]) == {"a": FULL}
        assert await near.get_many(["a"]) == {"a": FULL}
        await LayeredCache(near, MemoryCache(0)).put_many({"b": FULL})
        assert await near.get_many(["b"]) == {"b": FULL}

    asyncio.run(scene())


def test_key_differs_with_all_that_a_translation_depends_on(tiny_translator: Translator) -> None:
    def digest(text: str, search: SearchConfig, attention: bool, model: str, **terms: str) -> str:
        (sentence,) = tiny_translator.plan(text).sentences if not terms else planned(text, terms)
        return key_of(sentence, Settings(search, attention)).digest(model)

    def planned(text: str, terms: dict[str, str]) -> tuple[object, ...]:
        from nmt.translation import TranslateOptions

        return tiny_translator.plan(text, TranslateOptions(glossary=terms)).sentences

    greedy = SearchConfig(beam_size=1)
    digests = {
        digest("서울에 가요.", greedy, False, "m"),
        digest("서울에 가요!", greedy, False, "m"),
        digest("서울에 가요.", SearchConfig(beam_size=2), False, "m"),
        digest("서울에 가요.", greedy, True, "m"),
        digest("서울에 가요.", greedy, False, "other"),
        digest("서울에 가요.", greedy, False, "m", 서울="Seoul"),
        digest("서울에 가요.", greedy, False, "m", 서울="SEOUL"),
    }
    assert len(digests) == 7
    assert digest("서울에 가요.", SearchConfig(beam_size=1), False, "m") in digests
