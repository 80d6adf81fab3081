"""The tab for whole files and the running service: sent, watched, fetched, refused, cancelled."""

from __future__ import annotations

import io
import re
from pathlib import Path

import docx
import httpx2 as httpx
import pytest
from document_client import document, sample
from open_page import OpenPage

from nmt.documents import open_document, translate_document
from nmt.translator import Translator

pytestmark = pytest.mark.browser

SRT = (
    "1\n00:00:01,000 --> 00:00:02,500\n안녕하세요.\n\n"
    "2\n00:00:03,000 --> 00:00:04,000\n커피 한 잔 주세요.\n"
)


@pytest.fixture
def tab(page: OpenPage) -> OpenPage:
    """The page of the tiny model's service with the tab for documents in front."""
    page.wait(lambda: page.find("#tabs").is_displayed())
    page.find("#tab-document").click()
    return page


def word_file(path: Path) -> Path:
    made = docx.Document()
    made.add_heading("안녕하세요.", 1)
    made.add_paragraph("저는 서울에 살아요. 내일 부산에 가요.", style="List Bullet")
    made.save(str(path))
    return path


def put(tab: OpenPage, path: Path) -> None:
    tab.find("#file").send_keys(str(path))


def fetch(tab: OpenPage, name: str, folder: Path) -> bytes:
    """Presses the newest document's button; gives the file that the browser saved."""
    tab.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(folder))
    tab.find("#jobs li [data-does=download]").click()
    tab.wait((folder / name).exists)
    return (folder / name).read_bytes()


def translated(bundle: Path, path: Path) -> bytes:
    """Gives what the library makes of a document."""
    translator = Translator.load(bundle, device="cpu")
    return translate_document(open_document(path.read_bytes(), path.name), translator)


def test_word_document_and_subtitles_come_back_translated(
    tab: OpenPage, tmp_path: Path, tiny_bundle: Path
) -> None:
    downloads = tmp_path / "downloads"
    downloads.mkdir()
    word = word_file(tmp_path / "보고서.docx")
    put(tab, word)
    tab.wait(lambda: "Done" in tab.text("#jobs li"))
    found = docx.Document(io.BytesIO(fetch(tab, "보고서.en.docx", downloads)))
    wanted = docx.Document(io.BytesIO(translated(tiny_bundle, word)))
    texts = [paragraph.text for paragraph in found.paragraphs]
    assert texts == [paragraph.text for paragraph in wanted.paragraphs]
    assert "안녕하세요." not in texts and all(texts)
    assert [paragraph.style and paragraph.style.name for paragraph in found.paragraphs] == [
        "Heading 1", "List Bullet",
    ]  # fmt: skip

    subtitles = tmp_path / "자막.srt"
    subtitles.write_text(SRT, encoding="utf-8")
    put(tab, subtitles)
    tab.wait(lambda: len(tab.find_all("#jobs li")) == 2 and "Done" in tab.text("#jobs li"))
    got = fetch(tab, "자막.en.srt", downloads)
    assert got == translated(tiny_bundle, subtitles)
    assert b"00:00:03,000 --> 00:00:04,000" in got


def test_progress_is_shown_and_cancelling_ends_the_work(
    tab: OpenPage, tmp_path: Path, http: httpx.Client
) -> None:
    before = sample(http, "nmt_documents_total")
    book = tmp_path / "book.txt"
    book.write_bytes(document(20_000, seed=7))
    put(tab, book)
    tab.wait(lambda: re.search(r"Translating, [1-9]\d?%", tab.text("#jobs li")))
    assert 0 < float(str(tab.find("#jobs progress").get_property("value"))) < 1
    assert tab.text("#jobs [data-does=remove]") == "Cancel"
    assert not tab.find("#jobs [data-does=download]").is_displayed()
    tab.find("#jobs [data-does=remove]").click()
    assert tab.find_all("#jobs li") == []
    tab.wait(lambda: sample(http, "nmt_documents_total") == before + 1)
    tab.wait(lambda: sample(http, "nmt_documents_in_work") == 0)


def test_refused_files_are_told_plainly_and_only_there(tab: OpenPage, tmp_path: Path) -> None:
    tab.forgive(r"/v1/documents .*(415|422)")
    for name, said in (
        ("photo.pdf", "Files of this kind cannot be translated here."),
        ("broken.docx", "The service refused: the document is no complete ZIP file"),
    ):
        path = tmp_path / name
        path.write_bytes(b"%PDF-1.7 nothing")
        put(tab, path)
        tab.wait(lambda said=said: said in tab.text("#jobs li"))  # type: ignore[misc]
        assert tab.text("#jobs [data-does=remove]") == "Remove"
        assert not tab.find("#jobs progress").is_displayed()
        assert "bad" in (tab.find("#jobs li [role=status]").get_attribute("class") or "")
    tab.find("#tab-text").click()
    assert not tab.find("#problem").is_displayed()


def test_page_goes_on_when_the_service_is_there_again(tab: OpenPage, tmp_path: Path) -> None:
    tab.forgive("ERR_INTERNET_DISCONNECTED")
    book = tmp_path / "book.txt"
    book.write_bytes(document(20_000, seed=8))
    put(tab, book)
    tab.wait(lambda: "Translating" in tab.text("#jobs li"))
    tab.offline(True)
    tab.wait(lambda: "The document is not lost" in tab.text("#jobs li"))
    tab.offline(False)
    tab.wait(lambda: "Translating" in tab.text("#jobs li"))
    tab.find("#jobs [data-does=remove]").click()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_rows_keep_their_parts_inside(tab: OpenPage, tmp_path: Path, width: int) -> None:
    tab.cdp(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=844, deviceScaleFactor=1, mobile=width < 600,
    )  # fmt: skip
    put(tab, word_file(tmp_path / f"{'아주긴이름의문서' * 8}.docx"))
    tab.wait(lambda: "Done" in tab.text("#jobs li"))
    assert tab.run("return document.documentElement.scrollWidth") <= width
    row = tab.find("#jobs li").rect
    fetch_it, remove_it = (
        tab.find(f"#jobs [data-does={does}]").rect for does in ("download", "remove")
    )
    assert fetch_it["y"] == pytest.approx(remove_it["y"], abs=4)
    for button in (fetch_it, remove_it):
        assert row["x"] < button["x"] < button["x"] + button["width"] < row["x"] + row["width"]
