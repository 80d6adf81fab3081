import logging
import subprocess
import sys

import pytest
import torch

from nmt.config import SearchConfig, TransformerConfig
from nmt.decoding import search
from nmt.engines.torch import TorchEngine
from nmt.errors import EngineError, InputError
from nmt.models.build import build_model

CONFIG = TransformerConfig(
    40, 30, d_model=16, d_ff=24, n_heads=2, n_encoder_layers=1, n_decoder_layers=1
)
SOURCES = [[20, 21, 39], [], [22], [25, 26, 27, 28, 29, 30, 31], [20, 20]]
OPTIONS = SearchConfig(beam_size=3, n_best=2, max_length=6)


def build_network():
    torch.manual_seed(1)
    model = build_model(CONFIG)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(2.0)
    return model


class SmallMemory(torch.nn.Module):
    """A network that runs out of memory with more than `rows` sources."""

    config = CONFIG

    def __init__(self, rows):
        super().__init__()
        self.network = build_network().eval()
        self.rows = rows
        self.tried = []

    def start(self, src_ids, src_mask):
        self.tried.append(len(src_ids))
        if len(src_ids) > self.rows:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return self.network.start(src_ids, src_mask)

    def step(self, state, prev_ids):
        return self.network.step(state, prev_ids)

    def reorder(self, state, rows):
        return self.network.reorder(state, rows)

    def join(self, state, started):
        return self.network.join(state, started)


class NoRoomToJoin(SmallMemory):
    """A network that runs out of memory when others join it, but for the first `joins` times."""

    def __init__(self, joins):
        super().__init__(rows=99)
        self.joins = joins
        self.n_joins = self.n_steps = 0

    def step(self, state, prev_ids):
        self.n_steps += 1
        return super().step(state, prev_ids)

    def join(self, state, started):
        self.n_joins += 1
        if self.n_joins == self.joins + 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().join(state, started)


def test_engine_adds_the_end_piece_and_keeps_the_order():
    engine = TorchEngine(build_network())
    together = engine.search(SOURCES, OPTIONS)
    for source, found in zip(SOURCES, together, strict=True):
        ids = torch.tensor([[*source, 2]])
        (expected,) = search(engine.model, ids, ids > 0, OPTIONS)
        assert [h.ids for h in found] == [h.ids for h in expected]
        assert [h.score for h in found] == pytest.approx([h.score for h in expected], abs=1e-4)


def test_engine_gives_the_same_whatever_the_batches():
    one = TorchEngine(build_network(), max_tokens=1).search(SOURCES, OPTIONS)
    all_in_one = TorchEngine(build_network(), max_tokens=10**6).search(SOURCES, OPTIONS)
    assert [[h.ids for h in found] for found in one] == [[h.ids for h in f] for f in all_in_one]


def test_engine_counts_the_places_of_the_beam_in_its_budget():
    model = SmallMemory(rows=99)
    engine = TorchEngine(model, max_tokens=30)
    engine.search([[20]] * 12, SearchConfig(beam_size=3, max_length=2))
    assert model.tried == [5, 5, 2]


def test_engine_on_a_cpu_lets_its_batch_run_empty():
    model = NoRoomToJoin(joins=0)
    engine = TorchEngine(model, max_tokens=30)
    engine.search([[20]] * 12, SearchConfig(beam_size=3, max_length=2))
    assert engine.least_free == 1.0
    assert model.n_joins == 0


def test_engine_gives_attention_over_the_source_and_its_end():
    found = TorchEngine(build_network()).search(SOURCES, OPTIONS, attention=True)
    for source, hypotheses in zip(SOURCES, found, strict=True):
        for h in hypotheses:
            assert h.attention.shape == (len(h.ids) + h.finished, len(source) + 1)
            assert h.attention.sum(1) == pytest.approx(1.0)


def test_engine_score_is_the_log_prob_of_the_search():
    engine = TorchEngine(build_network())
    best = [found[0] for found in engine.search(SOURCES, SearchConfig(max_length=4))]
    scores = engine.score(SOURCES, [h.ids for h in best])
    for hypothesis, log_probs in zip(best, scores, strict=True):
        assert len(log_probs) == len(hypothesis.ids) + 1
        scored = log_probs if hypothesis.finished else log_probs[:-1]
        assert hypothesis.log_prob == pytest.approx(sum(scored), abs=1e-4)


