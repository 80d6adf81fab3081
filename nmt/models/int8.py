"""Recurrent networks whose decoding multiplies in int8 on the CPU.

Weights are rounded once, with a scale for each row; what comes in is rounded as it comes, with a
scale for each row too ("dynamic quantisation"). So what comes out for one sentence does not depend
on its neighbours in the batch, which it would with one scale for all, and sums are exact. The
encoder runs once for each sentence and stays in float32.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from nmt.models.rnn import RnnSeq2Seq

LARGEST = 127
"""Rounded numbers lie between this and its negative."""
LEAST_SCALE = 1e-30
"""Of a row of zeros."""

States = tuple[Tensor, ...]


class Int8Linear(nn.Module):
    """x Wᵀ + b, the product in int8.

    Args:
        weight: [D_out, D_in], float32.
        bias: [D_out]; none is zero.
        bound: no input is larger than this, so that the scale of inputs need not be looked for;
            none looks for it in each row.
    """

    weight: Tensor
    scales: Tensor
    bias: Tensor

    def __init__(
        self, weight: Tensor, bias: Tensor | None = None, bound: float | None = None
    ) -> None:
        super().__init__()
        self.input_scale = None if bound is None else bound / LARGEST
        rounded, scales = _rounded(weight.detach())
        # A transposed view: the product reads each row of W in one piece.
        self.register_buffer("weight", rounded.t())
        self.register_buffer("scales", scales.squeeze(1) * (self.input_scale or 1.0))
        zero = torch.zeros(weight.size(0))
        self.register_buffer("bias", zero if bias is None else bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """[..., D_in] → [..., D_out]."""
        if self.input_scale is None:
            rows, scales = _rounded(x.flatten(0, -2))
            y = _multiplied(rows, self.weight).mul_(scales)
        else:
            rows = (x.flatten(0, -2) / self.input_scale).round_().to(torch.int8)
            y = _multiplied(rows, self.weight)
        torch.addcmul(self.bias, y, self.scales, out=y)
        return y.view(*x.shape[:-1], -1)


def _multiplied(rows: Tensor, weight: Tensor) -> Tensor:
    """Gives the product of int8 in float32, in the memory of its int32 sums.

    Of a batch these are megabytes, which no core has in its own cache; the fewer the better.
    """
    sums = torch._int_mm(rows, weight)
    return sums.view(torch.float32).copy_(sums)


def _rounded(x: Tensor) -> tuple[Tensor, Tensor]:
    """Gives x [N, D] in int8 and the scales [N, 1] by which it is to be multiplied."""
    scales = x.abs().amax(1, keepdim=True).clamp_min_(LEAST_SCALE).div_(LARGEST)
    return (x / scales).round_().to(torch.int8), scales


class _Int8Cell(nn.Module):
    """Layers of a recurrent cell, step by step; called as PyTorch's own with `batch_first`."""

    def __init__(self, cell: nn.RNNBase) -> None:
        super().__init__()
        layers = [self.linears(*cell.all_weights[index]) for index in range(cell.num_layers)]
        self.layers = nn.ModuleList(layers)

    @staticmethod
    def linears(w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> nn.Module:
        """Gives one product for the input and the state joined, with all gates."""
        return Int8Linear(torch.cat([w_ih, w_hh], 1), b_ih + b_hh)

    def step(self, linear: nn.Module, x: Tensor, states: States) -> States:
        """Gives the states [N, D] of a layer after input x [N, D_in]; the first is its output."""
        raise NotImplementedError

    def forward(self, x: Tensor, states: Tensor | States) -> tuple[Tensor, Tensor | States]:
        """Gives outputs [N, T, D] of inputs [N, T, D_in], and the last states [L, N, D]."""
        single = isinstance(states, Tensor)
        kinds: States = (states,) if isinstance(states, Tensor) else states
        layers = [tuple(kind[index] for kind in kinds) for index in range(len(self.layers))]
        outputs = []
        for t in range(x.size(1)):
            output = x[:, t]
            for index, linear in enumerate(self.layers):
                layers[index] = self.step(linear, output, layers[index])
                output = layers[index][0]
            outputs.append(output)
        last = tuple(_stacked(kind, 0) for kind in zip(*layers, strict=True))
        return _stacked(outputs, 1), last[0] if single else last


def _stacked(tensors: Sequence[Tensor], dim: int) -> Tensor:
    """Gives `torch.stack`, without a copy of one tensor alone."""
    return torch.stack(tuple(tensors), dim) if len(tensors) > 1 else tensors[0].unsqueeze(dim)


class Int8Rnn(_Int8Cell):
    """h' = tanh(W [x; h] + b) (Elman 1990)."""

    def step(self, linear: nn.Module, x: Tensor, states: States) -> States:
        """See `_Int8Cell.step`."""
        return (torch.tanh(linear(torch.cat([x, states[0]], 1))),)


class Int8Lstm(_Int8Cell):
    """c' = f · c + i · g, h' = o · tanh c' (Hochreiter and Schmidhuber 1997; Gers 2000)."""

    def step(self, linear: nn.Module, x: Tensor, states: States) -> States:
        """See `_Int8Cell.step`."""
        h, c = states
        in_gate, forget, new, out_gate = linear(torch.cat([x, h], 1)).chunk(4, 1)
        c = (forget.sigmoid_() * c).addcmul_(in_gate.sigmoid_(), new.tanh_())
        return c.tanh().mul_(out_gate.sigmoid_()), c


class Int8Gru(_Int8Cell):
    """h' = (1 − z) · n + z · h, n = tanh(W x + r · (U h)) (Cho 2014, as cuDNN has it)."""

    @staticmethod
    def linears(w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> nn.Module:
        """Gives a product for the input and one for the state, which meets the reset gate."""
        return nn.ModuleList([Int8Linear(w_ih, b_ih), Int8Linear(w_hh, b_hh)])

    def step(self, linear: nn.Module, x: Tensor, states: States) -> States:
        """See `_Int8Cell.step`."""
        (of_input, of_state), (h,) = linear.children(), states
        reset_x, update_x, new_x = of_input(x).chunk(3, 1)
        reset_h, update_h, new_h = of_state(h).chunk(3, 1)
        reset, update = (reset_x + reset_h).sigmoid(), (update_x + update_h).sigmoid()
        new = torch.addcmul(new_x, reset, new_h).tanh()
        return (torch.lerp(new, h, update),)


_CELLS: dict[type[nn.RNNBase], type[_Int8Cell]] = {
    nn.RNN: Int8Rnn,
    nn.LSTM: Int8Lstm,
    nn.GRU: Int8Gru,
}


@torch.no_grad()
def round_to_int8(model: RnnSeq2Seq) -> None:
    """Makes the decoder of a trained network multiply in int8, in place; for inference only."""
    combine, cell = cast(nn.Linear, model.combine), cast(nn.RNNBase, model.cell)
    # The narrow layer before the output table is multiplied into it; its input is a tanh.
    table = model.output_table() @ model.narrow.weight
    model.int8_output = Int8Linear(table, model.output_bias, bound=1.0)
    model.combine = Int8Linear(combine.weight)
    model.cell = _CELLS[type(cell)](cell)
