"""The tab for whole files, against document jobs whose progress the test decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import APIRouter, UploadFile
from open_page import OpenPage
from selenium.webdriver.common.keys import Keys
from starlette.responses import Response

from api.app import create_app
from api.settings import Settings

pytestmark = pytest.mark.browser


@dataclass
class ScriptedJobs:
    """Answers as the document routes do; a test sets what a job's state is."""

    state: dict[str, Any] = field(default_factory=lambda: {"status": "queued"})
    received: list[tuple[str | None, bytes]] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)

    def router(self) -> APIRouter:
        """Gives the routes."""
        router = APIRouter(prefix="/v1/documents")

        @router.get("/formats")
        def formats() -> dict[str, Any]:
            return {"formats": [{"name": "text", "extensions": [".txt", ".docx"]}]}

        @router.post("", status_code=202)
        async def create(file: UploadFile) -> dict[str, str]:
            self.received.append((file.filename, await file.read()))
            return {"id": "j1"}

        @router.get("/{job}")
        def read(job: str) -> dict[str, Any]:
            return {"id": job, **self.state}

        @router.get("/{job}/result")
        def result(job: str) -> Response:
            return Response(b"Hello.", media_type="text/plain")

        @router.delete("/{job}", status_code=204)
        def delete(job: str) -> None:
            self.deleted.append(job)

        return router


@pytest.fixture
def jobs() -> ScriptedJobs:
    return ScriptedJobs()


@pytest.fixture
def address(settings: Settings, jobs: ScriptedJobs) -> Iterator[str]:
    """A service in this process, with scripted document jobs."""
    app = create_app(settings)
    # First, so that they come before the service's own.
    router = APIRouter()
    router.include_router(jobs.router())
    app.router.routes[:0] = router.routes
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, lifespan="on")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    tick = threading.Event()
    for _ in range(600):
        if server.started:
            break
        tick.wait(0.05)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@pytest.fixture
def tab(open_page: Callable[[str], OpenPage], address: str) -> OpenPage:
    """The page with the tab for documents in front."""
    page = open_page(address)
    page.forgive(r"/readyz .*503")
    page.wait(lambda: page.find("#tabs").is_displayed())
    page.find("#tab-text").send_keys(Keys.ARROW_RIGHT)
    page.wait(lambda: page.find("#panel-document").is_displayed())
    return page


def test_document_is_sent_watched_and_fetched(
    tab: OpenPage, jobs: ScriptedJobs, tmp_path: Path
) -> None:
    assert not tab.find("#panel-text").is_displayed()
    assert ".txt .docx" in tab.text("#formats")
    assert tab.find("#file").get_attribute("accept") == ".txt,.docx"
    file = tmp_path / "편지.txt"
    file.write_text("안녕하세요.", encoding="utf-8")
    tab.find("#file").send_keys(str(file))
    tab.wait(lambda: "Waiting for its turn" in tab.text("#jobs"))
    assert jobs.received == [("편지.txt", "안녕하세요.".encode())]
    jobs.state = {"status": "translating", "done": 1, "total": 4}
    tab.wait(lambda: "Translating, 25%" in tab.text("#jobs"))
    assert tab.find("#jobs progress").get_property("value") == 0.25
    jobs.state = {"status": "done", "done": 4, "total": 4}
    tab.wait(lambda: "Done" in tab.text("#jobs"))
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    tab.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(downloads))
    tab.find("#jobs [data-does=download]").click()
    tab.wait(lambda: (downloads / "편지.en.txt").exists())
    assert (downloads / "편지.en.txt").read_bytes() == b"Hello."
    tab.find("#jobs [data-does=remove]").click()
    tab.wait(lambda: jobs.deleted == ["j1"])
    assert tab.find_all("#jobs li") == []


def test_failed_document_is_told_in_words(
    tab: OpenPage, jobs: ScriptedJobs, tmp_path: Path
) -> None:
    jobs.state = {"status": "failed", "error": {"detail": "the file is damaged"}}
    file = tmp_path / "letter.txt"
    file.write_text("안녕하세요.", encoding="utf-8")
    tab.find("#file").send_keys(str(file))
    tab.wait(lambda: "Failed: the file is damaged" in tab.text("#jobs"))
