import pytest
import torch

from nmt.config import SearchConfig
from nmt.decoding import score_targets, search
from nmt.decoding.beam import beam_search
from nmt.decoding.greedy import greedy_search
from nmt.decoding.scoring import score_bound
from nmt.decoding.sources import AllAtOnce
from nmt.errors import ConfigError, EngineError

SOURCES = [[20, 21, 22], [21], [22, 20], [23, 20, 21, 21]]


def in_order(found):
    return [hypotheses for _, hypotheses in sorted(found, key=lambda one: one[0])]


def options_of_limit(limit, **settings):
    return SearchConfig(max_length=limit, **settings)


@pytest.mark.parametrize("alpha", [0.0, 0.6, 1.0, 2.0])
@pytest.mark.parametrize("seed", range(6))
def test_wide_beam_equals_brute_force(table_model, make_batch, all_translations, alpha, seed):
    model = table_model(seed=seed)
    options = options_of_limit(4, beam_size=64, n_best=5, length_penalty=alpha)
    for source, found in zip(SOURCES, search(model, *make_batch(*SOURCES), options), strict=True):
        expected = all_translations(model, source, options)[:5]
        assert [h.ids for h in found] == [e.ids for e in expected]
        assert [h.score for h in found] == pytest.approx([e.score for e in expected], rel=1e-5)
        assert [h.log_prob for h in found] == pytest.approx(
            [e.log_prob for e in expected], rel=1e-5
        )
        assert all(h.finished for h in found)


@pytest.mark.parametrize("seed", range(4))
def test_wide_beam_with_coverage_penalty_equals_brute_force(
    table_model, make_batch, all_translations, seed
):
    model = table_model(seed=seed, attention=True)
    options = options_of_limit(4, beam_size=64, n_best=5, length_penalty=1.0, coverage_penalty=0.4)
    plain = options_of_limit(4, beam_size=64, n_best=5, length_penalty=1.0)
    batch = make_batch(*SOURCES, padding=2)
    results = search(model, *batch, options)
    for source, found in zip(SOURCES, results, strict=True):
        expected = all_translations(model, source, options)[:5]
        assert [h.ids for h in found] == [e.ids for e in expected]
        assert [h.score for h in found] == pytest.approx([e.score for e in expected], rel=1e-4)
    without = search(model, *batch, plain)
    assert [[h.ids for h in r] for r in results] != [[h.ids for h in r] for r in without]


def test_wide_beam_takes_the_long_translation_that_the_length_penalty_favours(
    table_model, make_batch, all_translations
):
    """A search that stops while its first finished hypothesis leads loses here."""
    model = table_model(n_pieces=1)
    model.table[:] = -0.01
    model.table[:, 0, ..., 2], model.table[:, 0, ..., 20] = -0.1, -2.35
    options = options_of_limit(20, beam_size=64, length_penalty=4.0)
    (found,) = search(model, *make_batch([20]), options)[0]
    best = all_translations(model, [20], options)[0]
    assert found.ids == best.ids
    assert len(found.ids) == options.length_limit(1) == 12


@pytest.mark.parametrize("alpha", [0.0, 1.0])
def test_beam_of_one_equals_greedy(table_model, make_batch, alpha):
    for seed in range(8):
        model = table_model(n_pieces=6, seed=seed, eos=-0.5, attention=True)
        options = SearchConfig(beam_size=1, length_penalty=alpha, coverage_penalty=0.2)
        batch = make_batch(*SOURCES)
        for beam, greedy in zip(
            in_order(beam_search(model, AllAtOnce(*batch), options)),
            in_order(greedy_search(model, AllAtOnce(*batch), options)),
            strict=True,
        ):
            assert beam[0].ids == greedy[0].ids
            assert beam[0].finished == greedy[0].finished
            assert beam[0].score == pytest.approx(greedy[0].score, rel=1e-5)
            assert beam[0].log_prob == pytest.approx(greedy[0].log_prob, rel=1e-5)


@pytest.mark.parametrize(
    "options",
    [
        SearchConfig(beam_size=1),
        SearchConfig(beam_size=4, n_best=4),
        SearchConfig(beam_size=3, n_best=2, no_repeat_ngram=2, repetition_penalty=1.3),
        SearchConfig(sampling=True, n_best=3, top_p=0.9),
    ],
)
def test_score_targets_gives_the_log_prob_of_the_search(table_model, make_batch, options):
    model = table_model(n_pieces=5, seed=1, eos=-0.5)
    ids, mask = make_batch(*SOURCES)
    for row, hypotheses in enumerate(search(model, ids, mask, options)):
        n = len(hypotheses)
        scores = score_targets(model, ids[[row] * n], mask[[row] * n], [h.ids for h in hypotheses])
        for hypothesis, log_probs in zip(hypotheses, scores, strict=True):
            scored = log_probs if hypothesis.finished else log_probs[:-1]
            assert hypothesis.log_prob == pytest.approx(sum(scored), rel=1e-5)


