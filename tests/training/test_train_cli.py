"""The commands of `nmt train`, the progress bar and the signals."""

import io
import os
import signal
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from nmt.errors import ConfigError
from training.cli import app
from training.errors import DataError
from training.progress import BarObserver, LineObserver, StopOnSignal
from training.reporter import Observer
from training.state import TrainState

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize(
    "command",
    [
        "download",
        "prepare",
        "tokenizer",
        "fit",
        "average",
        "export",
        "quickstart",
        "pack",
        "unpack",
    ],
)
def test_commands_explain_themselves(command):
    found = CliRunner().invoke(app, [command, "--help"])
    assert found.exit_code == 0
    assert "Usage" in found.output


def test_download_lists_what_it_knows():
    found = CliRunner().invoke(app, ["download", "--list"])
    assert found.exit_code == 0
    assert [line.split("\t")[0] for line in found.output.splitlines()] == [
        "tatoeba", "korean-parallel-corpora", "opus:NAME[@VERSION]",
    ]  # fmt: skip


def test_download_asks_for_a_name(tmp_path):
    found = CliRunner().invoke(app, ["download", "-o", str(tmp_path / "new")])
    assert found.exit_code == 2
    assert "name a corpus" in found.output
    unknown = CliRunner().invoke(app, ["download", "nope", "-o", str(tmp_path / "new")])
    assert isinstance(unknown.exception, DataError)
    assert not (tmp_path / "new").exists()


def test_download_prints_what_it_fetched(tmp_path, monkeypatch):
    page = io.BytesIO(b"pairs")
    monkeypatch.setattr("training.data.download.urllib.request.urlopen", lambda *a, **k: page)
    found = CliRunner().invoke(app, ["download", "tatoeba", "-o", str(tmp_path)])
    assert found.exit_code == 0, found.output
    path, size, sha256 = found.output.strip().split("\t")
    assert Path(path).read_bytes() == b"pairs"
    assert (size, len(sha256)) == ("5", 64)


def test_fit_hands_errors_on(tmp_path, monkeypatch):
    for name in ("OMP_WAIT_POLICY", "OMP_NUM_THREADS"):
        monkeypatch.setenv(name, os.environ.get(name, "1"))
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    arguments = ["fit", str(CONFIGS / "lstm.toml"), "-o", str(tmp_path), "--threads", "1"]
    found = CliRunner().invoke(app, [*arguments, "--set", "train.sede=1"])
    assert isinstance(found.exception, ConfigError)
    found = CliRunner().invoke(app, [*arguments, "--set", f"data.prepared={tmp_path}"])
    assert isinstance(found.exception, DataError)
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])


def test_first_signal_asks_and_the_second_ends():
    lines = []

    class Lines(Observer):
        def logged(self, line):
            lines.append(line)

    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    stop = StopOnSignal(Lines())
    try:
        stop.install()
        signal.raise_signal(signal.SIGTERM)
        assert stop.requested
        assert lines == ["stopping after this update; again to stop at once"]
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before[0])
        signal.signal(signal.SIGTERM, before[1])


def test_lines_go_to_stderr(capsys):
    LineObserver().logged("update 5")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.endswith(" update 5\n")


def test_bar_shows_update_and_speed_and_keeps_brackets():
    screen = io.StringIO()
    observer = BarObserver(Console(file=screen, force_terminal=True, width=100))
    with observer:
        observer.advanced(TrainState(update=12), 0.25, 345.0)
        observer.logged("[not markup]")
    assert "update 12" in screen.getvalue()
    assert "345 tok/s" in screen.getvalue()
    assert "[not markup]" in screen.getvalue()


def test_help_shows_the_names_of_tables():
    for command, table in (("prepare", "[data.prepare]"), ("tokenizer", "[tokenizer.training]")):
        found = CliRunner().invoke(app, [command, "--help"])
        assert table in " ".join(found.output.split())
