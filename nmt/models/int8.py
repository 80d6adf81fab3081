"""A recurrent decoder whose steps multiply in int8 on the CPU.

It computes what `RnnSeq2Seq` does, with its weights, in another order. Whatever a step multiplies
is a state between -1 and 1, for all else is multiplied before:

- the embedding of a piece: once for each piece, when the network is loaded;
- the context, Σ aₛ mₛ: W Σ aₛ mₛ = Σ aₛ (W mₛ), so the source states are multiplied, once for each
  sentence, and attention takes the mean of products.

So the scale of inputs is known and the same for all: what comes out for one sentence does not
depend on its neighbours in the batch, and sums of products are exact. Weights are rounded once,
with a scale for each row. The encoder runs once for each sentence and stays in float32.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from nmt.decoding.normaliser import scores_of
from nmt.decoding.step_model import StepOutput
from nmt.models.rnn import RnnSeq2Seq
from nmt.models.rnn_state import RnnState

LARGEST = 127
"""Rounded numbers lie between this and its negative."""
LEAST_SCALE = 1e-30
"""Of a row of zeros."""
LARGEST_TABLE = 64 << 20
"""Bytes of products of pieces that are kept; larger vocabularies are multiplied at every step."""

States = tuple[Tensor, ...]


class Int8Linear:
    """x Wᵀ + b of inputs between -1 and 1, the product in int8.

    Args:
        weight: [D_out, D_in], float32.
        bias: [D_out]; none is zero.
    """

    def __init__(self, weight: Tensor, bias: Tensor | None = None) -> None:
        scales = weight.abs().amax(1, keepdim=True).clamp_min(LEAST_SCALE) / LARGEST
        # A transposed view: the product reads each row of W in one piece.
        self.weight = (weight / scales).round().to(torch.int8).t()
        self.scales = scales.squeeze(1) / LARGEST
        self.bias = torch.zeros(len(weight)) if bias is None else bias.detach().clone()

    def __call__(self, x: Tensor, plus: Tensor | None = None) -> Tensor:
        """[N, D_in] → [N, D_out]; `plus` [N, D_out] takes the place of the bias."""
        sums = torch._int_mm((x * LARGEST).round_().to(torch.int8), self.weight)
        # In float32 in the memory of the int32 sums: of a batch these are megabytes, which no core
        # has in its own cache; the fewer the better.
        y = sums.view(torch.float32).copy_(sums)
        return torch.addcmul(self.bias if plus is None else plus, y, self.scales, out=y)


class _Layer:
    """A layer of a recurrent cell, one step at a time.

    Args:
        w_ih: [G, D_in] what multiplies the input; no columns where all of it comes multiplied.
        w_hh: [G, D] what multiplies the state.
        b_ih: [G].
        b_hh: [G].
    """

    def __init__(self, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> None:
        self.both = Int8Linear(torch.cat([w_ih, w_hh], 1), b_ih + b_hh)

    @staticmethod
    def bias_of_input(b_ih: Tensor, b_hh: Tensor) -> Tensor:
        """Gives what is to be added to an input that comes multiplied."""
        return b_ih + b_hh

    def gates(self, x: Tensor | None, h: Tensor, plus: Tensor | None) -> Tensor:
        """Gives [N, G]: of input x [N, D_in] and state h [N, D], and of `plus` [N, G]."""
        return self.both(h if x is None else torch.cat([x, h], 1), plus)

    def step(self, x: Tensor | None, states: States, plus: Tensor | None) -> States:
        """Gives the states [N, D] after an input; the first is the layer's output.

        Args:
            x: [N, D_in], between -1 and 1; none where all of the input is in `plus`.
            states: [N, D] each.
            plus: [N, G] the part of the input that comes multiplied, biases included.
        """
        raise NotImplementedError


class RnnLayer(_Layer):
    """h' = tanh(W [x; h] + b) (Elman 1990)."""

    def step(self, x: Tensor | None, states: States, plus: Tensor | None) -> States:
        """See `_Layer.step`."""
        return (self.gates(x, states[0], plus).tanh_(),)


class LstmLayer(_Layer):
    """c' = f · c + i · g, h' = o · tanh c' (Hochreiter and Schmidhuber 1997; Gers 2000)."""

    def step(self, x: Tensor | None, states: States, plus: Tensor | None) -> States:
        """See `_Layer.step`."""
        h, c = states
        in_gate, forget, new, out_gate = self.gates(x, h, plus).chunk(4, 1)
        c = (forget.sigmoid_() * c).addcmul_(in_gate.sigmoid_(), new.tanh_())
        return c.tanh().mul_(out_gate.sigmoid_()), c


