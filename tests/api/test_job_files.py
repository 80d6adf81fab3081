"""The files of jobs, and the names of documents."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from api.jobs.files import JobFiles, add_done
from api.jobs.job import Api, Order, clean_name

ID = "0123456789abcdef" * 2


@pytest.fixture
def files(tmp_path: Path) -> JobFiles:
    return JobFiles(tmp_path / "documents")


def test_translations_outlive_a_line_that_was_cut_short(files: JobFiles, tmp_path: Path) -> None:
    files.keep_source(ID, b"source")
    with files.writing_done(ID, "v1") as file:
        add_done(file, {"가": "a", "나\n": "b\ud800"})
    with (tmp_path / "documents" / ID / "done-v1.jsonl").open("ab") as torn:
        torn.write('["다", "c'.encode())
    with files.writing_done(ID, "v1") as file:
        add_done(file, {"라": "d"})
    assert files.read_done(ID, "v1") == {"가": "a", "나\n": "b\ud800", "라": "d"}
    assert files.read_done(ID, "v2") == {}


def test_only_the_published_result_stays(files: JobFiles, tmp_path: Path) -> None:
    files.keep_source(ID, b"source")
    files.write_result(ID, "first", b"half")
    files.write_result(ID, "second", b"result")
    assert not files.result(ID).exists()
    files.publish_result(ID, "second")
    files.drop_work(ID)
    assert [path.name for path in (tmp_path / "documents" / ID).iterdir()] == ["result"]
    assert files.result(ID).read_bytes() == b"result"
    files.remove(ID)
    files.drop_work(ID)  # nothing is left to drop, as where the job was deleted meanwhile


def test_files_are_only_for_their_user(files: JobFiles, tmp_path: Path) -> None:
    files.keep_source(ID, b"source")
    assert (tmp_path / "documents" / ID).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("id", ["..", "../" + ID, ID + "/..", "", ID.upper()])
def test_files_have_no_other_paths(files: JobFiles, id: str) -> None:
    with pytest.raises(ValueError, match="is no id of a job"):
        files.source(id)


def test_stray_folders_are_removed_when_they_are_old(files: JobFiles, tmp_path: Path) -> None:
    old, new, known = "a" * 32, "b" * 32, "c" * 32
    for id in (old, new, known):
        files.keep_source(id, b"")
    (tmp_path / "documents" / "not-ours").mkdir()
    for name in (old, known, "not-ours"):
        os.utime(tmp_path / "documents" / name, (0, time.time() - 7200))
    files.remove_strays({known})
    left = {path.name for path in (tmp_path / "documents").iterdir()}
    assert left == {new, known, "not-ours"}


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("보고서.docx", "보고서.docx"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\나\\글.txt", "글.txt"),
        ("a\r\nX-Evil: 1.txt", "aX-Evil: 1.txt"),
        ("cod\u202etxt.exe", "codtxt.exe"),
        ("..", "document"),
        ("", "document"),
        (None, "document"),
        ("가" * 300 + ".docx", "가" * 145 + ".docx"),
        ("\ud800.txt", "?.txt"),
    ],
)
def test_names_lose_what_is_dangerous(given: str | None, clean: str) -> None:
    assert clean_name(given) == clean


@pytest.mark.parametrize(
    ("name", "extension", "result"),
    [
        ("report.docx", ".docx", "report.en.docx"),
        ("Report.v2.DOCX", ".docx", "Report.v2.en.DOCX"),
        ("file", ".txt", "file.en.txt"),
        ("file.bin", ".html", "file.bin.en.html"),
    ],
)
def test_results_are_named_after_their_sources(name: str, extension: str, result: str) -> None:
    named = Order("a", Api.NATIVE, name, extension, "text/plain", 1, 1, 1)
    assert named.result_name == result
