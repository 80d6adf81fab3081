"""The equivalences of search, on small networks of every architecture."""

import pytest
import torch

from nmt.config import RnnConfig, SearchConfig, TransformerConfig
from nmt.decoding import score_targets, search
from nmt.decoding.beam import beam_search
from nmt.decoding.greedy import greedy_search
from nmt.decoding.sources import AllAtOnce
from nmt.models.build import build_model

VOCAB = 32
RNN = {"d_embed": 8, "d_model": 12, "n_encoder_layers": 1, "n_decoder_layers": 1}
CONFIGS = {
    "none": RnnConfig(VOCAB, VOCAB, cell="lstm", **RNN),
    "bahdanau": RnnConfig(VOCAB, VOCAB, cell="gru", attention="bahdanau", **RNN),
    "luong": RnnConfig(VOCAB, VOCAB, attention="luong", input_feeding=True, **RNN),
    "transformer": TransformerConfig(
        VOCAB, VOCAB, d_model=16, d_ff=24, n_heads=2, n_encoder_layers=2, n_decoder_layers=2
    ),
}
SOURCES = [[20, 21, 22, 23, 30], [25], [22, 20, 31]]


def in_order(found):
    return [hypotheses for _, hypotheses in sorted(found, key=lambda one: one[0])]


@pytest.fixture(params=CONFIGS)
def network(request):
    torch.manual_seed(3)
    model = build_model(CONFIGS[request.param]).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3.0)
    return model


@pytest.fixture
def options():
    return SearchConfig(beam_size=4, n_best=4, max_length=7)


def test_beam_of_one_equals_greedy_on_networks(network, make_batch):
    options = SearchConfig(beam_size=1, max_length=7)
    with torch.no_grad():
        beam = in_order(beam_search(network, AllAtOnce(*make_batch(*SOURCES)), options))
        greedy = in_order(greedy_search(network, AllAtOnce(*make_batch(*SOURCES)), options))
    assert [h[0].ids for h in beam] == [h[0].ids for h in greedy]
    assert [h[0].log_prob for h in beam] == pytest.approx([h[0].log_prob for h in greedy])


def test_batch_equals_singles_on_networks(network, make_batch, options):
    together = search(network, *make_batch(*SOURCES, padding=3), options)
    for source, found in zip(SOURCES, together, strict=True):
        (alone,) = search(network, *make_batch(source), options)
        assert [h.ids for h in found] == [h.ids for h in alone]
        assert [h.score for h in found] == pytest.approx([h.score for h in alone], abs=1e-4)


def test_forced_log_prob_equals_the_search_on_networks(network, make_batch, options):
    ids, mask = make_batch(*SOURCES)
    for row, found in enumerate(search(network, ids, mask, options)):
        rows = [row] * len(found)
        scores = score_targets(network, ids[rows], mask[rows], [h.ids for h in found])
        for hypothesis, log_probs in zip(found, scores, strict=True):
            scored = log_probs if hypothesis.finished else log_probs[:-1]
            assert hypothesis.log_prob == pytest.approx(sum(scored), abs=1e-4)


def test_forced_log_prob_equals_the_full_forward(network, make_batch):
    ids, mask = make_batch(*SOURCES)
    targets = [[20, 25, 21], [], [30, 30]]
    tgt_in, _ = make_batch(*targets)
    tgt_in = torch.cat([torch.ones(3, 1, dtype=torch.long), tgt_in], 1)
    with torch.no_grad():
        logits = network(ids, mask, tgt_in).logits.log_softmax(-1)
    for row, log_probs in enumerate(score_targets(network, ids, mask, targets)):
        expected = [logits[row, t, p].item() for t, p in enumerate([*targets[row], 2])]
        assert log_probs == pytest.approx(expected, abs=1e-4)


def test_attention_of_the_beam_equals_the_forced_attention(network, make_batch, options):
    ids, mask = make_batch(*SOURCES)
    for row, found in enumerate(search(network, ids, mask, options, attention=True)):
        for hypothesis in found:
            tgt_in = torch.tensor([[1, *hypothesis.ids]])[:, : len(hypothesis.ids) + 1]
            with torch.no_grad():
                forced = network(ids[[row]], mask[[row]], tgt_in).attention
            if forced is None:
                assert hypothesis.attention is None
                continue
            n_rows = len(hypothesis.ids) + hypothesis.finished
            width = len(SOURCES[row]) + 1
            assert hypothesis.attention.shape == (n_rows, width)
            assert torch.allclose(
                torch.tensor(hypothesis.attention), forced[0, :n_rows, :width], atol=1e-5
            )
