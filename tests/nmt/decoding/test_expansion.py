import math

import pytest
import torch

from nmt.decoding.beam import Expansion, Live
from nmt.decoding.live import NextScores


def test_expansion_gives_each_sentence_its_best_pieces_of_all_its_rows():
    logits = torch.log(torch.tensor([[1.0, 3.0, 6.0], [2.0, 2.0, 4.0], [1.0, 8.0, 1.0]]))
    scores = NextScores(logits, logits, logits.logsumexp(1))
    live = Live([-1.0, -1.2, -5.0], [-2.0, -2.4, -5.0])
    expansion = Expansion.of(scores, live, [7, 7, 9], 2)
    first, second = expansion.best([0, 1], 2)
    assert (first.row, first.piece) == (0, 2)
    assert first.total == pytest.approx(-1.0 + math.log(0.6))
    assert first.log_prob == pytest.approx(-2.0 + math.log(0.6))
    assert (second.row, second.piece, second.total) == (1, 2, pytest.approx(-1.2 + math.log(0.5)))
    assert [(c.row, c.piece) for c in expansion.best([2], 1)] == [(2, 1)]


def test_expansion_gives_nothing_forbidden_and_nothing_twice():
    ranked = torch.full((3, 5), -math.inf)
    ranked[0, 1] = ranked[1, 2] = ranked[2, 3] = -0.5
    scores = NextScores(ranked, torch.zeros(3, 5), None)
    expansion = Expansion.of(scores, Live([0.0] * 3, [0.0] * 3), [0, 0, 1], 4)
    assert sorted((c.row, c.piece) for c in expansion.best([0, 1], 4)) == [(0, 1), (1, 2)]
    assert [(c.row, c.piece, c.total, c.log_prob) for c in expansion.best([2], 4)] == [
        (2, 3, -0.5, 0.0)
    ]
