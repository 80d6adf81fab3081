import numpy as np
import pytest

from nmt.batching import pad, plan_batches, restore_order
from nmt.errors import ConfigError

LENGTHS = [3, 9, 1, 4, 4, 30, 2, 8]


def test_plan_batches_covers_every_row_once():
    batches = plan_batches(LENGTHS, max_tokens=18, max_rows=3)
    assert sorted(index for batch in batches for index in batch) == list(range(8))


def test_plan_batches_keeps_to_the_budget_with_padding():
    batches = plan_batches(LENGTHS, max_tokens=18, max_rows=3)
    assert batches == [[5], [1, 7], [3, 4, 0], [6, 2]]
    for batch in batches:
        longest = max(LENGTHS[index] for index in batch)
        assert len(batch) == 1 or longest * len(batch) <= 18


def test_plan_batches_counts_padding_to_the_longest_row():
    assert plan_batches([10, 1, 1, 1], max_tokens=20, max_rows=9) == [[0, 1], [2, 3]]


def test_plan_batches_of_nothing_is_nothing():
    assert plan_batches([], 10, 10) == []


@pytest.mark.parametrize(("tokens", "rows"), [(0, 1), (1, -2)])
def test_plan_batches_refuses_limits_below_one(tokens, rows):
    with pytest.raises(ConfigError, match=r"max_\w+ is (0|-2); allowed: 1 or more"):
        plan_batches([1], tokens, rows)


def test_pad_fills_on_the_right():
    ids, mask = pad([[5, 6, 7], [], [8]], pad_id=0)
    np.testing.assert_array_equal(ids, [[5, 6, 7], [0, 0, 0], [8, 0, 0]])
    np.testing.assert_array_equal(mask, [[1, 1, 1], [0, 0, 0], [1, 0, 0]])


def test_restore_order_undoes_the_plan():
    batches = plan_batches(LENGTHS, max_tokens=18, max_rows=3)
    results = [[LENGTHS[index] for index in batch] for batch in batches]
    assert restore_order(batches, results) == LENGTHS


def test_restore_order_refuses_missing_results():
    with pytest.raises(ValueError, match="shorter"):
        restore_order([[0, 1]], [["a"]])
