"""`nmt translate` with documents and folders."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import docx
import pytest

from nmt.cli import main
from nmt.config import SearchConfig
from nmt.errors import EngineError
from nmt.translator import Translator

Script = Callable[[str, SearchConfig], Sequence[str]]
MakeTranslator = Callable[[Script], Translator]
UseScript = Callable[[Script], Translator]
Capture = pytest.CaptureFixture[str]


@pytest.fixture
def use_script(scripted_translator: MakeTranslator, monkeypatch: pytest.MonkeyPatch) -> UseScript:
    """Makes the command translate with a function instead of a model."""

    def use(script: Script) -> Translator:
        translator = scripted_translator(script)
        monkeypatch.setattr(Translator, "load", lambda *args: translator)
        return translator

    return use


@pytest.fixture
def counting(use_script: UseScript) -> Translator:
    return use_script(lambda text, _: [f"It has {len(text.split())} words."])


def run(*arguments: Path | str) -> int:
    return main(["translate", *map(str, arguments)])


def word(*paragraphs: str) -> bytes:
    document = docx.Document()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def paragraphs(path: Path) -> list[str]:
    return [p.text for p in docx.Document(str(path)).paragraphs]


@pytest.mark.usefixtures("counting")
def test_document_is_translated_into_a_file(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "a.docx").write_bytes(word("가 나 다.", "English"))
    assert run(tmp_path / "a.docx", "-o", tmp_path / "a.en.docx") == 0
    assert paragraphs(tmp_path / "a.en.docx") == ["It has 3 words.", "English"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.docx", "a.en.docx"]
    assert capsys.readouterr().out == ""


def test_document_goes_through_a_bundle(tmp_path: Path, tiny_bundle: Path) -> None:
    (tmp_path / "a.html").write_text("<p>안녕하세요. <b>반가워요.</b></p>")
    arguments = ["--model", tiny_bundle, "--engine", "torch", "--beam-size", "1"]
    assert run(tmp_path / "a.html", "-o", tmp_path / "b.html", *arguments) == 0
    written = (tmp_path / "b.html").read_text()
    assert written.startswith("<p>") and written.endswith("</p>")
    assert written.count("<b>") == written.count("</b>") == 1


@pytest.mark.usefixtures("counting")
def test_columns_of_a_table_can_be_chosen(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("이름,설명\n가,나 다\n")
    assert run(tmp_path / "a.csv", "-o", tmp_path / "b.csv", "--column", "설명") == 0
    assert (tmp_path / "b.csv").read_text() == "이름,설명\n가,It has 2 words.\n"


@pytest.mark.usefixtures("counting")
def test_text_files_and_unknown_ones_are_lines(tmp_path: Path) -> None:
    for name in ("a.txt", "a.ko"):
        (tmp_path / name).write_text("가\n\n나 다\n")
        assert run(tmp_path / name, "-o", tmp_path / "out") == 0
        assert (tmp_path / "out").read_text() == "It has 1 words.\n\nIt has 2 words.\n"


@pytest.mark.usefixtures("counting")
def test_folder_is_translated_with_its_folders(tmp_path: Path, capsys: Capture) -> None:
    source, out = tmp_path / "in", tmp_path / "in" / "out"
    (source / "deep" / "er").mkdir(parents=True)
    (source / ".git").mkdir()
    (source / ".git" / "c.txt").write_text("가")
    (source / "a.txt").write_text("가 나\n")
    (source / "deep" / "er" / "b.json").write_text('{"a": "가"}')
    (source / "c.xyz").write_text("가")
    assert run(source, "-o", out) == 0
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.*")) == [
        "a.txt", "deep/er/b.json",
    ]  # fmt: skip
    assert json.loads((out / "deep" / "er" / "b.json").read_text()) == {"a": "It has 1 words."}
    assert capsys.readouterr().err.splitlines() == [
        "c.xyz: left out, of no known format", "a.txt: 1 segments", "deep/er/b.json: 1 segments",
    ]  # fmt: skip


def test_folder_leaves_out_what_is_done(use_script: UseScript, tmp_path: Path) -> None:
    asked: list[str] = []

    def script(text: str, _: SearchConfig) -> list[str]:
        asked.append(text)
        return ["Done."]

    use_script(script)
    (tmp_path / "in").mkdir()
    for name in ("a.txt", "b.txt"):
        (tmp_path / "in" / name).write_text(f"글 {name[0]}")
    assert run(tmp_path / "in", "-o", tmp_path / "out") == 0
    (tmp_path / "out" / "b.txt").unlink()
    assert run(tmp_path / "in", "-o", tmp_path / "out") == 0
    assert asked == ["글 a", "글 b", "글 b"]


@pytest.mark.usefixtures("counting")
def test_folder_goes_on_after_a_failure_and_lists_it(tmp_path: Path, capsys: Capture) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.docx").write_bytes(b"no document")
    (tmp_path / "in" / "b.txt").write_text("가")
    assert run(tmp_path / "in", "-o", tmp_path / "out") == 1
    lines = capsys.readouterr().err.splitlines()
    assert lines[-2] == "nmt: error: 1 of 2 documents failed:"
    assert lines[-1].startswith("  a.docx: the document is no complete ZIP file")
    assert (tmp_path / "out" / "b.txt").read_text() == "It has 1 words."


LINES = [f"줄 {n} 저는 내일 부산에 가서 친구를 만나요" for n in range(90)]


def break_off(use_script: UseScript, tmp_path: Path) -> int:
    """Translates a document and fails on the way; gives the number of segments done."""
    n_done = 0

    def script(text: str, _: SearchConfig) -> list[str]:
        nonlocal n_done
        if n_done >= 60:
            raise EngineError("the engine broke")
        n_done += 1
        return [f"Line {text.split()[1]}."]

    use_script(script)
    (tmp_path / "a.json").write_text(json.dumps(LINES, ensure_ascii=False))
    assert run(tmp_path / "a.json", "-o", tmp_path / "b.json") == 1
    journal = (tmp_path / "b.json.partial").read_text().splitlines()
    assert not (tmp_path / "b.json").exists()
    return len(journal) - 1


def test_broken_off_document_is_resumed(use_script: UseScript, tmp_path: Path) -> None:
    n_done = break_off(use_script, tmp_path)
    asked: list[str] = []

    def script(text: str, _: SearchConfig) -> list[str]:
        asked.append(text)
        return [f"Line {text.split()[1]}."]

    use_script(script)
    with (tmp_path / "b.json.partial").open("a") as journal:
        journal.write('{"source": "cut sh')
    assert run(tmp_path / "a.json", "-o", tmp_path / "b.json", "--resume") == 0
    assert n_done > 0 and len({text.split()[1] for text in asked}) == len(LINES) - n_done
    assert json.loads((tmp_path / "b.json").read_text()) == [f"Line {n}." for n in range(90)]
    assert not (tmp_path / "b.json.partial").exists()


def test_resuming_with_other_options_is_refused(
    use_script: UseScript, tmp_path: Path, capsys: Capture
) -> None:
    break_off(use_script, tmp_path)
    capsys.readouterr()
    options = ["--resume", "--beam-size", "3"]
    assert run(tmp_path / "a.json", "-o", tmp_path / "b.json", *options) == 1
    assert "was made with another model or other options" in capsys.readouterr().err


def test_glossary_reaches_lines_and_documents(use_script: UseScript, tmp_path: Path) -> None:
    use_script(lambda text, _: ["⟦0⟧ is here."])
    (tmp_path / "terms.tsv").write_text("세종대왕\tKing Sejong\n")
    for name in ("a.txt", "a.html"):
        (tmp_path / name).write_text("세종대왕이 여기 있다.\n")
        arguments = ["-o", tmp_path / "out.html", "--glossary", tmp_path / "terms.tsv"]
        assert run(tmp_path / name, *arguments) == 0
        assert (tmp_path / "out.html").read_text() == "King Sejong is here.\n"


@pytest.mark.usefixtures("counting")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("a.docx", "INPUT is a document; say where to write with --output"),
        (". ", "INPUT is a folder; say where to write with --output"),
        (". -o b.json", "so --output must be one; b.json is a file"),
        ("b.json -o .", "--output is a folder, .; give a file name"),
        ("b.json -o c.json --format jsonl", "--format is for lines"),
        ("--text 가 --resume", "--column and --resume are for documents"),
    ],
)
def test_wrong_usage_of_documents_exits_with_two(
    arguments: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.json").write_text("[]")
    assert run(*arguments.split()) == 2
    assert message in " ".join(capsys.readouterr().err.replace("│", " ").split())


@pytest.mark.usefixtures("counting")
def test_missing_and_empty_inputs_are_named(tmp_path: Path, capsys: Capture) -> None:
    assert run(tmp_path / "no.docx", "-o", tmp_path / "b.docx") == 1
    assert "no.docx: No such file or directory" in capsys.readouterr().err
    (tmp_path / "in").mkdir()
    assert run(tmp_path / "in", "-o", tmp_path / "out") == 1
    assert (
        "in holds no document that can be translated; allowed are .txt" in capsys.readouterr().err
    )
