"""Contenders of the search benchmark: each gives translations of the length it is asked for.

Peers are tried where the Python that PEER_PYTHON names has them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Script = Callable[[str], ModuleType]
SHAPE = {
    "architecture": "transformer", "src_vocab_size": 400, "tgt_vocab_size": 400, "d_model": 16,
    "d_ff": 32, "n_heads": 2, "n_encoder_layers": 1, "n_decoder_layers": 1, "dropout": 0.1,
}  # fmt: skip
JOB = {"sources": [[300, 301, 302], [303, 304, 305]], "length": 5, "model": SHAPE}


def test_package_that_is_not_installed_is_not_found(script: Script) -> None:
    children = script("peers.children")
    assert children.has_package(sys.executable, "torch")
    assert not children.has_package(sys.executable, "no_such_package")


def test_eole_is_left_out_where_it_is_not_installed(
    script: Script, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    benchmark = script("peers_decoding")
    monkeypatch.setattr(benchmark, "has_package", lambda python, module: python == "with-it")
    job = {"sources": [], "length": 5}
    assert benchmark.EOLE in benchmark.contenders(job, "peers", "with-it")
    assert capfd.readouterr().err == ""
    assert benchmark.EOLE not in benchmark.contenders(job, "peers", "without-it")
    assert "without-it has no eole: left out" in capfd.readouterr().err


@pytest.mark.parametrize("engine", ["torch", "int8", "float32"])
def test_our_transformer_ends_its_translations_itself(script: Script, engine: str) -> None:
    children = script("peers.children")
    contender = children.Contender("ours_decoding.py", JOB | {"engine": engine})
    with children.running({"ours": contender}) as started:
        answer = started["ours"].ask(beam=2, batch=2, sentences=2)
    assert answer["lengths"] == [5, 5]


def test_text_comes_alone_in_its_order_and_sorted(script: Script) -> None:
    sources = [[1] * length for length in (3, 1, 2, 5, 4)]
    alone, as_in_file, by_length = script("peers_text").cases_of(sources, singles=2)
    assert (alone.batch, alone.sources) == (1, [[1] * 3, [1] * 2])
    assert as_in_file.sources == sources
    assert [len(source) for source in by_length.sources] == [1, 2, 3, 4, 5]


def test_text_is_translated_by_a_bundle(script: Script, tiny_ctranslate2_bundle: Path) -> None:
    children, benchmark = script("peers.children"), script("peers_text")
    job = {"bundle": str(tiny_ctranslate2_bundle), "engine": "ctranslate2"}
    case = benchmark.Case("both", 2, [[30, 31, 32], [33]])
    with children.running({
        benchmark.OURS: children.Contender("ours_text.py", job),
        benchmark.PEER: children.Contender("ours_text.py", job),
    }) as started:  # fmt: skip
        row = benchmark.measure(started, case, beam=2, repeats=2)
    assert row["sentences"] == 2
    assert row["longest_of_a_batch"] >= row["pieces"] > 0
    assert row["ratio"]["n"] == 2
    assert "| 2, both |" in benchmark.report({"rows": [row]})


@pytest.mark.slow
@pytest.mark.parametrize(("beam", "batch"), [(1, 1), (3, 2)])
def test_marian_ends_each_translation_where_it_is_told(
    script: Script, beam: int, batch: int
) -> None:
    children = script("peers.children")
    python = os.environ.get("PEER_PYTHON", sys.executable)
    if not children.has_package(python, "transformers"):
        pytest.skip(f"{python} has no transformers; PEER_PYTHON names another Python")
    contender = children.Contender("marian_decoding.py", JOB, python)
    order = {"sources": [[300, 301], [303, 304, 305, 306], [307]], "lengths": [2, 7, 1]}
    with children.running({"marian": contender}) as started:
        answer = started["marian"].ask(beam=beam, batch=batch, sentences=3, **order)
    assert answer["lengths"] == [2, 7, 1]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "needs"),
    [("ours_decoding.py", "nmt"), ("marian_decoding.py", "transformers"),
     ("joeynmt_decoding.py", "joeynmt"), ("eole_decoding.py", "eole")],
)  # fmt: skip
@pytest.mark.parametrize(("beam", "batch"), [(1, 1), (3, 2)])
def test_contender_gives_the_length_that_it_is_asked_for(
    script: Script, file: str, needs: str, beam: int, batch: int
) -> None:
    children = script("peers.children")
    python = sys.executable if needs == "nmt" else os.environ.get("PEER_PYTHON", sys.executable)
    if not children.has_package(python, needs):
        pytest.skip(f"{python} has no {needs}; PEER_PYTHON names another Python")
    contender = children.Contender(file, JOB | {"engine": "torch"}, python)
    with children.running({file: contender}) as started:
        answer = started[file].ask(beam=beam, batch=batch, sentences=2)
    assert answer["lengths"] == [5, 5]
    assert answer["cpu_s"] > 0
