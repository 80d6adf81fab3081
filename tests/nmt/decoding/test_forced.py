import pytest

from nmt.decoding import score_targets
from nmt.tokenizers.base import BOS_ID, EOS_ID


def test_score_targets_reads_the_table(table_model, make_batch):
    model = table_model(n_pieces=3)
    sources, targets = [[20], [21, 20], [22]], [[20, 21], [], [22, 22, 20, 21]]
    scores = score_targets(model, *make_batch(*sources), targets)
    for source, target, log_probs in zip(sources, targets, scores, strict=True):
        path = [BOS_ID, BOS_ID, *target, EOS_ID]
        expected = [
            model.table[source[0] % 4, step, path[step], path[step + 1], path[step + 2]].item()
            for step in range(len(target) + 1)
        ]
        assert log_probs == pytest.approx(expected)


def test_score_targets_drops_rows_that_ended(table_model, make_batch):
    model = table_model()
    score_targets(model, *make_batch([20], [21], [22]), [[], [20], [20, 20]])
    assert model.rows_per_step == [3, 2, 1]
