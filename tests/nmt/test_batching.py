import numpy as np
import pytest

from nmt.batching import Waiting, pad, plan_batches, restore_order
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


def run_dry(waiting, lives):
    """Takes until nothing is left; row i stays for `lives[i]` calls. Gives what ran together."""
    left, together = {}, []
    while True:
        left = {index: calls - 1 for index, calls in left.items() if calls > 1}
        left |= {index: lives[index] for index in waiting.take(list(left))}
        if not left:
            return together
        together.append(list(left))


@pytest.mark.parametrize("least_free", [0.01, 0.5, 1.0])
def test_waiting_rows_run_once_within_the_budget(least_free):
    waiting = Waiting(LENGTHS, 18, least_free)
    together = run_dry(waiting, [1 + length % 4 for length in LENGTHS])
    began = list(dict.fromkeys(index for rows in together for index in rows))
    assert sorted(began) == list(range(len(LENGTHS)))
    assert [LENGTHS[index] for index in began] == sorted(LENGTHS, reverse=True)
    for rows in together:
        assert len(rows) == 1 or len(rows) * max(LENGTHS[index] for index in rows) <= 18


def test_waiting_rows_join_once_enough_places_are_free():
    lives = [1, 2, 3, 4, 1, 1, 1, 1]
    assert [len(rows) for rows in run_dry(Waiting([5] * 8, 20, 0.5), lives)] == [4, 3, 4, 3]
    assert [len(rows) for rows in run_dry(Waiting([5] * 8, 20, 1.0), lives)] == [4, 3, 2, 1, 4]


def test_waiting_rows_put_back_run_again_by_halves():
    waiting = Waiting([9, 8, 7, 6, 5], 40, 1.0)
    assert waiting.take([]) == waiting.running == [0, 1, 2, 3]
    waiting.put_back({1})
    assert waiting.take([]) == [0, 2]
    assert waiting.take([]) == [3, 4]
    assert waiting.take([]) == waiting.running == []


@pytest.mark.parametrize("least_free", [0.0, -0.5, 1.1])
def test_waiting_refuses_shares_out_of_range(least_free):
    with pytest.raises(ConfigError, match=rf"least_free is {least_free}; allowed: more than 0"):
        Waiting([1], 10, least_free)


def test_waiting_refuses_a_budget_below_one():
    with pytest.raises(ConfigError, match="max_tokens is 0; allowed: 1 or more"):
        Waiting([1], 0, 0.5)
