import pytest
import torch

from nmt.decoding import largest as module
from nmt.decoding.largest import largest


@pytest.fixture(params=[0, 10**9], ids=["groups", "whole"], autouse=True)
def way(monkeypatch, request):
    monkeypatch.setattr(module, "WORTH_IT", request.param)


def test_largest_finds_what_sorting_everything_finds():
    torch.manual_seed(0)
    for n_rows, columns, k in ((1, 60, 4), (6, 1000, 4), (9, 6000, 64)):
        x = torch.randn(n_rows, columns)
        x[:, :10] = -torch.inf
        values, places = largest(x, k)
        expected = x.topk(k, dim=1)
        assert torch.equal(values, expected.values)
        assert torch.equal(places, expected.indices)


def test_largest_takes_columns_that_do_not_divide_and_few_groups():
    for columns in (33, 20):
        x = torch.arange(float(columns)).expand(2, columns).contiguous()
        assert largest(x, 3)[1].tolist() == [[columns - 1, columns - 2, columns - 3]] * 2


def test_largest_takes_equal_and_forbidden_numbers():
    x = torch.cat([torch.zeros(1, 100), torch.full((1, 100), -torch.inf)])
    values, columns = largest(x, 4)
    assert values.tolist() == [[0.0] * 4, [-torch.inf] * 4]
    assert [len(set(row)) for row in columns.tolist()] == [4, 4]
