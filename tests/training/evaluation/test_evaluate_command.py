from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import typer
from small_systems import small_set, with_errors, write_lines
from typer.testing import CliRunner, Result

from nmt.cli import main
from nmt.errors import BundleNotFoundError
from nmt.translation import SentenceTranslation, Token, TranslateOptions, Translation
from training.errors import DataError, TrainingError
from training.evaluation.challenge import Item, Suite
from training.evaluation.cli import evaluate
from training.evaluation.compare import NamedPath, Request, compare
from training.evaluation.fonts import FontMissingError
from training.evaluation.results import Statistics
from training.evaluation.systems import System, Tasks, answer

QUICK = ("--resamples", "20", "--trials", "20")


def run(*args: str | Path) -> Result:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(evaluate)
    return CliRunner(env={"COLUMNS": "200"}).invoke(app, [str(arg) for arg in args])


class UpperCase:
    """Translates by shouting; pays attention to everything alike."""

    def translate(
        self, texts: Sequence[str], options: TranslateOptions | None = None
    ) -> list[Translation]:
        return [self._one(text, options or TranslateOptions()) for text in texts]

    def _one(self, text: str, options: TranslateOptions) -> Translation:
        tokens = (Token(text, 0, len(text)), Token("</s>", len(text), len(text)))
        attention = ((0.5, 0.5),) * 2 if options.attention else None
        sentence = SentenceTranslation(
            text, 0, len(text), text.upper(), -1.0,
            source_tokens=tokens, target_tokens=tokens, attention=attention,
        )  # fmt: skip
        return Translation(text, text.upper(), -1.0, (sentence,), ())


@pytest.fixture
def prefix(tmp_path: Path) -> Path:
    test_set = small_set(12)
    write_lines(tmp_path / "dev.ko", test_set.sources)
    write_lines(tmp_path / "dev.en", test_set.references)
    return tmp_path / "dev"


def test_ready_translations_are_compared(tmp_path: Path, prefix: Path) -> None:
    references = list(small_set(12).references)
    good = write_lines(tmp_path / "good.en", with_errors(references, 0.1, seed=1))
    bad = write_lines(tmp_path / "bad.en", with_errors(references, 0.6, seed=2))
    output = tmp_path / "report"
    result = run("--compare", "--hypothesis", bad, "--hypothesis", f"best={good}", "--data", prefix,
                 "--output", output, *QUICK)  # fmt: skip
    assert result.exit_code == 0, result.output
    for part in ("dev, 12 lines", "| bad", "| best", "chrF++", "TER", "(p="):
        assert part in result.stdout
    report = json.loads((output / "report.json").read_text(encoding="utf-8"))
    assert [system["name"] for system in report["sets"][0]["systems"]] == ["bad", "best"]
    assert (output / "dev" / "best.en").read_bytes() == good.read_bytes()


