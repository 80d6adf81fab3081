import math

import pytest
import torch

from nmt.decoding import normaliser as module
from nmt.decoding.normaliser import log_normaliser, scores_of


def test_normaliser_is_the_log_of_the_sum_of_exponentials(monkeypatch):
    torch.manual_seed(0)
    logits = 5 * torch.randn(7, 300)
    logits[2, 5] = -math.inf
    expected = logits.double().logsumexp(1).float()
    for cached in (1, 700, 10_000):
        monkeypatch.setattr(module, "CACHED", cached)
        torch.testing.assert_close(log_normaliser(logits), expected)


@pytest.mark.parametrize("shift", [-2000.0, -100.0, 80.0, 2000.0])
def test_normaliser_takes_logits_whose_exponentials_leave_the_range(shift):
    logits = torch.randn(3, 50, generator=torch.Generator().manual_seed(1))
    logits[1:] += shift
    expected = logits.double().logsumexp(1).float()
    torch.testing.assert_close(log_normaliser(logits), expected)


def test_normaliser_leaves_the_logits_and_passes_on_what_is_not_a_number():
    logits = torch.tensor([[0.0, math.nan], [1.0, 2.0]])
    got = log_normaliser(logits)
    assert math.isnan(got[0])
    assert got[1] == pytest.approx(math.log(math.e + math.e**2))
    assert logits[1].tolist() == [1.0, 2.0]


@pytest.mark.parametrize("cached", [10, 1000])
def test_scores_less_their_normaliser_are_log_probabilities(monkeypatch, cached):
    monkeypatch.setattr(module, "CACHED", cached)
    logits = torch.randn(4, 50, generator=torch.Generator().manual_seed(2))
    scores, normaliser = scores_of(logits)
    assert (normaliser is None) == (cached == 1000)
    log_probs = scores if normaliser is None else scores - normaliser[:, None]
    torch.testing.assert_close(log_probs, logits.log_softmax(1))
