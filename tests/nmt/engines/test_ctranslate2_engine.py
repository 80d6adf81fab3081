"""The CTranslate2 engine gives what the torch engine gives."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from nmt.bundle.conversion import MAX_POSITIONS, Quantization, write_ctranslate2
from nmt.config import SearchConfig, TransformerConfig
from nmt.engines.base import Engine
from nmt.engines.candidates import RESERVED
from nmt.engines.ctranslate2 import CTranslate2Engine
from nmt.engines.torch import TorchEngine
from nmt.errors import ConfigError, EngineError, InputError
from nmt.hypothesis import Hypothesis
from nmt.models.base import Seq2Seq
from nmt.models.build import build_model
from nmt.tokenizers.base import FIRST_PLACEHOLDER_ID

Engines = tuple[TorchEngine, CTranslate2Engine]
CONFIG = TransformerConfig(
    60, 50, d_model=32, d_ff=48, n_heads=4, n_encoder_layers=3, n_decoder_layers=2,
    alignment_layer=0, alignment_head=2,
)  # fmt: skip
GREEDY = SearchConfig(beam_size=1, max_length=12)
BEAM = SearchConfig(beam_size=4, n_best=3, max_length=12, length_penalty=1.2)


def sources(count: int = 60) -> list[list[int]]:
    rng = np.random.default_rng(3)
    rows = [rng.integers(20, 60, size=rng.integers(1, 14)).tolist() for _ in range(count)]
    return [*rows, [], [FIRST_PLACEHOLDER_ID, 30, FIRST_PLACEHOLDER_ID, 31]]


def build_network(config: TransformerConfig) -> Seq2Seq:
    """Gives a network that ends some of its sentences by itself."""
    torch.manual_seed(2)
    model = build_model(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(1.5)
    return model


def build_engines(config: TransformerConfig, folder: Path, quantization: Quantization) -> Engines:
    return both_engines(build_network(config), config, folder, quantization)


def both_engines(
    model: Seq2Seq, config: TransformerConfig, folder: Path, quantization: Quantization
) -> Engines:
    weights = {name: value.numpy() for name, value in model.state_dict().items()}
    write_ctranslate2(folder, config, weights, quantization)
    return TorchEngine(model), CTranslate2Engine(folder, config, threads=1)


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Engines:
    return build_engines(CONFIG, tmp_path_factory.mktemp("float") / "ctranslate2", "float32")


@pytest.fixture(scope="module")
def int8_engines(tmp_path_factory: pytest.TempPathFactory) -> Engines:
    return build_engines(CONFIG, tmp_path_factory.mktemp("int8") / "ctranslate2", "int8")


def share_equal(
    first: list[list[Hypothesis]], second: list[list[Hypothesis]], places: int = 1
) -> float:
    same = [
        [h.ids for h in a[:places]] == [h.ids for h in b[:places]]
        for a, b in zip(first, second, strict=True)
    ]
    return sum(same) / len(same)


# ---------------------------------------------------------------- the same as torch


@pytest.mark.parametrize(
    "changes",
    [
        {"n_encoder_layers": 6, "n_decoder_layers": 2},
        {"n_encoder_layers": 1, "n_decoder_layers": 3, "alignment_head": None},
        {"alignment_layer": -1, "alignment_head": 3, "n_heads": 8},
    ],
)
def test_export_computes_what_the_network_computes(
    changes: dict[str, int | None], tmp_path: Path
) -> None:
    config = dataclasses.replace(CONFIG, **changes)
    ours, theirs = build_engines(config, tmp_path / "ctranslate2", "float32")
    batch = sources(8)
    for a, b in zip(
        ours.search(batch, GREEDY, attention=True),
        theirs.search(batch, GREEDY, attention=True),
        strict=True,
    ):
        assert a[0].ids == b[0].ids
        assert a[0].attention == pytest.approx(b[0].attention, abs=1e-4)


def test_greedy_translations_are_the_same(engines: Engines) -> None:
    first, second = (engine.search(sources(), GREEDY) for engine in engines)
    assert share_equal(first, second) >= 0.95
    assert {h[0].finished for h in first} == {True, False}
    for a, b in zip(first, second, strict=True):
        if a[0].ids == b[0].ids:
            assert a[0].finished == b[0].finished
            assert a[0].log_prob == pytest.approx(b[0].log_prob, abs=1e-3)
            assert a[0].score == pytest.approx(b[0].score, abs=1e-3)


@pytest.mark.parametrize(
    "changes",
    [
        {"no_repeat_ngram": 1},
        {"no_repeat_ngram": 2},
        {"min_length": 5},
        {"min_length": 99},
        {"max_length_ratio": 0.5, "max_length_extra": 1},
        {"length_penalty": 0.0},
    ],
)
def test_greedy_options_mean_the_same(changes: dict[str, float], engines: Engines) -> None:
    options = dataclasses.replace(GREEDY, **changes)
    first, second = (engine.search(sources(), options) for engine in engines)
    assert share_equal(first, second) >= 0.95
    plain = engines[0].search(sources(), GREEDY)
    assert "length_penalty" in changes or share_equal(first, plain) < 1.0
    for a, b in zip(first, second, strict=True):
        if a[0].ids == b[0].ids:
            assert a[0].score == pytest.approx(b[0].score, abs=1e-3)


def test_forced_scores_are_the_same(engines: Engines, int8_engines: Engines) -> None:
    batch = sources(20)
    targets = [[i % 30 + 20, 21, 22][: i % 4] for i in range(len(batch))]
    expected = engines[0].score(batch, targets)
    assert [len(row) for row in expected] == [len(target) + 1 for target in targets]
    for row, wanted in zip(engines[1].score(batch, targets), expected, strict=True):
        assert row == pytest.approx(wanted, abs=1e-3)
    differences = np.concatenate(int8_engines[1].score(batch, targets)) - np.concatenate(expected)
    assert np.abs(differences).mean() < 0.1


def test_int8_translations_are_close(int8_engines: Engines) -> None:
    first, second = (engine.search(sources(), GREEDY) for engine in int8_engines)
    assert share_equal(first, second) > 0.5
    scores = [[h[0].score for h in found] for found in (first, second)]
    assert np.mean(scores[0]) == pytest.approx(np.mean(scores[1]), abs=0.1)


# ---------------------------------------------------------------- beams


def test_beam_scores_are_the_models(engines: Engines) -> None:
    batch = sources()
    ours, theirs = (engine.search(batch, BEAM) for engine in engines)
    assert share_equal(ours, theirs) > 0.6
    every = [(source, h.ids) for source, found in zip(batch, theirs, strict=True) for h in found]
    forced_scores = iter(engines[0].score([s for s, _ in every], [ids for _, ids in every]))
    for found in theirs:
        assert 1 <= len(found) <= BEAM.n_best
        assert len({h.ids for h in found}) == len(found)
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
        for h in found:
            length = len(h.ids) + h.finished
            total = sum(next(forced_scores)[:length])
            assert h.log_prob == pytest.approx(total, abs=2e-3)
            assert h.score == pytest.approx(total / ((5 + length) / 6) ** 1.2, abs=2e-3)


def test_beam_is_as_good_as_ours(engines: Engines) -> None:
    ours, theirs = (engine.search(sources(), BEAM) for engine in engines)
    scores = [np.mean([h[0].score for h in found]) for found in (ours, theirs)]
    assert scores[1] > scores[0] - 0.02


def test_coverage_counts_in_the_score(engines: Engines) -> None:
    options = dataclasses.replace(BEAM, coverage_penalty=0.3, n_best=1, beam_size=1)
    ours, theirs = (engine.search(sources(), options) for engine in engines)
    plain = engines[1].search(sources(), dataclasses.replace(options, coverage_penalty=0.0))
    assert sum(h[0].score for h in theirs) < sum(h[0].score for h in plain) - 1
    for a, b in zip(ours, theirs, strict=True):
        if a[0].ids == b[0].ids:
            assert a[0].score == pytest.approx(b[0].score, abs=1e-3)


def test_lengths_stay_within_the_bound_of_each_source(engines: Engines) -> None:
    options = SearchConfig(beam_size=3, n_best=3, max_length_ratio=0.5, max_length_extra=2)
    for source, found in zip(sources(), engines[1].search(sources(), options), strict=True):
        assert all(len(h.ids) <= options.length_limit(len(source)) for h in found)


def test_reserved_pieces_and_spare_placeholders_never_come_out(engines: Engines) -> None:
    placeholders = range(FIRST_PLACEHOLDER_ID, FIRST_PLACEHOLDER_ID + 16)
    for options in (GREEDY, BEAM):
        for source, found in zip(sources(), engines[1].search(sources(), options), strict=True):
            for h in found:
                assert not RESERVED & set(h.ids)
                assert all(h.ids.count(p) <= source.count(p) for p in placeholders)


@pytest.mark.parametrize("options", [GREEDY, dataclasses.replace(GREEDY, beam_size=4)])
def test_placeholders_come_as_often_as_in_the_source(options: SearchConfig, tmp_path: Path) -> None:
    model = build_network(CONFIG)
    wanted = FIRST_PLACEHOLDER_ID
    with torch.no_grad():
        weights = model.state_dict()
        weights["decoder_norm.bias"][0] += 9.0
        weights["tgt_embedding.weight"][wanted : wanted + 2, 0] += 9.0
    engines = both_engines(model, CONFIG, tmp_path / "ctranslate2", "float32")
    batch = [[30, 31], [wanted, 30], [wanted + 1, wanted, 31, wanted], [wanted + 1] * 3]
    ours, theirs = (engine.search(batch, options) for engine in engines)
    for source, a, b in zip(batch, ours, theirs, strict=True):
        for piece in (wanted, wanted + 1):
            assert b[0].ids.count(piece) <= source.count(piece)
        if options.beam_size == 1:
            assert a[0].ids == b[0].ids
            assert a[0].ids.count(wanted) == source.count(wanted)
            assert a[0].score == pytest.approx(b[0].score, abs=1e-2)


# ---------------------------------------------------------------- batches


@pytest.mark.parametrize("options", [GREEDY, BEAM])
def test_output_does_not_depend_on_the_neighbours(
    int8_engines: Engines, options: SearchConfig
) -> None:
    engine = int8_engines[1]
    together = engine.search(sources(), options)
    alone = [engine.search([source], options)[0] for source in sources()]
    assert share_equal(together, alone, places=3) == 1.0
    for a, b in zip(together, alone, strict=True):
        assert a[0].score == pytest.approx(b[0].score, abs=1e-3)


def test_attention_is_the_alignment_heads(engines: Engines) -> None:
    ours, theirs = (engine.search(sources(), GREEDY, attention=True) for engine in engines)
    for source, a, b in zip(sources(), ours, theirs, strict=True):
        assert b[0].attention is not None
        assert b[0].attention.shape == (len(b[0].ids) + b[0].finished, len(source) + 1)
        assert b[0].attention.sum(axis=1) == pytest.approx(1.0, abs=1e-5)
        if a[0].ids == b[0].ids:
            assert a[0].attention == pytest.approx(b[0].attention, abs=1e-3)
    assert engines[1].search([[20]], GREEDY)[0][0].attention is None


def test_engine_of_nothing_gives_nothing(engines: Engines) -> None:
    assert engines[1].search([], BEAM) == []
    assert engines[1].score([], []) == []


def test_threads_share_an_engine(engines: Engines) -> None:
    found: dict[int, list[list[Hypothesis]]] = {}

    def work(place: int) -> None:
        found[place] = engines[1].search(sources(), BEAM)

    threads = [threading.Thread(target=work, args=(place,)) for place in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(share_equal(found[0], found[place], 3) == 1.0 for place in (1, 2))


# ---------------------------------------------------------------- what is refused


def refuses(error: type[Exception], message: str, call: Callable[[], object]) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sampling": True}, "sampling is true, .* allowed: false; use engine 'torch'"),
        ({"repetition_penalty": 1.2}, r"repetition_penalty is 1\.2, .* allowed: 1; use no_repeat"),
        (
            {"max_length": 9000, "max_length_extra": 9000},
            "translations of up to 9000 pieces .* allows 511; lower max_length",
        ),
    ],
)
def test_options_that_it_lacks_are_refused(
    changes: dict[str, float], message: str, engines: Engines
) -> None:
    options = dataclasses.replace(GREEDY, **changes)
    refuses(ConfigError, message, lambda: engines[1].search([[20]], options))


def test_bad_pieces_are_refused(engines: Engines) -> None:
    engine: Engine = engines[1]
    refuses(InputError, "source piece 60 is not in", lambda: engine.search([[20, 60]], GREEDY))
    refuses(InputError, "target piece -1 is not in", lambda: engine.score([[20]], [[-1]]))
    refuses(InputError, "2 sources and 1 targets", lambda: engine.score([[20], [21]], [[20]]))
    too_long = [20] * MAX_POSITIONS
    refuses(
        InputError, "a source has 512 pieces; .* up to 511", lambda: engine.score([too_long], [[]])
    )
    refuses(InputError, "a target has 512 pieces", lambda: engine.score([[20]], [too_long]))


def test_weights_that_are_not_numbers_are_noticed(tmp_path: Path) -> None:
    config = dataclasses.replace(CONFIG, n_encoder_layers=1)
    weights = {n: v.numpy() for n, v in build_model(config).state_dict().items()}
    weights["decoder_norm.bias"] = np.full_like(weights["decoder_norm.bias"], np.nan)
    write_ctranslate2(tmp_path / "ctranslate2", config, weights, "float32")
    engine = CTranslate2Engine(tmp_path / "ctranslate2", config, threads=1)
    refuses(EngineError, "not a number; its weights", lambda: engine.search([[20]], GREEDY))
