from collections import Counter

import pytest
import torch

from nmt.config import SearchConfig
from nmt.decoding import search
from nmt.decoding.sampling import draw, next_probabilities

LOGS = torch.tensor([[0.5, 0.25, 0.15, 0.1]]).log()


def first_pieces(model, batch, options):
    (found,) = search(model, *batch, options)
    return Counter(h.ids[0] if h.ids else None for h in found)


def test_samples_follow_the_distribution_of_the_model(table_model, make_batch):
    model = table_model(n_pieces=3, eos=0.5, seed=4)
    n = 4000
    options = SearchConfig(sampling=True, n_best=n, max_length=1)
    counts = first_pieces(model, make_batch([20]), options)
    for piece, key in ((20, 20), (21, 21), (22, 22), (2, None)):
        p = model.table[0, 0, 1, 1, piece].exp().item()
        assert abs(counts[key] / n - p) < 4 * (p * (1 - p) / n) ** 0.5


def test_temperature_sharpens_and_flattens():
    cold = next_probabilities(LOGS, SearchConfig(temperature=0.5))
    assert cold[0].tolist() == pytest.approx([x**2 / 0.345 for x in (0.5, 0.25, 0.15, 0.1)])
    warm = next_probabilities(LOGS, SearchConfig(temperature=1e6))
    assert warm[0].tolist() == pytest.approx([0.25] * 4, rel=1e-4)


def test_top_k_keeps_the_k_most_probable():
    kept = next_probabilities(LOGS, SearchConfig(top_k=2))
    assert kept[0].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 0])


@pytest.mark.parametrize(
    ("top_p", "n_kept"), [(0.01, 1), (0.49, 1), (0.6, 2), (0.76, 3), (0.95, 4), (1.0, 4)]
)
def test_top_p_keeps_the_smallest_set_with_that_mass(top_p, n_kept):
    shuffled = LOGS[:, [2, 0, 3, 1]]
    kept = next_probabilities(shuffled, SearchConfig(top_p=top_p))
    chosen = set((kept[0] > 0).nonzero().squeeze(1).tolist())
    assert chosen == set([1, 3, 0, 2][:n_kept])


def test_draw_inverts_the_cumulated_probability():
    probabilities = torch.tensor([[0.0, 0.5, 0.0, 0.5, 0.0]], dtype=torch.float64).expand(5, -1)
    uniform = torch.tensor([0.0, 0.25, 0.49, 0.51, 1 - 2**-53], dtype=torch.float64)
    assert draw(probabilities, uniform).tolist() == [1, 1, 1, 3, 3]


def test_top_k_of_one_equals_greedy(table_model, make_batch):
    model = table_model(n_pieces=5, eos=-0.5)
    batch = make_batch([20], [21, 22], [23])
    sampled = search(model, *batch, SearchConfig(sampling=True, top_k=1))
    greedy = search(model, *batch, SearchConfig(beam_size=1))
    assert [h[0].ids for h in sampled] == [h[0].ids for h in greedy]


def test_samples_do_not_depend_on_the_batch(table_model, make_batch):
    model = table_model(n_pieces=5, eos=-1.0)
    options = SearchConfig(sampling=True, n_best=3, seed=7)
    sources = [[20, 21], [21], [22, 20, 20], [23]]
    together = search(model, *make_batch(*sources, padding=3), options)
    backwards = search(model, *make_batch(*sources[::-1]), options)[::-1]
    alone = [search(model, *make_batch(source), options)[0] for source in sources]
    ids = [[h.ids for h in found] for found in together]
    assert ids == [[h.ids for h in found] for found in backwards]
    assert ids == [[h.ids for h in found] for found in alone]


def test_samples_of_different_sources_are_drawn_apart(table_model, make_batch):
    model = table_model(n_pieces=5, eos=-2.0, sources=1)
    options = SearchConfig(sampling=True, seed=7)
    found = search(model, *make_batch([20, 21], [21, 20], [22, 22], [20, 21]), options)
    ids = [hypothesis.ids for (hypothesis,) in found]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]


def test_seed_changes_the_samples_and_repeats_them(table_model, make_batch):
    model = table_model(n_pieces=5, eos=-2.0)
    batch = make_batch([20, 21, 22, 23])

    def sampled(seed):
        return [h.ids for h in search(model, *batch, SearchConfig(sampling=True, seed=seed))[0]]

    assert sampled(1) == sampled(1)
    assert len({tuple(sampled(seed)) for seed in (-1, 1, 2, 3)}) == 4


def test_samples_come_best_first_and_differ(table_model, make_batch):
    model = table_model(n_pieces=5, eos=-1.0)
    (found,) = search(model, *make_batch([20, 21]), SearchConfig(sampling=True, n_best=8))
    assert len(found) == 8
    assert len({h.ids for h in found}) > 1
    assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)
