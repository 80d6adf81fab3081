import torch

from nmt.models.seats import Seats


def test_hypotheses_that_fill_all_seats_in_order_are_not_moved():
    seats = Seats.of(torch.tensor([0, 0, 1, 1]), 2)
    assert (seats.width, seats.places) == (2, None)
    x = torch.arange(24.0).view(4, 3, 2)
    together = seats.together(x)
    assert together.tolist() == x.view(2, 6, 2).tolist()
    assert torch.equal(seats.apart(together), x)


def test_hypotheses_sit_with_their_source_and_free_seats_are_zero():
    seats = Seats.of(torch.tensor([1, 0, 1, 1]), 2)
    x = torch.arange(1.0, 5.0).view(4, 1, 1)
    together = seats.together(x)
    assert together[:, :, 0].tolist() == [[2, 0, 0], [1, 3, 4]]
    assert torch.equal(seats.apart(together), x)


def test_no_hypothesis_needs_no_seat():
    assert Seats.of(torch.tensor([], dtype=torch.long), 0) == Seats(0, 0, None)
