import torch

from nmt.decoding import largest as module
from nmt.decoding.largest import largest


def test_largest_finds_what_topk_finds(monkeypatch):
    torch.manual_seed(0)
    for rows, columns, k in ((1, 60, 4), (7, 1000, 4), (3, 50, 5), (4, 6000, 64)):
        x = torch.randn(rows, columns)
        x[:, :10] = -torch.inf
        monkeypatch.setattr(module, "WORTH_IT", 0)
        values, places = largest(x, k)
        expected = x.topk(k, dim=1)
        assert torch.equal(values, expected.values)
        assert torch.equal(places, expected.indices)


def test_largest_takes_equal_numbers_and_rows_that_are_forbidden(monkeypatch):
    monkeypatch.setattr(module, "WORTH_IT", 0)
    values, places = largest(torch.zeros(2, 100), 4)
    assert torch.equal(values, torch.zeros(2, 4))
    assert all(len(set(row)) == 4 for row in places.tolist())
    values, _ = largest(torch.full((1, 100), -torch.inf), 3)
    assert values.tolist() == [[-torch.inf] * 3]


def test_largest_takes_rows_that_do_not_divide(monkeypatch):
    monkeypatch.setattr(module, "WORTH_IT", 0)
    x = torch.arange(33.0)[None, :]
    assert largest(x, 2)[1].tolist() == [[32, 31]]
    assert largest(torch.arange(20.0)[None, :], 4)[1].tolist() == [[19, 18, 17, 16]]
