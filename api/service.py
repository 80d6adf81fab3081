"""Texts in, translations out: plan, remember, batch, join. What every route stands on.

text ─ plan ─▶ sentences ─ cache ─▶ known
                   └────── batcher ─▶ new ─▶ join
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, aclosing
from dataclasses import dataclass

from api.batching.cache import SentenceCache
from api.batching.keys import Settings, key_of
from api.errors import DeadlineError, InvalidFieldError, OverloadedError
from api.models import Model, ModelRegistry
from nmt.errors import ConfigError, InputError
from nmt.plan import Plan, SourceSentence
from nmt.translation import SentenceTranslation, TranslateOptions, Translation
from nmt.translator import assemble, untouched

_SHORT_CHARS = 200
"""Texts of so many characters together are planned on the event loop: it takes about 1 ms."""


@dataclass(frozen=True)
class Call:
    """Who asks, for which model, and how long it waits."""

    caller: str
    """Takes turns with other callers."""
    model: str | None = None
    """None is the default."""
    deadline_s: float | None = 30.0
    """Seconds until the caller is told that it took too long; none waits for ever."""
    is_charged: bool = False
    """Whether its characters were counted before, as those of a document are."""
    held: Model | None = None
    """A model that the caller keeps in use over many calls, whatever takes its place meanwhile."""


@dataclass(frozen=True)
class Translated:
    """The translations of a call, and what made them."""

    model: str
    checksum: str
    translations: Sequence[Translation]


@dataclass(frozen=True)
class StreamedSentence:
    """One sentence of a stream."""

    text: int
    """Index of its text."""
    sentence: SentenceTranslation
    gap: str
    """What stands before it in the translation."""


@dataclass(frozen=True)
class Work:
    """The sentences of a call."""

    sentences: Sequence[SourceSentence]
    settings: Settings
    call: Call
    until: float | None
    """The deadline in the event loop's time."""


Counter = Callable[[int, int], None]
"""Is told how many sentences were remembered and how many were not."""
Charge = Callable[[str, int], AbstractContextManager[None]]
"""Counts characters of a caller while they are translated, or refuses them."""


