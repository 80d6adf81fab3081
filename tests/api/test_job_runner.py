"""When the workers of documents look for new ones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api.jobs import runner as runner_module
from api.jobs.files import JobFiles
from api.jobs.runner import JobRunner


class ReadyService:
    """A service whose models are loaded."""

    class registry:
        is_ready = True


class StoreOfAnAwkwardMoment:
    """Finds no job, and one is sent just after it has looked."""

    exists = True

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.has_looked_again = asyncio.Event()
        self.runner: JobRunner | None = None
        self.n_looks = 0

    def claim(self) -> None:
        self.n_looks += 1
        if self.n_looks == 1:
            asyncio.run_coroutine_threadsafe(self.send(), self.loop).result(20)
        else:
            self.loop.call_soon_threadsafe(self.has_looked_again.set)

    async def send(self) -> None:
        assert self.runner is not None
        self.runner.wake()


def test_job_that_is_sent_while_a_worker_looks_is_not_missed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(runner_module, "_POLL_S", 3600.0)

    async def scene() -> None:
        store = StoreOfAnAwkwardMoment()
        files, service = JobFiles(tmp_path), ReadyService()
        runner = JobRunner(store, files, service, n_workers=1, keep_s=60)  # type: ignore[arg-type]
        store.runner = runner
        runner.start()
        try:
            await asyncio.wait_for(store.has_looked_again.wait(), 20)
        finally:
            await asyncio.wait_for(runner.close(), 20)

    asyncio.run(scene())
