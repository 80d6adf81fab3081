"""The command `nmt`: what it writes, where, and with which exit code."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nmt import __version__
from nmt.cli import main
from nmt.config import SearchConfig
from nmt.errors import EngineError
from nmt.translator import Translator

ROOT = Path(__file__).resolve().parents[2]
MakeTranslator = Callable[[Callable[[str, SearchConfig], list[str]]], Translator]
Script = Callable[[str, SearchConfig], list[str]]


@pytest.fixture
def use_script(
    scripted_translator: MakeTranslator, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Script], None]:
    """Makes the command translate with a function instead of a model."""

    def use(script: Script) -> None:
        translator = scripted_translator(script)
        monkeypatch.setattr(Translator, "load", lambda *args: translator)

    return use


@pytest.fixture
def counting(use_script: Callable[[Script], None]) -> None:
    use_script(lambda text, _: [f"It has {len(text.split())} words.", "Another.", "A third."])


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    opened = []

    def give(content: bytes) -> None:
        read_end, write_end = os.pipe()
        os.write(write_end, content)
        os.close(write_end)
        opened.append(os.fdopen(read_end))
        monkeypatch.setattr(sys, "stdin", opened[-1])

    yield give
    for file in opened:
        file.close()


GiveStdin = Callable[[bytes], None]
Capture = pytest.CaptureFixture[str]


def run(arguments: str | list[str]) -> int:
    return main(arguments.split() if isinstance(arguments, str) else arguments)


def json_lines(capture: Capture) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capture.readouterr().out.splitlines()]


# ---------------------------------------------------------------- translate


def test_three_lines_give_three_json_lines(
    tiny_bundle: Path, stdin: GiveStdin, capsys: Capture
) -> None:
    text = "안녕하세요.\n\n저는 서울에 살아요. 내일 부산에 가요.\n"
    stdin(text.encode())
    assert run(["translate", "--model", str(tiny_bundle), "--format", "jsonl", "--attention"]) == 0
    first, empty, third = json_lines(capsys)
    assert (first["source"], len(first["sentences"])) == ("안녕하세요.", 1)
    assert (empty["translation"], empty["flags"], empty["sentences"]) == ("", ["empty"], [])
    assert [(s["start"], s["end"]) for s in third["sentences"]] == [(0, 11), (12, 22)]
    assert [s["source"] for s in third["sentences"]] == ["저는 서울에 살아요.", "내일 부산에 가요."]
    for sentence in [*first["sentences"], *third["sentences"]]:
        assert len(sentence["attention"]) == len(sentence["target_tokens"])
        for row in sentence["attention"]:
            assert len(row) == len(sentence["source_tokens"])
            assert sum(row) == pytest.approx(1, abs=1e-4)


@pytest.mark.usefixtures("counting")
def test_one_line_in_is_one_line_out(stdin: GiveStdin, capsys: Capture) -> None:
    stdin("가 나\n\n  다.\u2028라 마 바.\x0b\n12".encode())
    assert run("translate") == 0
    lines = ["It has 2 words.", "", "  It has 1 words. It has 3 words. ", "12"]
    assert capsys.readouterr().out == "\n".join(lines) + "\n"


@pytest.mark.usefixtures("counting")
def test_a_file_is_translated_into_a_file(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("가 나\n다\n")
    assert run(["translate", str(tmp_path / "in.txt"), "-o", str(tmp_path / "out.txt")]) == 0
    assert (tmp_path / "out.txt").read_text() == "It has 2 words.\nIt has 1 words.\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.txt", "out.txt"]


@pytest.mark.usefixtures("counting")
def test_texts_of_the_command_line_are_translated(capsys: Capture) -> None:
    assert run(["translate", "--text", "가 나", "--text", "다\n라 마"]) == 0
    assert capsys.readouterr().out == "It has 2 words.\nIt has 1 words. It has 2 words.\n"


@pytest.mark.usefixtures("counting")
def test_tsv_has_score_flags_and_alternatives(capsys: Capture) -> None:
    text = ["translate", "--text", "가\t나", "--text", "1", "--format", "tsv", "--n-best", "3"]
    assert run(text) == 0
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert rows[0] == ["가 나", "It has 2 words.", "-0.5000", "", "Another.", "A third."]
    assert rows[1] == ["1", "1", "", "not_korean"]


@pytest.mark.usefixtures("counting")
def test_jsonl_has_alternatives_and_no_tokens_unless_asked(capsys: Capture) -> None:
    assert run(["translate", "--text", "가 나", "--format", "jsonl", "--n-best", "2"]) == 0
    (line,) = json_lines(capsys)
    assert line["alternatives"] == ["Another."]
    (sentence,) = line["sentences"]
    assert sentence["alternatives"] == [{"text": "Another.", "score": -1.5}]
    assert set(sentence) == {"source", "start", "end", "text", "score", "flags", "alternatives"}


def test_options_reach_the_search(use_script: Callable[[Script], None], capsys: Capture) -> None:
    use_script(lambda text, s: [f"{s.beam_size} {s.length_penalty} {n}" for n in range(7)])
    assert (
        run("translate --text 가 --beam-size 7 --n-best 3 --length-penalty 0.5 --format tsv") == 0
    )
    columns = capsys.readouterr().out.rstrip("\n").split("\t")
    assert [column for column in columns if "0.5 " in column] == ["7 0.5 0", "7 0.5 1", "7 0.5 2"]


def test_engine_device_and_threads_reach_the_loader(
    scripted_translator: MakeTranslator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[object, ...]] = []

    def load(*arguments: object) -> Translator:
        asked.append(arguments)
        return scripted_translator(lambda text, _: ["Well."])

    monkeypatch.setattr(Translator, "load", load)
    assert run("translate --text 가 --engine ctranslate2 --device cpu --threads 3") == 0
    assert run("translate --text 가") == 0
    assert asked == [
        ("transformer", "ctranslate2", "cpu", 3),
        ("transformer", "auto", "auto", None),
    ]


# ---------------------------------------------------------------- failures


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("translate --nosuch", "nosuch"),
        ("translate --beam-size 0", "beam-size"),
        ("translate --threads 0", "threads"),
        ("translate --format xml", "xml"),
        ("translate --engine magic", "magic"),
        ("translate in.txt --text 가", "give INPUT or --text, not both"),
        ("translate --text 가 --attention", "--attention needs --format jsonl"),
        ("translate --text 가 --n-best 2", "--n-best above 1 needs --format jsonl or tsv"),
        ("translate --text 가 -o nosuch/out.txt", "the folder of --output does not exist: nosuch"),
        ("translat", "translat"),
    ],
)
def test_wrong_usage_exits_with_two(arguments: str, message: str, capsys: Capture) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.out == ""


def test_input_that_is_the_output_is_refused(tmp_path: Path, capsys: Capture) -> None:
    path = tmp_path / "text.txt"
    path.write_text("가")
    assert run(["translate", str(path), "-o", str(path)]) == 2
    assert "are the same file" in " ".join(capsys.readouterr().err.split())
    assert path.read_text() == "가"


def fails_with(capture: Capture, message: str) -> None:
    """Checks that a failure is one line on stderr."""
    captured = capture.readouterr()
    assert captured.err.startswith("nmt: error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_missing_input_is_named(capsys: Capture) -> None:
    assert run("translate nosuch.txt") == 1
    fails_with(capsys, "nosuch.txt: No such file or directory")


def test_missing_model_is_named(capsys: Capture) -> None:
    assert run("translate --text 가 --model nosuch") == 1
    fails_with(capsys, "no bundle 'nosuch'; names at hand:")


@pytest.mark.usefixtures("counting")
def test_lines_before_a_bad_one_are_written(stdin: GiveStdin, capsys: Capture) -> None:
    stdin("가\n".encode() * 2000 + b"\xb0\xa1\n")
    assert run("translate") == 1
    captured = capsys.readouterr()
    assert captured.out.count("It has 1 words.\n") >= 1000
    assert "stdin: line 2001 is not utf-8" in captured.err


@pytest.mark.usefixtures("counting")
def test_a_file_in_the_making_keeps_its_own_name(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "in.txt").write_bytes("가\n".encode() * 2000 + b"\xff\n")
    assert run(["translate", str(tmp_path / "in.txt"), "-o", str(tmp_path / "out.txt")]) == 1
    assert "line 2001" in capsys.readouterr().err
    assert not (tmp_path / "out.txt").exists()
    assert (tmp_path / "out.txt.part").stat().st_size > 0


def raising(error: BaseException) -> Script:
    def script(text: str, search: SearchConfig) -> list[str]:
        raise error

    return script


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (EngineError("out of memory\nwith one sentence"), 1, "out of memory with one sentence\n"),
        (MemoryError(), 1, "out of memory; translate less at a time"),
        (ZeroDivisionError("1/0"), 1, "unexpected ZeroDivisionError: 1/0; NMT_DEBUG=1 shows"),
        (PermissionError(13, "Permission denied", "x"), 1, "x: Permission denied"),
    ],
)
def test_a_failure_is_one_line(
    use_script: Callable[[Script], None],
    capsys: Capture,
    error: BaseException,
    code: int,
    message: str,
) -> None:
    use_script(raising(error))
    assert run("translate --text 가") == code
    fails_with(capsys, message)


def test_debugging_shows_the_traceback(
    use_script: Callable[[Script], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    use_script(raising(EngineError("broken")))
    monkeypatch.setenv("NMT_DEBUG", "1")
    with pytest.raises(EngineError, match="broken"):
        run("translate --text 가")


def test_ctrl_c_exits_with_130_and_says_nothing(
    use_script: Callable[[Script], None], capsys: Capture
) -> None:
    use_script(raising(KeyboardInterrupt()))
    assert run("translate --text 가") == 130
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("counting")
def test_a_broken_pipe_ends_quietly(
    stdin: GiveStdin, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    stdin("가\n".encode() * 5000)
    read_end, write_end = os.pipe()
    os.close(read_end)
    with open(write_end, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        assert run("translate") == 0
    assert capsys.readouterr().err == ""


# ---------------------------------------------------------------- the other commands


def test_version_is_printed(capsys: Capture) -> None:
    assert run("--version") == 0
    assert capsys.readouterr().out == f"nmt {__version__}\n"


def test_help_lists_the_commands(capsys: Capture) -> None:
    assert run("--help") == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in ("translate", "models", "train", "evaluate", "serve"))


def test_models_are_listed_with_scores(
    tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("NMT_MODELS", str(tiny_bundle.parent))
    assert run("models") == 0
    first = capsys.readouterr().out.splitlines()[0]
    assert first.split() == [
        "transformer", "transformer", "0.1", "MB", "flores-dev:", "BLEU", "0.1,", "chrF", "3.4",
    ]  # fmt: skip
    assert run("models --format json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed[0]["scores"] == {"flores-dev": {"bleu": 0.12, "chrf": 3.4}}


def test_training_commands_are_found(capsys: Capture) -> None:
    assert run("train --help") == 0
    assert "nmt train" in capsys.readouterr().out
    assert run("train nosuch") == 2


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    monkeypatch.setitem(sys.modules, "training.cli", None)
    assert run("train fit") == 1
    fails_with(capsys, "`nmt train` is not part of this installation")


def test_a_missing_dependency_is_named(monkeypatch: pytest.MonkeyPatch, capsys: Capture) -> None:
    def find(name: str) -> None:
        raise ModuleNotFoundError(f"No module named 'uvicorn' in {name}", name="uvicorn")

    monkeypatch.setattr("nmt.cli.importlib.import_module", find)
    assert run("serve") == 1
    fails_with(capsys, "needs the package uvicorn, which is not installed; install it with `pip")


@pytest.mark.slow
def test_the_command_works_as_a_process(tiny_bundle: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    program = "import sys; from nmt.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", program, "translate", "--model", str(tiny_bundle)]
    found = subprocess.run(
        [*command, "--format", "tsv"],
        input="안녕.\n".encode(),
        capture_output=True,
        env=environment,
    )
    assert (found.returncode, found.stderr) == (0, b"")
    assert found.stdout.decode().startswith("안녕.\t")