class TranslationService:
    """Translates for many callers at once.

    Args:
        registry: the models.
        cache: what is remembered.
        count_cache: told of hits and misses.
        charge: told of characters.
    """

    def __init__(
        self, registry: ModelRegistry, cache: SentenceCache, count_cache: Counter, charge: Charge
    ) -> None:
        self.registry = registry
        self._cache = cache
        self._count_cache = count_cache
        self._charge = charge
        self._puts: set[asyncio.Task[None]] = set()
        # Off the event loop: a long text takes a second to cut and encode.
        self._planners = ThreadPoolExecutor(1, thread_name_prefix="plan")

    async def translate(
        self, texts: Sequence[str], options: TranslateOptions, call: Call
    ) -> Translated:
        """Translates texts; each comes back in its place.

        Raises:
            DeadlineError: not done in time.
            InvalidFieldError: an option is out of range, or a glossary term is empty.
            NotFoundError: no such model.
            OverloadedError: too much is waiting already.
            QuotaError: the caller's characters of the month are used up.
            RateLimitError: too many characters of this caller.
            TranslationFailedError: the model failed on a sentence.
        """
        until = _until(call)
        with self._model(call).in_use() as model, self._charged(texts, call):
            model.batcher.check_open(call.caller, call.deadline_s)
            plans, settings = await self._plan(model, texts, options)
            sentences = [sentence for plan in plans for sentence in plan.sentences]
            work = Work(sentences, settings, call, until)
            answers = iter([answer async for answer in self._translate(model, work)])
            translations = [
                assemble(plan, [next(answers) for _ in plan.sentences]) for plan in plans
            ]
            return Translated(model.name, model.checksum, translations)

    async def stream(
        self, texts: Sequence[str], options: TranslateOptions, call: Call
    ) -> AsyncGenerator[StreamedSentence, None]:
        """Gives the sentences of texts in order, each as soon as it and those before it are done.

        Raises:
            ApiError: as `translate`; before the first sentence, but for a failed sentence and
                the deadline.
        """
        until = _until(call)
        with self._model(call).in_use() as model, self._charged(texts, call):
            model.batcher.check_open(call.caller, call.deadline_s)
            plans, settings = await self._plan(model, texts, options)
            places = [
                (index, sentence, gap)
                for index, plan in enumerate(plans)
                for sentence, gap in zip(plan.sentences, plan.gaps, strict=False)
            ]
            work = Work([sentence for _, sentence, _ in places], settings, call, until)
            async with aclosing(self._translate(model, work)) as answers:
                at = iter(places)
                async for answer in answers:
                    index, _, gap = next(at)
                    yield StreamedSentence(index, answer, gap)

    def check_open(self, caller: str, deadline_s: float | None) -> None:
        """Tells whether any model would begin with a caller's text in time.

        Raises:
            OverloadedError: none would.
        """
        busy: OverloadedError | None = None
        for model in self.registry.models:
            try:
                return model.batcher.check_open(caller, deadline_s)
            except OverloadedError as error:
                busy = error
        if busy is not None:
            raise busy

    async def remembered(self) -> None:
        """Waits until the cache has all that was translated so far."""
        await asyncio.gather(*self._puts)

    async def close(self) -> None:
        """Works off what is queued and lets go of models and cache."""
        await self.registry.close()
        await self.remembered()
        await self._cache.close()
        self._planners.shutdown(wait=False)

    def _model(self, call: Call) -> Model:
        return call.held or self.registry.get(call.model)

    def _charged(self, texts: Sequence[str], call: Call) -> AbstractContextManager[None]:
        return self._charge(call.caller, 0 if call.is_charged else sum(map(len, texts)))

    async def _plan(
        self, model: Model, texts: Sequence[str], options: TranslateOptions
    ) -> tuple[list[Plan], Settings]:
        def plan_all() -> list[Plan]:
            return [model.translator.plan(text, options) for text in texts]

        try:
            search = options.search_config(model.translator.search)
            if sum(map(len, texts)) <= _SHORT_CHARS:
                plans = plan_all()  # sooner done than handed to a thread
            else:
                loop = asyncio.get_running_loop()
                plans = await loop.run_in_executor(self._planners, plan_all)
        except (ConfigError, InputError) as error:
            raise InvalidFieldError(str(error)) from error
        return plans, Settings(search, options.attention)

    async def _translate(
        self, model: Model, work: Work
    ) -> AsyncGenerator[SentenceTranslation, None]:
        """Gives the translations in order; what is left is given up when the caller goes."""
        digests = [
            key_of(sentence, work.settings).digest(model.checksum) if sentence.ids else ""
            for sentence in work.sentences
        ]
        known = await self._cache.get_many([digest for digest in digests if digest])
        unknown = [
            sentence
            for sentence, digest in zip(work.sentences, digests, strict=True)
            if digest and digest not in known
        ]
        self._count_cache(sum(map(bool, digests)) - len(unknown), len(unknown))
        ticket = model.batcher.submit(
            unknown, work.settings, work.call.caller, work.call.deadline_s
        )
        new: dict[str, SentenceTranslation] = {}
        waiting = iter(ticket)
        try:
            for sentence, digest in zip(work.sentences, digests, strict=True):
                if not digest:
                    answer = untouched(sentence)
                elif digest in known:
                    answer = known[digest]
                else:
                    answer = new[digest] = await _in_time(next(waiting), work)
                yield answer.moved_to(sentence.start)
        finally:
            ticket.cancel()
            self._remember(new)

    def _remember(self, new: dict[str, SentenceTranslation]) -> None:
        """Puts translations into the cache without making anyone wait for it."""
        if new:
            task = asyncio.create_task(self._cache.put_many(new))
            self._puts.add(task)
            task.add_done_callback(self._puts.discard)


def _until(call: Call) -> float | None:
    """The deadline in the event loop's time."""
    return call.deadline_s and asyncio.get_running_loop().time() + call.deadline_s


async def _in_time(answer: asyncio.Future[SentenceTranslation], work: Work) -> SentenceTranslation:
    try:
        async with asyncio.timeout_at(work.until):
            return await answer
    except TimeoutError as error:
        raise DeadlineError(
            f"not translated in {work.call.deadline_s:g} s; send less text at once, stream it, "
            "or make it a document job",
            limit=work.call.deadline_s,
            retry_after_s=1,
        ) from error
