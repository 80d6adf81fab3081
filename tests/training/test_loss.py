"""The chunked, hand-differentiated loss equals the definition."""

import math

import pytest
import torch

from training.loss import backward_chunked, chunked_loss, smoothed_cross_entropy


def slow_loss(logits, targets, smoothing):
    """Szegedy 2016, section 7, one position and one piece at a time."""
    total, size = 0.0, logits.shape[1]
    for row, target in zip(logits.tolist(), targets.tolist(), strict=True):
        norm = math.log(sum(math.exp(x) for x in row))
        for piece, x in enumerate(row):
            wanted = smoothing / size + (1 - smoothing) * (piece == target)
            total -= wanted * (x - norm)
    return total


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_smoothed_cross_entropy_equals_a_slow_loop(smoothing):
    torch.manual_seed(0)
    logits, targets = torch.randn(5, 7), torch.randint(0, 7, (5,))
    loss, nll = smoothed_cross_entropy(logits.clone(), targets, smoothing)
    assert float(loss) == pytest.approx(slow_loss(logits, targets, smoothing), rel=1e-5)
    assert float(nll) == pytest.approx(slow_loss(logits, targets, 0.0), rel=1e-5)


def test_smoothed_cross_entropy_is_exact_where_probabilities_vanish():
    logits, targets = torch.tensor([[0.0, -500.0, 300.0]]), torch.tensor([1])
    logits.requires_grad_()
    loss, nll = smoothed_cross_entropy(logits * 1.0, targets, 0.0)
    assert loss.item() == nll.item() == 800.0
    loss.backward()
    assert logits.grad.tolist() == [[0.0, -1.0, 1.0]]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_smoothed_cross_entropy_leaves_logits_of_other_formats_alone(dtype):
    logits = torch.randn(3, 5, dtype=dtype, requires_grad=True)
    before, targets = logits.detach().clone(), torch.tensor([0, 1, 4])
    loss, _ = smoothed_cross_entropy(logits, targets, 0.1)
    loss.backward()
    assert torch.equal(logits.detach(), before)
    assert logits.grad.dtype == dtype


@pytest.mark.parametrize("chunk_tokens", [2, 3, 100])
def test_backward_chunked_gives_the_gradients_of_torch(chunk_tokens):
    torch.manual_seed(1)
    layer, below = torch.nn.Linear(4, 7), torch.nn.Linear(3, 4)
    x, targets = torch.randn(6, 3), torch.randint(0, 7, (6,))
    wanted = torch.nn.functional.cross_entropy(
        layer(below(x)), targets, reduction="sum", label_smoothing=0.1
    )
    (wanted * 0.25).backward()
    parameters = [*layer.parameters(), *below.parameters()]
    expected = [p.grad.clone() for p in parameters]
    for p in parameters:
        p.grad = None
    loss, _ = backward_chunked(below(x), targets, layer, 0.1, chunk_tokens, 0.25)
    torch.testing.assert_close(loss, wanted.detach())
    for p, grad in zip(parameters, expected, strict=True):
        torch.testing.assert_close(p.grad, grad)


def test_chunked_loss_keeps_no_graph_and_equals_the_whole():
    torch.manual_seed(2)
    layer, hidden = torch.nn.Linear(4, 7), torch.randn(6, 4)
    targets = torch.randint(0, 7, (6,))
    loss, nll = chunked_loss(hidden, targets, layer, 0.1, 4)
    whole = smoothed_cross_entropy(layer(hidden), targets, 0.1)
    torch.testing.assert_close(torch.stack([loss, nll]), torch.stack(whole))
    assert not loss.requires_grad
