"""Batches stay in budget, hold every pair once, and continue where they stopped."""

import copy

import numpy as np
import pytest
import torch
from reversal import FIRST_DIGIT, reversed_digits, run_data

from nmt.tokenizers.base import BOS_ID, EOS_ID, PAD_ID
from training.data.batch import DeviceChunk, EncodedPairs, flatten, merge, split_batch
from training.data.dataset import BatchStream, EncodeLimits
from training.data.sampler import plan_batches
from training.errors import DataError

CPU = torch.device("cpu")


def test_plan_batches_bounds_both_padded_sides_and_covers_all():
    rng = np.random.default_rng(0)
    src, tgt = rng.integers(1, 40, 500), rng.integers(1, 40, 500)
    plan = plan_batches(src, tgt, 200, np.random.default_rng(1))
    for rows in plan:
        assert len(rows) * max(src[rows].max(), tgt[rows].max()) <= 200
    assert sorted(np.concatenate(plan).tolist()) == list(range(500))


def test_plan_batches_wastes_little_and_gives_long_rows_their_own():
    rng = np.random.default_rng(0)
    tgt = rng.integers(5, 40, 5000)
    plan = plan_batches(tgt + rng.integers(-2, 3, 5000), tgt, 1000, np.random.default_rng(1))
    padded = sum(len(rows) * tgt[rows].max() for rows in plan)
    assert tgt.sum() / padded > 0.93
    assert len(plan_batches(np.array([9, 9]), np.array([9, 9]), 4, rng)) == 2


def test_batch_has_end_pieces_masks_and_real_positions():
    pairs = EncodedPairs(flatten([[30, 31], [32]]), flatten([[40], [41, 42, 43]]))
    batch = DeviceChunk(pairs, CPU).batch(np.array([1, 0]))
    assert batch.src_ids.tolist() == [[32, EOS_ID, PAD_ID], [30, 31, EOS_ID]]
    assert batch.src_mask.tolist() == [[True, True, False], [True, True, True]]
    assert batch.tgt_in.tolist() == [[BOS_ID, 41, 42, 43], [BOS_ID, 40, PAD_ID, PAD_ID]]
    assert batch.targets.tolist() == [41, 42, 43, EOS_ID, 40, EOS_ID]
    assert batch.positions.tolist() == [0, 1, 2, 3, 4, 5]
    assert (batch.tokens, batch.rows) == (6, 2)


def test_batch_widths_are_rounded_up_where_asked():
    pairs = EncodedPairs(flatten([[30, 31]]), flatten([[40]]))
    batch = DeviceChunk(pairs, CPU, multiple=8).batch(np.array([0]))
    assert batch.src_ids.shape == (1, 8)
    assert batch.tgt_in.tolist() == [[BOS_ID, 40] + [PAD_ID] * 6]
    assert batch.positions.tolist() == [0, 1]


def test_merge_joins_parts_in_order():
    one = EncodedPairs(flatten([[30, 31]]), flatten([[40]]), too_long=1)
    other = EncodedPairs(flatten([[32], [33, 34]]), flatten([[41], [42]]), empty=2)
    both = merge([one, other])
    whole = flatten([[30, 31], [32], [33, 34]])
    assert both.source.ids.tolist() == whole.ids.tolist()
    assert both.source.starts.tolist() == whole.starts.tolist()
    assert (len(both), both.too_long, both.empty) == (3, 1, 2)


def test_split_batch_keeps_every_target_with_its_row():
    data = run_data(reversed_digits(40, 3))
    batch = BatchStream(data.chunks, 100, CPU).take(False)
    parts = split_batch(batch, 3)
    assert sum(p.rows for p in parts) == batch.rows
    assert torch.cat([p.targets for p in parts]).tolist() == batch.targets.tolist()
    for part in parts:
        # The piece after each input piece of a row is its target.
        inputs = part.tgt_in.flatten()
        last = part.targets == EOS_ID
        assert torch.equal(inputs[part.positions[~last] + 1], part.targets[~last])


def everything(stream, count):
    return [stream.take(True).src_ids.tolist() for _ in range(count)]


def test_stream_resumes_at_any_batch_over_chunks_and_epochs():
    pairs = reversed_digits(60, 4)
    stream = BatchStream(run_data(pairs, chunk_pairs=25).chunks, 60, CPU)
    states, seen = [], []
    for _ in range(40):
        states.append(copy.copy(stream.state))
        seen.append(stream.take(True).src_ids.tolist())
    assert stream.state.epoch >= 1
    for start in (0, 7, 13, 31):
        other = BatchStream(run_data(pairs, chunk_pairs=25).chunks, 60, CPU)
        other.state = copy.copy(states[start])
        assert everything(other, 40 - start) == seen[start:]


def test_stream_counts_pairs_that_are_too_long_or_empty():
    pairs = [("▁1", "▁1"), ("▁12345", "▁1"), ("▁", "▁2")]
    stream = BatchStream(run_data(pairs, limits=EncodeLimits(0, 0, 3, 3)).chunks, 60, CPU)
    assert stream.take(True).src_ids.tolist() == [[FIRST_DIGIT + 1, EOS_ID]]
    assert stream.left_out == 2
    assert stream.mean_tokens() == 2.0


def test_stream_without_usable_pairs_is_an_error():
    limits = EncodeLimits(0, 0, 3, 3)
    stream = BatchStream(run_data([("▁12345", "▁1")], limits=limits).chunks, 60, CPU)
    with pytest.raises(DataError, match=r"every pair of an epoch is empty or longer"):
        stream.take(True)
    with pytest.raises(DataError, match=r"the first chunk has no usable pair"):
        stream.largest()
    empty = BatchStream(run_data([]).chunks, 60, CPU)
    with pytest.raises(DataError, match=r"holds no pairs; run `nmt train prepare` again"):
        empty.take(True)