@pytest.mark.parametrize("beam_size", [1, 2, 5])
def test_batch_equals_singles_whatever_the_padding(table_model, make_batch, beam_size):
    model = table_model(n_pieces=5, seed=2, eos=-0.5, attention=True)
    options = SearchConfig(beam_size=beam_size, n_best=beam_size, coverage_penalty=0.1)
    together = search(model, *make_batch(*SOURCES, padding=5), options, attention=True)
    for source, found in zip(SOURCES, together, strict=True):
        (single,) = search(model, *make_batch(source), options, attention=True)
        assert [h.ids for h in found] == [h.ids for h in single]
        assert [h.score for h in found] == pytest.approx([h.score for h in single], rel=1e-5)
        for ours, theirs in zip(found, single, strict=True):
            assert torch.allclose(torch.tensor(ours.attention), torch.tensor(theirs.attention))


def test_n_best_is_sorted_and_distinct(table_model, make_batch):
    model = table_model(n_pieces=5, seed=2)
    for found in search(model, *make_batch(*SOURCES), SearchConfig(beam_size=6, n_best=6)):
        assert len({h.ids for h in found}) == len(found) > 1
        assert [h.score for h in found] == sorted((h.score for h in found), reverse=True)


def test_finished_sentences_leave_the_batch(table_model, make_batch):
    model = table_model(sources=2, eos=-8.0)
    model.table[0, ..., 2] = 0.0
    options = options_of_limit(6, beam_size=1)
    search(model, *make_batch([20], [21], [22], [23]), options)
    assert model.rows_per_step == [4, 2, 2, 2, 2, 2, 2]


def test_finished_hypotheses_keep_their_places_in_the_beam(table_model, make_batch):
    model = table_model(n_pieces=6, steps=1, spread=0.1, eos=3.0)
    options = options_of_limit(6, beam_size=4, n_best=4, length_penalty=8.0)
    (found,) = search(model, *make_batch([20]), options)
    assert model.rows_per_step == [1, 3]
    assert sorted(len(h.ids) for h in found) == [0, 1, 1, 1]


def test_search_stops_once_nothing_can_beat_the_best(table_model, make_batch):
    """Without a length penalty the first finished hypothesis that leads cannot be beaten."""
    model = table_model(n_pieces=4, sources=1, steps=1, eos=9.0)
    search(model, *make_batch([20]), SearchConfig(beam_size=4, length_penalty=0.0))
    assert model.rows_per_step == [1]


def test_score_bound_holds_for_every_continuation():
    for alpha in (0.0, 0.5, 1.0, 3.0):
        bound = score_bound(-3.0, 12, alpha)
        for length in range(1, 13):
            assert bound >= -3.0 / ((5 + length) / 6) ** alpha


def test_unfinished_hypotheses_come_only_where_none_finished(table_model, make_batch):
    model = table_model(sources=2, eos=-60.0, n_pieces=5)
    model.table[0, ..., 2] = -1.0
    never, sometimes = search(
        model, *make_batch([21], [20]), options_of_limit(5, beam_size=3, n_best=3)
    )
    assert [h.finished for h in never] == [False] * 3
    assert [len(h.ids) for h in never] == [5] * 3
    assert [h.score for h in never] == sorted((h.score for h in never), reverse=True)
    assert sometimes
    assert all(h.finished for h in sometimes)


def test_unfinished_score_counts_pieces_only(table_model, make_batch):
    model = table_model(n_pieces=5, eos=-60.0)
    for size in (1, 3):
        options = options_of_limit(5, beam_size=size, length_penalty=1.0)
        ((hypothesis,),) = search(model, *make_batch([20]), options)
        assert hypothesis.score == pytest.approx(hypothesis.log_prob / (10 / 6), rel=1e-5)


def test_coverage_penalty_without_attention_is_refused(table_model, make_batch):
    with pytest.raises(ConfigError, match=r"coverage_penalty is 0\.2, but this model has no att"):
        search(table_model(), *make_batch([20]), SearchConfig(coverage_penalty=0.2))


@pytest.mark.parametrize("beam_size", [1, 4])
def test_damaged_weights_are_reported(table_model, make_batch, beam_size):
    model = table_model()
    model.table[:] = float("nan")
    with pytest.raises(EngineError, match="not a number; its weights are damaged"):
        search(model, *make_batch([20]), SearchConfig(beam_size=beam_size))


def test_empty_batch_gives_nothing(table_model):
    nothing = torch.zeros(0, 1, dtype=torch.long)
    assert search(table_model(), nothing, nothing.bool(), SearchConfig()) == []
