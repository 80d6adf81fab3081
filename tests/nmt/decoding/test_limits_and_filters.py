import math

import pytest
import torch

from nmt.config import SearchConfig
from nmt.decoding import search
from nmt.decoding.filters import NoRepeatNgram, RepetitionPenalty

METHODS = [
    {"beam_size": 1},
    {"beam_size": 4, "n_best": 4},
    {"sampling": True, "n_best": 4, "temperature": 2.0},
]


def occurrences(ids, n):
    ngrams = list(zip(*(ids[i:] for i in range(n)), strict=False))
    return len(ngrams) - len(set(ngrams))


@pytest.mark.parametrize("method", METHODS)
def test_search_keeps_to_the_length_limit_of_each_row(table_model, make_batch, method):
    model = table_model(n_pieces=5, eos=-60.0)
    options = SearchConfig(max_length_ratio=2.0, max_length_extra=1, max_length=8, **method)
    results = search(model, *make_batch([20], [21, 20], [22] * 10), options)
    assert [{len(h.ids) for h in found} for found in results] == [{3}, {5}, {8}]
    assert not any(h.finished for found in results for h in found)


def test_end_piece_does_not_count_towards_the_limit(table_model, make_batch):
    model = table_model(eos=-60.0)
    model.table[:, 3, ..., 2] = 0.0
    for method in METHODS[:2]:
        options = SearchConfig(max_length=3, **method)
        ((best, *_),) = search(model, *make_batch([20]), options)
        assert (len(best.ids), best.finished) == (3, True)


@pytest.mark.parametrize("method", METHODS)
def test_search_keeps_to_the_minimum_length(table_model, make_batch, method):
    model = table_model(eos=4.0)
    found = search(model, *make_batch([20], [21]), SearchConfig(min_length=4, **method))
    lengths = [len(h.ids) for hypotheses in found for h in hypotheses]
    assert min(lengths) >= 4
    assert all(h.finished for hypotheses in found for h in hypotheses)


def test_minimum_length_gives_way_to_the_limit(table_model, make_batch):
    model = table_model(eos=9.0)
    options = SearchConfig(min_length=50, max_length=3, beam_size=2)
    ((hypothesis,),) = search(model, *make_batch([20]), options)
    assert (len(hypothesis.ids), hypothesis.finished) == (3, True)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("n", [1, 2, 3])
def test_no_ngram_occurs_twice(table_model, make_batch, method, n):
    model = table_model(n_pieces=7, eos=-2.0)
    batch = make_batch([20] * 6, [21] * 6)
    free = search(model, *batch, SearchConfig(min_length=6, **method))
    assert any(occurrences(h.ids, n) for found in free for h in found)
    for found in search(model, *batch, SearchConfig(min_length=6, no_repeat_ngram=n, **method)):
        assert all(occurrences(h.ids, n) == 0 and len(h.ids) > 5 for h in found)


def test_no_repeat_ngram_forbids_exactly_the_repeats():
    history = torch.tensor([[20, 21, 20, 22, 20], [20, 21, 22, 23, 24]])
    log_probs = torch.zeros(2, 26)
    NoRepeatNgram(2)(log_probs, history, torch.tensor([0, 1]))
    assert (log_probs == -math.inf).nonzero().tolist() == [[0, 21], [0, 22]]


def test_blocked_everything_ends_unfinished(table_model, make_batch):
    model = table_model(n_pieces=2, eos=-math.inf)
    for method in METHODS:
        for h in search(model, *make_batch([20] * 9), SearchConfig(no_repeat_ngram=1, **method))[0]:
            assert sorted(h.ids) == [20, 21]
            assert not h.finished
            assert math.isfinite(h.score)


def test_repetition_penalty_divides_the_probability_of_pieces_put_out():
    log_probs = torch.tensor([[0.1, 0.2, 0.3, 0.4]]).log()
    RepetitionPenalty(2.0)(log_probs, torch.tensor([[3, 1, 3]]), torch.tensor([0]))
    assert log_probs.exp().tolist()[0] == pytest.approx([0.1, 0.1, 0.3, 0.2])


def test_repetition_penalty_below_one_never_exceeds_certainty():
    log_probs = torch.tensor([[0.1, 0.9]]).log()
    RepetitionPenalty(0.5)(log_probs, torch.tensor([[0, 1]]), torch.tensor([0]))
    assert log_probs.exp().tolist()[0] == pytest.approx([0.2, 1.0])


@pytest.mark.parametrize("beam_size", [1, 3])
def test_repetition_penalty_ranks_but_leaves_the_log_prob_alone(table_model, make_batch, beam_size):
    model = table_model(n_pieces=3, eos=-2.0)
    options = SearchConfig(beam_size=beam_size, repetition_penalty=3.0, length_penalty=0.0)
    ((hypothesis,),) = search(model, *make_batch([20, 20]), options)
    repeats = len(hypothesis.ids) - len(set(hypothesis.ids))
    assert repeats > 0
    assert hypothesis.score == pytest.approx(
        hypothesis.log_prob - repeats * math.log(3.0), rel=1e-4
    )


@pytest.mark.parametrize("method", METHODS)
def test_reserved_pieces_are_never_put_out(table_model, make_batch, method):
    model = table_model(n_pieces=3, reserved=8.0, eos=8.0)
    for found in search(model, *make_batch([20, 21], [21, 22]), SearchConfig(**method)):
        assert all(piece >= 20 for h in found for piece in h.ids)


@pytest.mark.parametrize("method", METHODS)
def test_placeholders_come_at_most_as_often_as_in_their_own_source(table_model, make_batch, method):
    model = table_model(n_pieces=3, reserved=6.0, eos=-2.0, steps=3)
    sources = [[20, 5, 21, 5], [21, 19, 4], [22, 20, 20]]
    results = search(model, *make_batch(*sources), SearchConfig(**method))
    for source, found in zip(sources, results, strict=True):
        for hypothesis in found:
            for piece in range(4, 20):
                assert hypothesis.ids.count(piece) <= source.count(piece)
    assert all(h.ids.count(5) == 2 for h in results[0])
    assert all({4, 19} <= set(h.ids) for h in results[1])