def test_engine_turns_dropout_off():
    model = build_network().train()
    assert not TorchEngine(model).model.training


def test_engine_of_nothing_gives_nothing():
    engine = TorchEngine(build_network())
    assert engine.search([], OPTIONS) == []
    assert engine.score([], []) == []


def test_engine_halves_the_batch_that_does_not_fit(caplog):
    model = SmallMemory(rows=2)
    with caplog.at_level(logging.WARNING):
        found = TorchEngine(model, max_tokens=10**4, least_free=1.0).search(SOURCES, OPTIONS)
    assert model.tried[:2] == [5, 2]
    assert sum(size for size in model.tried if size <= 2) == len(SOURCES)
    expected = TorchEngine(build_network()).search(SOURCES, OPTIONS)
    assert [[h.ids for h in f] for f in found] == [[h.ids for h in f] for f in expected]
    assert "out of memory with 5 sentences; halving the batch" in caplog.text


def test_engine_goes_on_with_fewer_where_those_that_join_do_not_fit(caplog):
    """Those that are found already are not searched for again."""
    model = NoRoomToJoin(joins=2)
    sources = [[20 + number % 9] * (12 - number) for number in range(12)]
    options = SearchConfig(beam_size=2, max_length_ratio=1.0, max_length_extra=0)
    with caplog.at_level(logging.WARNING):
        found = TorchEngine(model, max_tokens=130, least_free=0.2).search(sources, options)
    expected = TorchEngine(build_network(), least_free=1.0).search(sources, options)
    assert [[h.ids for h in f] for f in found] == [[h.ids for h in f] for f in expected]
    assert "out of memory with 5 sentences; halving the batch" in caplog.text
    assert len(sources) < sum(model.tried) <= len(sources) + 5


def test_engine_refills_its_batch_as_sentences_finish():
    sources = [[20 + number % 9] * (12 - number) for number in range(12)]
    options = SearchConfig(beam_size=2, max_length_ratio=1.0, max_length_extra=0)
    started, found = {}, {}
    for least_free in (0.2, 1.0):
        model = NoRoomToJoin(joins=99)
        found[least_free] = TorchEngine(model, max_tokens=130, least_free=least_free).search(
            sources, options
        )
        started[least_free] = (model.n_joins, model.n_steps)
    assert [[h.ids for h in f] for f in found[0.2]] == [[h.ids for h in f] for f in found[1.0]]
    assert started[0.2][0] > started[1.0][0] == 0
    assert started[0.2][1] < started[1.0][1]


def test_engine_says_when_one_sentence_does_not_fit():
    engine = TorchEngine(SmallMemory(rows=0))
    with pytest.raises(EngineError, match="out of memory with one sentence in the batch; lower"):
        engine.search([[20], [21]], OPTIONS)


@pytest.mark.parametrize("piece", [-1, 40])
def test_engine_refuses_source_pieces_outside_the_vocabulary(piece):
    engine = TorchEngine(build_network())
    with pytest.raises(InputError, match=f"source piece {piece} is not in .* allowed: 0 to 39"):
        engine.search([[20, piece]], OPTIONS)


def test_engine_refuses_target_pieces_outside_the_vocabulary():
    engine = TorchEngine(build_network())
    with pytest.raises(InputError, match="target piece 30 is not in the vocabulary; allowed: 0 to"):
        engine.score([[39]], [[30]])


def test_engine_refuses_targets_without_sources():
    engine = TorchEngine(build_network())
    with pytest.raises(InputError, match="2 sources and 1 targets; give one target per source"):
        engine.score([[20], [21]], [[20]])


def test_engine_protocol_imports_no_torch():
    code = "import sys, nmt.batching, nmt.engines.load; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_engine_on_cuda_equals_the_cpu():
    on_cpu = TorchEngine(build_network()).search(SOURCES, OPTIONS, attention=True)
    on_cuda = TorchEngine(build_network(), "cuda").search(SOURCES, OPTIONS, attention=True)
    for ours, theirs in zip(on_cpu, on_cuda, strict=True):
        assert [h.ids for h in ours] == [h.ids for h in theirs]
        assert ours[0].attention == pytest.approx(theirs[0].attention, abs=1e-4)
