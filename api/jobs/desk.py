"""What routes do with documents: hand them in, ask after them, fetch and remove them."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import AsyncGenerator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, Request

from api.errors import ConflictError
from api.jobs.files import JobFiles
from api.jobs.inspection import inspect
from api.jobs.job import Api, Job, Order, Status, clean_name
from api.jobs.runner import JobRunner
from api.jobs.store import JobStore, no_such_job
from api.keys import digest_of
from api.service import Charge, TranslationService

_LOOK_S = 0.2
"""Seconds between looks at a job that is waited for; another process may work on it."""


@dataclass(frozen=True)
class Sent:
    """A document as it was sent, and what is wished."""

    owner: str
    data: bytes
    name: str | None
    api: Api = Api.NATIVE
    model: str | None = None
    columns: tuple[str, ...] = ()
    glossary: Mapping[str, str] = field(default_factory=dict)
    key: str = ""
    """With which DeepL's clients come back."""


class JobDesk:
    """Between the routes and the jobs.

    Args:
        store: the jobs.
        files: their files.
        service: what translates.
        runner: works on the jobs.
        charge: counts the characters of a caller.
        max_chars: of a document.
    """

    def __init__(
        self, store: JobStore, files: JobFiles, service: TranslationService,
        runner: JobRunner, charge: Charge, max_chars: int,
    ) -> None:  # fmt: skip
        self.runner = runner
        self._store = store
        self._files = files
        self._service = service
        self._charge = charge
        self._max_chars = max_chars
        # One at a time: a document may need much memory while it is looked into.
        self._inspectors = ThreadPoolExecutor(1, thread_name_prefix="inspect")

    async def submit(self, sent: Sent) -> Job:
        """Takes a document in; it is translated as soon as its turn comes.

        Raises:
            InvalidFieldError: it is corrupt or encrypted, or has no such column.
            NotFoundError: no such model.
            NotReadyError: the model is being loaded.
            OverloadedError: too many documents wait, or too much is stored.
            QuotaError: the caller's characters of the month are used up.
            RateLimitError: too many documents or characters of this caller.
            TooLargeError: it is too large unpacked, or has too many characters.
            UnsupportedMediaError: its format is not known here.
        """
        self._service.registry.get(sent.model)
        order = await self._order(sent)
        with self._charge(sent.owner, order.n_chars):
            job = await asyncio.to_thread(self._keep, order, sent.data)
        self.runner.wake()
        return job

    async def get(self, id: str, owner: str) -> Job:
        """Gives a job of a caller.

        Raises:
            NotFoundError: there is none of that id, or it belongs to another.
        """
        job = await asyncio.to_thread(self._store.get, id)
        if job.order.owner != owner:
            raise no_such_job(id)
        return job

    async def get_with_key(self, id: str, key: str) -> Job:
        """Gives a job that was made with a document key.

        Raises:
            NotFoundError: there is none of that id and key.
        """
        job = await asyncio.to_thread(self._store.get, id)
        is_deepl = job.order.api is Api.DEEPL
        if not is_deepl or not hmac.compare_digest(job.order.key_digest, digest_of(key)):
            raise no_such_job(id)
        return job

    async def get_public(self, id: str) -> Job:
        """Gives a job of LibreTranslate's routes, for whose result the address is enough.

        Raises:
            NotFoundError: there is none of that id.
        """
        job = await asyncio.to_thread(self._store.get, id)
        if job.order.api is not Api.LIBRETRANSLATE:
            raise no_such_job(id)
        return job

    async def list(self, owner: str) -> list[Job]:
        """Gives the jobs of a caller, the newest first."""
        return await asyncio.to_thread(self._store.list, owner)

    def result(self, job: Job) -> Path:
        """Gives the path of the translated document.

        Raises:
            ConflictError: it is not done, or will never be.
            NotFoundError: it has been removed.
        """
        if job.status is Status.FAILED:
            raise ConflictError(f"the document could not be translated: {job.error}")
        if job.status is not Status.DONE:
            raise ConflictError(
                f"{job.n_done} of {job.order.n_segments} segments are translated; come back when "
                "the status is `done`",
                retry_after_s=1,
            )
        path = self._files.result(job.id)
        if not path.exists():
            raise no_such_job(job.id)
        return path

    async def remove(self, id: str) -> None:
        """Cancels and forgets a job, with all its files."""
        await asyncio.to_thread(self._store.delete, id)
        self.runner.stop(id)
        await asyncio.to_thread(self._files.remove, id)

    async def watch(self, job: Job) -> AsyncGenerator[Job, None]:
        """Gives a job, and again whenever it changes, until it has ended.

        Raises:
            NotFoundError: it was removed.
        """
        yield job
        while not job.status.is_ended:
            await asyncio.sleep(_LOOK_S)
            new = await asyncio.to_thread(self._store.get, job.id)
            if (new.status, new.n_done) != (job.status, job.n_done):
                yield new
            job = new

    async def ended(self, job: Job) -> Job:
        """Waits until a job has ended; gives it as it then is.

        Raises:
            NotFoundError: it was removed.
        """
        last = job
        async for state in self.watch(job):
            last = state
        return last

    async def close(self) -> None:
        """Puts the jobs in work back."""
        await self.runner.close()
        self._inspectors.shutdown(wait=False)

    async def _order(self, sent: Sent) -> Order:
        name = clean_name(sent.name)
        found = await asyncio.get_running_loop().run_in_executor(
            self._inspectors, inspect, sent.data, name, sent.columns, self._max_chars
        )
        return Order(
            owner=sent.owner, api=sent.api, name=name, extension=found.extension,
            media_type=found.media_type, n_bytes=len(sent.data), n_chars=found.n_chars,
            n_segments=found.n_segments, model=sent.model, columns=sent.columns,
            glossary=dict(sent.glossary), key_digest=digest_of(sent.key) if sent.key else "",
        )  # fmt: skip

    def _keep(self, order: Order, data: bytes) -> Job:
        """Writes the file before the job, so that whoever takes the job finds it."""
        id = secrets.token_hex(16)
        self._files.keep_source(id, data)
        try:
            return self._store.create(id, order)
        except BaseException:
            self._files.remove(id)
            raise


async def get_jobs(request: Request) -> JobDesk:
    """Gives the documents of the service."""
    return cast(JobDesk, request.app.state.jobs)


JobsDep = Annotated[JobDesk, Depends(get_jobs)]
