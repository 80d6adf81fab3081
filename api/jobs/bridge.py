"""From the thread of a job to the service on the event loop: patient, and stopped at will."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future

from api.errors import TranslationFailedError, UnavailableError
from api.service import Call, TranslationService
from nmt.translation import TranslateOptions, Translation

_SHORTEST_WAIT_S, _LONGEST_WAIT_S = 0.5, 10.0
_MOST_FAILURES = 3


class JobStoppedError(Exception):
    """The job is to be let go of; it is not a failure."""


class ServiceTranslator:
    """Translates as `translate_document` asks, in turns with everyone else.

    Args:
        service: what translates.
        call: in whose name.
        loop: where the service lives.
    """

    def __init__(
        self, service: TranslationService, call: Call, loop: asyncio.AbstractEventLoop
    ) -> None:
        self._service = service
        self._call = call
        self._loop = loop
        self._lock = threading.Lock()
        self._is_stopped = False
        self._future: Future[Sequence[Translation]] | None = None

    def translate(
        self, texts: Sequence[str], options: TranslateOptions | None = None
    ) -> Sequence[Translation]:
        """Gives a translation for each text; called from a thread, which waits.

        Raises:
            ApiError: the service refuses for good.
            JobStoppedError: `stop` was called.
        """
        with self._lock:
            if self._is_stopped:
                raise JobStoppedError
            work = self._insist(texts, options or TranslateOptions())
            self._future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return self._future.result()
        except CancelledError:
            raise JobStoppedError from None

    def stop(self) -> None:
        """Gives up what is being translated, and all that would follow."""
        with self._lock:
            self._is_stopped = True
            if self._future is not None:
                self._future.cancel()

    async def _insist(
        self, texts: Sequence[str], options: TranslateOptions
    ) -> Sequence[Translation]:
        """Waits where the service is busy or loading: nobody is there to try again."""
        n_failures = 0
        while True:
            try:
                return (await self._service.translate(texts, options, self._call)).translations
            except UnavailableError as error:
                wait_s = error.retry_after_s or 0.0
            except TranslationFailedError:
                n_failures += 1
                if n_failures >= _MOST_FAILURES:
                    raise
                wait_s = 0.0
            await asyncio.sleep(min(max(wait_s, _SHORTEST_WAIT_S), _LONGEST_WAIT_S))