class GruLayer(_Layer):
    """h' = (1 − z) · n + z · h, n = tanh(W x + r · (U h)) (Cho 2014, as cuDNN has it)."""

    def __init__(self, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> None:
        self.of_input = Int8Linear(w_ih, b_ih) if w_ih.size(1) else None
        self.of_state = Int8Linear(w_hh, b_hh)  # apart, for it meets the reset gate

    @staticmethod
    def bias_of_input(b_ih: Tensor, b_hh: Tensor) -> Tensor:
        """See `_Layer.bias_of_input`."""
        return b_ih

    def step(self, x: Tensor | None, states: States, plus: Tensor | None) -> States:
        """See `_Layer.step`."""
        (h,) = states
        of_input = plus if self.of_input is None or x is None else self.of_input(x, plus)
        if of_input is None:
            raise TypeError("a layer takes an input, multiplied or not")
        reset_x, update_x, new_x = of_input.chunk(3, 1)
        reset_h, update_h, new_h = self.of_state(h).chunk(3, 1)
        reset, update = (reset_x + reset_h).sigmoid(), (update_x + update_h).sigmoid()
        new = torch.addcmul(new_x, reset, new_h).tanh()
        return (torch.lerp(new, h, update),)


LAYERS: dict[str, type[_Layer]] = {"rnn": RnnLayer, "lstm": LstmLayer, "gru": GruLayer}


class PieceProducts:
    """W e + b of the embedding e of each piece: looked up, or multiplied where that is too large.

    Args:
        embedding: [V, E].
        weight: [D_out, E].
        bias: [D_out].
    """

    def __init__(self, embedding: Tensor, weight: Tensor, bias: Tensor) -> None:
        self.table: Tensor | None = None
        self.embedding, self.weight, self.bias = embedding, weight, bias
        if len(embedding) * len(weight) * embedding.element_size() <= LARGEST_TABLE:
            self.table = functional.linear(embedding, weight, bias)

    def __call__(self, ids: Tensor) -> Tensor:
        """[N] → [N, D_out]."""
        if self.table is not None:
            return self.table.index_select(0, ids)
        return functional.linear(self.embedding.index_select(0, ids), self.weight, self.bias)


class Int8Rnn(nn.Module):
    """A trained recurrent network as search sees it (`StepModel`); for inference only.

    Args:
        model: the network; stays as it is and encodes the sources.
    """

    @torch.no_grad()
    def __init__(self, model: RnnSeq2Seq) -> None:
        super().__init__()
        self.config = model.config
        self.model = model
        kind, d_embed, width = self.config.attention, self.config.d_embed, self.config.d_model
        (w_ih, w_hh, *biases), *others = model.cell.all_weights
        layer = LAYERS[self.config.cell]
        # What multiplies each of the inputs that RnnSeq2Seq joins, for the gates and the readout.
        gates_of_piece, gates_of_context = w_ih.tensor_split([d_embed], 1)
        bias = layer.bias_of_input(*biases)
        if kind == "bahdanau":
            of_state, of_context, of_piece = model.combine.weight.tensor_split(
                [width, 2 * width], 1
            )
            gates_of_piece = torch.cat([gates_of_piece, of_piece])
            bias = torch.cat([bias, bias.new_zeros(width)])
        else:
            of_context, of_state = model.combine.weight.tensor_split([width], 1)
        fed = gates_of_context  # h̃ is between -1 and 1
        if kind != "luong":
            of_context = torch.cat([gates_of_context, of_context])
            fed = gates_of_context[:, :0]
        self.of_piece = PieceProducts(model.embedding.weight.detach(), gates_of_piece, bias)
        self.of_context = of_context.t().contiguous()
        self.layers = [layer(fed, w_hh, *biases), *(layer(*weights) for weights in others)]
        self.of_state = Int8Linear(of_state)
        # The narrow layer before the output table is multiplied into it.
        self.output = Int8Linear(model.output_table() @ model.narrow.weight, model.output_bias)

    def start(self, src_ids: Tensor, src_mask: Tensor) -> RnnState:
        """See `StepModel.start`; contexts are multiplied for the gates and for the readout."""
        state = self.model.start(src_ids, src_mask)
        if self.config.attention == "none":
            return replace(state, context=state.context @ self.of_context)
        return replace(state, memory=state.memory @ self.of_context)

    def step(self, state: RnnState, prev_ids: Tensor) -> StepOutput:
        """See `StepModel.step`."""
        kind, width = self.config.attention, self.config.d_model
        fed = state.context if self.config.input_feeding else None
        weights = None
        plus = self.of_piece(prev_ids)
        if kind == "bahdanau":
            context, weights = self.model.attend(state.hidden[0][-1][:, None], state)
            plus, readout = (plus + context[:, 0]).tensor_split([-width], 1)
        elif kind == "none":
            context, readout = state.context.tensor_split([-width], 1)
            plus = plus + context
        output, hidden = self._run_layers(fed, state.hidden, plus)
        if kind == "luong":
            context, weights = self.model.attend(output[:, None], state)
            readout = context[:, 0]
        result = self.of_state(output, readout).tanh_()
        scores, normaliser = scores_of(self.output(result))
        after = replace(state, hidden=hidden, context=state.context if fed is None else result)
        return StepOutput(scores, after, None if weights is None else weights[:, 0], normaliser)

    def _run_layers(
        self, x: Tensor | None, hidden: States, plus: Tensor | None
    ) -> tuple[Tensor, States]:
        """Gives the last layer's output [N, D] and the states [L, N, D] after it."""
        after: list[States] = []
        for layer, *states in zip(self.layers, *(kind.unbind() for kind in hidden), strict=True):
            after.append(layer.step(x, tuple(states), plus))
            x, plus = after[-1][0], None
        kinds = zip(*after, strict=True)
        return after[-1][0], tuple(s[0][None] if len(s) == 1 else torch.stack(s) for s in kinds)

    def reorder(self, state: RnnState, rows: Tensor) -> RnnState:
        """See `StepModel.reorder`."""
        return state.reordered(rows)

    def join(self, state: RnnState, started: RnnState) -> RnnState:
        """See `StepModel.join`."""
        return state.joined(started)
