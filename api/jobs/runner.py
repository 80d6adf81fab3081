"""Translates the jobs that wait, some at a time, in threads beside the event loop.

A job is translated by one version of its model from beginning to end. It holds on to the model that
it was begun with, and where another process goes on with it that has another version, what was done
before counts no more.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from api.errors import ApiError, InternalError, NotFoundError
from api.jobs.bridge import JobStoppedError, ServiceTranslator
from api.jobs.files import JobFiles, add_done
from api.jobs.inspection import refusal
from api.jobs.job import Job
from api.jobs.store import LEASE_S, JobStore
from api.models import Model
from api.service import Call, TranslationService
from nmt.documents import DocumentOptions, Progress, open_document, translate_document
from nmt.errors import NmtError
from nmt.translation import TranslateOptions

logger = logging.getLogger(__name__)

_POLL_S = 5.0
"""Seconds after which a worker looks for jobs that another process left."""
_RENEW_S = LEASE_S / 3
_CLEAN_S = 60.0
_CHUNK_CHARS = 4096
"""Given to the service at once: planning more would keep others waiting for theirs, and what is not
noted yet is lost when the process ends."""


@dataclass(frozen=True)
class _Running:
    """A job in work here."""

    job: Job
    model: Model
    translator: ServiceTranslator


class JobRunner:
    """Works as long as the service runs.

    Args:
        store: the jobs.
        files: their files.
        service: what translates.
        n_workers: jobs at a time.
        keep_s: seconds that results are kept.
    """

    def __init__(
        self, store: JobStore, files: JobFiles, service: TranslationService,
        n_workers: int, keep_s: float,
    ) -> None:  # fmt: skip
        self._store = store
        self._files = files
        self._service = service
        self._n_workers = n_workers
        self._keep_s = keep_s
        self._running: dict[str, _Running] = {}
        """By claim."""
        self._is_closing = False
        self._has_new = asyncio.Event()
        self._threads = ThreadPoolExecutor(n_workers, thread_name_prefix="job")
        self._workers: list[asyncio.Task[None]] = []
        self._tending: list[asyncio.Task[None]] = []

    @property
    def n_running(self) -> int:
        """Jobs in work in this process."""
        return len(self._running)

    def start(self) -> None:
        """Begins to work; needs a running event loop."""
        self._workers = [asyncio.create_task(self._serve()) for _ in range(self._n_workers)]
        self._tending = [asyncio.create_task(self._renew()), asyncio.create_task(self._clean())]

    def wake(self) -> None:
        """Says that there is a new job, or that the models are loaded.

        Each time has an event of its own, so that who is just looking for a job misses none.
        """
        has_new, self._has_new = self._has_new, asyncio.Event()
        has_new.set()

    def stop(self, id: str) -> None:
        """Gives a job up, if it is in work here."""
        for running in self._running.values():
            if running.job.id == id:
                running.translator.stop()

    async def close(self) -> None:
        """Puts the jobs in work back; what they have so far is kept."""
        self._is_closing = True
        self.wake()
        for running in self._running.values():
            running.translator.stop()
        await asyncio.gather(*self._workers, return_exceptions=True)
        for task in self._tending:
            task.cancel()
        await asyncio.gather(*self._tending, return_exceptions=True)
        self._threads.shutdown(wait=False)

    def clean(self) -> None:
        """Removes what is older than results are kept; blocks."""
        if self._store.exists:
            self._store.delete_ended(self._keep_s)
            self._files.remove_strays(self._store.ids())

    async def _serve(self) -> None:
        while not self._is_closing:
            job, has_new = None, self._has_new
            try:
                if self._store.exists and self._service.registry.is_ready:
                    job = await asyncio.to_thread(self._store.claim)
                if job is not None:
                    await self._run(job)
                    continue
            except (OSError, sqlite3.Error) as error:
                # Its lease runs out, and it is tried again.
                logger.error("a document job was left: %s: %s", type(error).__name__, error)
            with suppress(TimeoutError):
                await asyncio.wait_for(has_new.wait(), _POLL_S)

    async def _run(self, job: Job) -> None:
        try:
            model = self._service.registry.get(job.order.model)
        except NotFoundError as error:
            await asyncio.to_thread(self._give_up, job, error)
            return
        loop = asyncio.get_running_loop()
        call = Call(f"job:{job.id}", deadline_s=None, is_charged=True, held=model)
        running = _Running(job, model, ServiceTranslator(self._service, call, loop))
        self._running[job.claim] = running
        try:
            if self._is_closing:
                running.translator.stop()
            with model.in_use():
                await loop.run_in_executor(self._threads, self._work, running)
        finally:
            running.translator.stop()  # where this task is cancelled, so that the thread ends
            del self._running[job.claim]

    def _work(self, running: _Running) -> None:
        """Translates a job and ends it, in a thread."""
        job = running.job
        try:
            if self._translate(running):
                self._files.drop_work(job.id)
        except JobStoppedError:
            self._store.release(job)
        except ApiError as error:
            self._give_up(job, error)
        except NmtError as error:
            self._give_up(job, refusal(error))
        except FileNotFoundError:
            self._give_up(job, InternalError("its file is gone; send the document again"))
        except (OSError, sqlite3.Error):
            raise
        except Exception as error:  # the boundary: one document never ends the others
            logger.error("unexpected %s in a document job", type(error).__name__, exc_info=error)
            self._give_up(job, InternalError("the service failed; tell the operator the id"))

    def _give_up(self, job: Job, error: ApiError) -> None:
        """Ends a job that cannot be done, unless it was deleted or another process has it."""
        if self._store.fail(job, error.type, error.detail):
            logger.warning("document job %s failed: %s", job.id[:8], error.type)
            self._files.drop_work(job.id)

    def _translate(self, running: _Running) -> bool:
        """Tells whether the result is the one that counts."""
        job, order, checksum = running.job, running.job.order, running.model.checksum
        if not self._store.begin(job, checksum):
            raise JobStoppedError
        document = open_document(
            self._files.source(job.id), order.name, DocumentOptions(order.columns)
        )
        with self._files.writing_done(job.id, checksum) as done:

            def report(progress: Progress) -> None:
                add_done(done, progress.new)
                if not self._store.advance(job, progress.n_done):
                    raise JobStoppedError

            result = translate_document(
                document, running.translator, TranslateOptions(glossary=order.glossary), report,
                self._files.read_done(job.id, checksum), _CHUNK_CHARS,
            )  # fmt: skip
        self._files.write_result(job.id, job.claim, result)
        publish = partial(self._files.publish_result, job.id, job.claim)
        return self._store.finish(job, len(result), publish)

    async def _renew(self) -> None:
        """Keeps the leases of the jobs in work; those that are lost or deleted are given up."""
        while True:
            await asyncio.sleep(_RENEW_S)
            running = list(self._running.values())
            if running:
                await self._in_thread(partial(self._renew_now, running))

    def _renew_now(self, all_running: list[_Running]) -> None:
        held = self._store.renew(running.job.claim for running in all_running)
        for running in all_running:
            if running.job.claim not in held:
                running.translator.stop()

    async def _clean(self) -> None:
        while True:
            await self._in_thread(self.clean)
            await asyncio.sleep(_CLEAN_S)

    async def _in_thread(self, work: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(work)
        except (OSError, sqlite3.Error) as error:
            logger.warning("document jobs: %s: %s", type(error).__name__, error)
