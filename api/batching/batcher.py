"""The owner of a model: sentences of all callers go through it in batches.

Everything here but the model's work happens on the event loop, so there are no locks. A batch
begins as soon as a worker is free: an idle service makes no one wait, a busy one gathers what
comes in while it works. Where another batch is in work, the free worker waits for those whom the
last batch answered, as long as they come back (api/batching/returning.py).
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from api.batching.isolation import Outcome, translate_isolating
from api.batching.keys import SentenceKey, Settings, key_of
from api.batching.queue import FairQueue
from api.batching.returning import Returning
from api.batching.settling import Settling
from api.batching.speed import Speedometer
from api.errors import OverloadedError
from nmt.plan import SourceSentence
from nmt.translation import SentenceTranslation
from nmt.translator import Translator

_SAFE = 0.8
"""Share of a deadline that the estimated wait may take: who is let in and then told that it took
too long was served worse than who is refused at once."""


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class BatchLimits:
    """How much is joined and how much may wait."""

    batch_tokens: int = 2048
    """Source pieces of a batch."""
    queue_tokens: int = 262_144
    """Source pieces that may wait."""
    workers: int = 1
    """Batches in work at the same time."""
    full_rows: int = 1
    """Sentences from which on a batch gains nothing from more."""


@dataclass(eq=False)
class Job:
    """A sentence that is queued or in work, and who waits for it."""

    key: SentenceKey
    sentence: SourceSentence
    caller: str
    waiters: set[asyncio.Future[SentenceTranslation]] = field(default_factory=set)
    queued_s: float = field(default_factory=time.perf_counter)
    is_queued: bool = True

    @property
    def tokens(self) -> int:
        """Its source pieces and the end piece."""
        return len(self.sentence.ids) + 1

    @property
    def group(self) -> Settings:
        """Sentences of equal settings go together."""
        return self.key.settings


Place = tuple[Job, asyncio.Future[SentenceTranslation]]
"""A job and the future of one who waits for it."""


@dataclass(frozen=True)
class BatchReport:
    """What a batch was, for those who measure."""

    jobs: Sequence[Job]
    outcomes: Sequence[Outcome]
    started_s: float
    """`time.perf_counter()` when the work began."""
    seconds: float


class BatchObserver(Protocol):
    """Is told of every batch, on the event loop."""

    def batch_done(self, report: BatchReport) -> None:
        """Called before those who wait are given their translations."""
        ...


class Ticket:
    """What a caller holds for the sentences it gave: a future for each, in order."""

    def __init__(self, batcher: Batcher, places: Sequence[Place]) -> None:
        self._batcher = batcher
        self._places = places

    def __iter__(self) -> Iterator[asyncio.Future[SentenceTranslation]]:
        return (future for _, future in self._places)

    def cancel(self) -> None:
        """Gives up what is not done; what no one else waits for is not begun any more."""
        for job, future in self._places:
            if not future.done():
                future.cancel()
                self._batcher.leave(job, future)
            elif not future.cancelled():
                future.exception()  # marks it as seen


class Batcher:
    """Translates sentences with one model.

    Args:
        translator: the model.
        limits: sizes of batches and of the queue.
        observers: told of every batch.
    """

    def __init__(
        self, translator: Translator, limits: BatchLimits, observers: Sequence[BatchObserver] = ()
    ) -> None:
        self._translator = translator
        self._limits = limits
        self._observers = observers
        self._queue: FairQueue[Job] = FairQueue()
        self._jobs: dict[SentenceKey, Job] = {}
        """All that is queued or in work."""
        self._has_work = asyncio.Event()
        self._is_idle = asyncio.Event()
        self._is_idle.set()
        self._threads = ThreadPoolExecutor(limits.workers, thread_name_prefix="model")
        self._workers: list[asyncio.Task[None]] = []
        self._settling = Settling()
        self._returning = Returning()
        self._speed = Speedometer()
        self._tokens_in_work = 0

    @property
    def queued_tokens(self) -> int:
        """Source pieces that wait."""
        return self._queue.tokens

    @property
    def tokens_per_s(self) -> float:
        """Source pieces per second at present."""
        return self._speed.tokens_per_s

    def start(self, before: Batcher | None = None) -> None:
        """Begins to work; needs a running event loop.

        Args:
            before: whose place this one takes; until more is known it is thought as fast.
        """
        if before is not None:
            self._speed.expect(before._speed)
        self._workers = [asyncio.create_task(self._work()) for _ in range(self._limits.workers)]

    async def close(self) -> None:
        """Works off what is queued, then stops."""
        await self._is_idle.wait()
        for worker in self._workers:
            worker.cancel()
        await asyncio.gather(*self._workers, return_exceptions=True)
        await self._settling.close()
        self._threads.shutdown(wait=False)

    def submit(
        self,
        sentences: Sequence[SourceSentence],
        settings: Settings,
        caller: str,
        deadline_s: float | None = None,
    ) -> Ticket:
        """Queues sentences that have pieces; equal ones that wait already are shared.

        Args:
            sentences: planned by the same translator.
            settings: how to translate them.
            caller: whose turn they take.
            deadline_s: seconds the caller is willing to wait; none is for ever.

        Raises:
            OverloadedError: the queue is full, or would not be worked off in `deadline_s`.
        """
        keys = [key_of(sentence, settings) for sentence in sentences]
        new = {key: s for key, s in zip(keys, sentences, strict=True) if key not in self._jobs}
        self._admit(caller, sum(len(s.ids) + 1 for s in new.values()), deadline_s)
        for key, sentence in new.items():
            self._jobs[key] = job = Job(key, sentence, caller)
            self._queue.push(job)
            self._returning.came()
        if new:
            self._is_idle.clear()
            self._has_work.set()
        return Ticket(self, [self._place(self._jobs[key]) for key in keys])

    def check_open(self, caller: str, deadline_s: float | None) -> None:
        """Tells whether it makes sense to submit anything at all, before work is put into it.

        Raises:
            OverloadedError: one more sentence of the usual length would not be translated in
                `deadline_s`.
        """
        n_queued = len(self._queue)
        if n_queued:
            self._admit(caller, -(-self._queue.tokens // n_queued), deadline_s)

    def leave(self, job: Job, waiter: asyncio.Future[SentenceTranslation]) -> None:
        """Takes a waiter from a job; a queued job without waiters is dropped."""
        job.waiters.discard(waiter)
        if job.is_queued and not job.waiters:
            self._queue.drop(job)
            self._forget([job])

    def _place(self, job: Job) -> Place:
        waiter: asyncio.Future[SentenceTranslation] = asyncio.get_running_loop().create_future()
        job.waiters.add(waiter)
        return job, waiter

    def _admit(self, caller: str, tokens: int, deadline_s: float | None) -> None:
        waiting = self._queue.tokens
        if not waiting or not tokens:
            return
        if waiting + tokens > self._limits.queue_tokens:
            raise OverloadedError(
                f"{waiting} pieces wait to be translated and {tokens} more do not fit; "
                f"allowed: {self._limits.queue_tokens}; try again later",
                limit=self._limits.queue_tokens,
                retry_after_s=waiting / self.tokens_per_s,
            )
        before = self._queue.tokens_before(caller, tokens) + self._tokens_in_work
        wait_s = before / self.tokens_per_s
        if deadline_s is not None and wait_s > _SAFE * deadline_s:
            raise OverloadedError(
                f"this would take about {wait_s:.1f} s in the queue; allowed: "
                f"{_SAFE * deadline_s:.1f} s; try again later or send less at once",
                limit=_SAFE * deadline_s,
                retry_after_s=max(1.0, wait_s - _SAFE * deadline_s),
            )

    async def _work(self) -> None:
        """Takes one batch after the other, for ever."""
        loop = asyncio.get_running_loop()
        while True:
            await self._has_work.wait()
            # Requests that were read in the same round of the event loop come into one batch.
            await asyncio.sleep(0)
            await self._returning.wait_while(self._would_gain)
            jobs = self._queue.take(self._limits.batch_tokens)
            if not len(self._queue):
                self._has_work.clear()
            if not jobs:
                continue
            for job in jobs:
                job.is_queued = False
                self._tokens_in_work += job.tokens
            start = time.perf_counter()
            outcomes = await loop.run_in_executor(
                self._threads, translate_isolating, self._translator,
                [job.sentence for job in jobs], jobs[0].group,
            )  # fmt: skip
            self._finish(BatchReport(jobs, outcomes, start, time.perf_counter() - start))

    def _would_gain(self) -> bool:
        """Tells whether a batch gains from more sentences, and the processor has work meanwhile."""
        return self._tokens_in_work > 0 and len(self._queue) < self._limits.full_rows

    def _finish(self, report: BatchReport) -> None:
        tokens = sum(job.tokens for job in report.jobs)
        self._tokens_in_work -= tokens
        queued_s = min(job.queued_s for job in report.jobs)
        self._speed.count(tokens, queued_s, report.started_s + report.seconds)
        self._tell(report)
        pairs = zip(report.jobs, report.outcomes, strict=True)
        waiting = [(waiter, outcome) for job, outcome in pairs for waiter in job.waiters]
        self._forget(report.jobs)
        self._returning.answered(len(waiting))
        self._settling.settle(waiting)

    def _tell(self, report: BatchReport) -> None:
        for observer in self._observers:
            try:
                observer.batch_done(report)
            except Exception as error:  # who measures must not stop who works
                logger.error("an observer failed: %s", type(error).__name__, exc_info=error)

    def _forget(self, jobs: Sequence[Job]) -> None:
        for job in jobs:
            del self._jobs[job.key]
        if not self._jobs:
            self._is_idle.set()
