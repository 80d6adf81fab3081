import numpy as np
import pytest

from nmt.config import SearchConfig
from nmt.decoding import search
from nmt.tokenizers.base import BOS_ID

METHODS = [
    {"beam_size": 1},
    {"beam_size": 5, "n_best": 5},
    {"sampling": True, "n_best": 3},
]
SOURCES = [[20, 21, 22], [21], [22, 20]]


@pytest.mark.parametrize("eos", [-0.5, -60.0])
@pytest.mark.parametrize("method", METHODS)
def test_attention_belongs_to_the_hypothesis_returned(table_model, make_batch, method, eos):
    model = table_model(n_pieces=6, eos=eos, attention=True, seed=5)
    results = search(
        model, *make_batch(*SOURCES, padding=2), SearchConfig(**method), attention=True
    )
    for source, found in zip(SOURCES, results, strict=True):
        for h in found:
            last = [BOS_ID, *h.ids][: len(h.ids) + h.finished]
            expected = [
                model.weights[source[0] % 4, min(step, 5), piece, : len(source) + 1]
                for step, piece in enumerate(last)
            ]
            assert h.attention.dtype == np.float32
            assert h.attention.shape == (len(h.ids) + h.finished, len(source) + 1)
            np.testing.assert_allclose(h.attention.sum(1), 1.0, rtol=1e-5)
            for row, weights in zip(h.attention, expected, strict=True):
                np.testing.assert_allclose(row, weights / weights.sum(), rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_attention_is_none_unless_asked_for_and_there(table_model, make_batch, method):
    options = SearchConfig(**method)
    unasked = search(table_model(attention=True), *make_batch([20]), options)
    lacking = search(table_model(), *make_batch([20]), options, attention=True)
    assert all(h.attention is None for found in unasked + lacking for h in found)


def test_attention_of_unfinished_hypotheses_has_no_row_for_the_end(table_model, make_batch):
    model = table_model(n_pieces=5, attention=True, eos=-60.0)
    for size in (1, 3):
        options = SearchConfig(beam_size=size, max_length=4)
        ((h,),) = search(model, *make_batch([20, 21]), options, attention=True)
        assert h.attention.shape == (4, 3)
