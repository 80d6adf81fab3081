"""Byte dropout drops the right share, scales the rest and passes the same gradients."""

import pytest
import torch
from torch import nn

from training.dropout import ByteDropout, use_byte_dropout


def test_byte_dropout_keeps_the_mean_and_the_share():
    torch.manual_seed(0)
    x = torch.ones(1000, 33, requires_grad=True)
    y = ByteDropout(0.25)(x)
    assert float((y == 0).float().mean()) == pytest.approx(0.25, abs=0.01)
    assert y.detach().unique().tolist() == pytest.approx([0.0, 4 / 3])
    y.sum().backward()
    torch.testing.assert_close(x.grad, y.detach())


@pytest.mark.parametrize("shape", [(3,), (5, 7), (2, 3, 4)])
def test_byte_dropout_passes_the_gradient_where_it_passed_the_value(shape):
    torch.manual_seed(0)
    x = torch.randn(shape, requires_grad=True)
    y = ByteDropout(0.5)(x)
    above = torch.randn(shape)
    y.backward(above)
    kept = (y.detach() != 0).float()
    torch.testing.assert_close(y.detach(), 2 * x.detach() * kept)
    torch.testing.assert_close(x.grad, 2 * above * kept)


def test_byte_dropout_keeps_the_format_of_its_input():
    assert ByteDropout(0.5)(torch.ones(9, dtype=torch.bfloat16)).dtype == torch.bfloat16


def test_byte_dropout_is_repeatable_and_off_in_evaluation():
    layer, x = ByteDropout(0.1), torch.randn(7, 5)
    torch.manual_seed(1)
    first = layer(x)
    torch.manual_seed(1)
    assert torch.equal(first, layer(x))
    assert layer.eval()(x) is x


def test_use_byte_dropout_replaces_all_and_keeps_the_weights_names():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(0.1), nn.Sequential(nn.Dropout(0.5)))
    names = list(model.state_dict())
    assert use_byte_dropout(model) == 2
    assert [m.threshold for m in model.modules() if isinstance(m, ByteDropout)] == [26, 128]
    assert list(model.state_dict()) == names
