import pytest
import torch

from nmt.decoding import largest as module
from nmt.decoding.largest import largest


@pytest.fixture(params=[0, 10**9], ids=["groups", "whole"], autouse=True)
def way(monkeypatch, request):
    monkeypatch.setattr(module, "WORTH_IT", request.param)


def sums(x, offsets, rows):
    """All that may be chosen from: [B, W, V]."""
    return x[rows] + offsets[:, :, None]


def test_largest_finds_what_sorting_everything_finds():
    torch.manual_seed(0)
    for n_rows, width, columns, k in ((1, 1, 60, 4), (6, 2, 1000, 4), (9, 3, 6000, 64)):
        x, rows = torch.randn(n_rows, columns), torch.randperm(n_rows).view(-1, width)
        x[:, :10] = -torch.inf
        offsets = torch.randn(rows.shape)
        best, best_rows, best_columns = largest(x, offsets, rows, k)
        expected = sums(x, offsets, rows).flatten(1).topk(k, dim=1)
        assert torch.equal(best, expected.values)
        assert torch.equal(best_columns, expected.indices % columns)
        assert torch.equal(best_rows, rows.gather(1, expected.indices // columns))


def test_largest_takes_columns_that_do_not_divide_and_few_groups():
    rows, offsets = torch.tensor([[0, 1]]), torch.tensor([[0.0, 0.5]])
    for columns in (33, 20):
        x = torch.arange(float(columns)).expand(2, columns).contiguous()
        _, best_rows, best_columns = largest(x, offsets, rows, 3)
        assert best_rows.tolist() == [[1, 0, 1]]
        assert best_columns.tolist() == [[columns - 1, columns - 1, columns - 2]]


def test_largest_leaves_out_rows_and_takes_equal_and_forbidden_numbers():
    x = torch.cat([torch.zeros(1, 100), torch.full((1, 100), -torch.inf), torch.ones(1, 100)])
    rows = torch.tensor([[0, 2], [1, 1]])
    best, best_rows, columns = largest(x, torch.tensor([[0.0, -torch.inf], [0.0, 0.0]]), rows, 4)
    assert best.tolist() == [[0.0] * 4, [-torch.inf] * 4]
    assert best_rows.tolist() == [[0] * 4, [1] * 4]
    assert len(set(columns[0].tolist())) == 4