def test_bundle_is_evaluated(
    tmp_path: Path, prefix: Path, tiny_bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "report"
    code = main([
        "evaluate", str(tiny_bundle), "--source", f"{prefix}.ko", "--reference", f"{prefix}.en",
        "--limit", "3", "--output", str(output), "--metric", "chrf", "--attention-examples", "0",
        *QUICK,
    ])  # fmt: skip
    assert code == 0
    assert "| transformer |" in capsys.readouterr().out
    system = json.loads((output / "report.json").read_text())["sets"][0]["systems"][0]
    size = sum(file.stat().st_size for file in tiny_bundle.rglob("*") if file.is_file())
    assert (system["size_bytes"], system["description"]) == (size, "torch, cpu")
    assert len((output / "dev" / "transformer.en").read_text().split("\n")) == 4


def test_compare_runs_every_system_on_everything() -> None:
    told: list[int] = []
    suite = Suite("shouts", (Item("a", "A"), Item("", "")))
    request = Request(
        (NamedPath("x", "path/x"), NamedPath("y", "path/y")), (),
        Tasks((small_set(4),), (suite,), attention_examples=2),
        statistics=Statistics(("chrf",), 10, 10),
    )  # fmt: skip
    evaluation, outputs = compare(
        request, lambda path, name, engine, device: System(name, UpperCase(), path), told.append
    )
    assert [output.description for output in outputs["small"]] == ["path/x", "path/y"]
    assert [suites[0].passed for suites in evaluation.challenge.values()] == [1, 1]
    assert [(e.system, e.line) for e in evaluation.attention] == [
        ("x", 1), ("x", 3), ("y", 1), ("y", 3),
    ]  # fmt: skip
    assert sum(told) == request.lines == 12


def test_speed_is_measured_without_attention() -> None:
    asked: list[bool] = []

    class Recorder(UpperCase):
        def translate(
            self, texts: Sequence[str], options: TranslateOptions | None = None
        ) -> list[Translation]:
            asked.extend([bool(options and options.attention)] * len(texts))
            return super().translate(texts, options)

    answer(System("r", Recorder()), Tasks((small_set(4),), attention_examples=1))
    assert asked == [False] * 5 + [True]


def test_challenge_needs_no_test_set(tmp_path: Path, tiny_bundle: Path) -> None:
    result = run("--model", f"mine={tiny_bundle}", "--challenge", "single_words", "--beam-size",
                 "1", "--output", tmp_path)  # fmt: skip
    assert result.exit_code == 0, result.output
    assert "single_words" in result.stdout and "mine" in result.stdout
    assert "### What mine fails" in (tmp_path / "report.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("args", "message"),
    [
        ([], "nothing to translate; give --data PREFIX"),
        (["--source", "x"], "--source and --reference go together"),
        (["--compare", "--challenge", "all", "luong"], "--compare needs two systems or more, not"),
        (["--hypothesis", "x", "--challenge", "all"], "--hypothesis needs one test set, not 0"),
        (["a", "b/a", "--challenge", "all"], "systems are a, a; rename one with NAME=PATH"),
    ],
)
def test_wrong_usage_exits_with_two(args: list[str], message: str) -> None:
    result = run(*args)
    assert result.exit_code == 2
    assert message in result.stderr


def test_same_test_set_twice_is_wrong_usage(prefix: Path) -> None:
    result = run("--data", prefix, "--data", prefix)
    assert "test sets are dev, dev; give each another name" in result.stderr


def test_unknown_model_is_refused_before_any_work(tmp_path: Path, prefix: Path) -> None:
    result = run("luong", "no-such-model", "--data", prefix, "--output", tmp_path / "o",
                 "--attention-examples", "0")  # fmt: skip
    assert isinstance(result.exception, BundleNotFoundError)
    assert not (tmp_path / "o").exists()


def test_missing_font_stops_only_who_asked_for_pictures(
    tmp_path: Path, prefix: Path, tiny_bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_font() -> None:
        raise FontMissingError("no font with Hangul is installed")

    monkeypatch.setattr("training.evaluation.cli.find_hangul_font", no_font)
    args = (tiny_bundle, "--data", prefix, "--limit", "2", "-o", tmp_path / "o", *QUICK)
    result = run(*args, "--metric", "chrf")
    assert result.exit_code == 0 and "attention is not drawn: no font" in result.stderr
    assert isinstance(run(*args, "--attention-examples", "1").exception, FontMissingError)


def test_missing_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = run("--challenge", "all")
    with pytest.raises(TrainingError, match=r"needs the package sacrebleu.*korean-nmt\[train\]"):
        raise result.exception or ValueError


def test_help_needs_no_heavy_package() -> None:
    import subprocess

    program = (
        "import training.evaluation.cli, sys; "
        "print({'torch', 'sacrebleu', 'matplotlib'} & {n.split('.')[0] for n in sys.modules})"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        cwd=Path(__file__).parents[3],
    )  # fmt: skip
    assert found.stdout.strip() == "set()"


@pytest.mark.parametrize("text", ["", "=path", "name="])
def test_named_path_needs_both_parts(text: str) -> None:
    with pytest.raises(DataError, match="give a name, a path or NAME=PATH"):
        NamedPath.parse(text)


def test_named_path_takes_the_name_from_the_path() -> None:
    assert NamedPath.parse("runs/luong") == NamedPath("luong", "runs/luong")
    assert NamedPath.parse("a=b=c") == NamedPath("a", "b=c")
