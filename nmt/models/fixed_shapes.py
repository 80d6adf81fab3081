"""A Transformer's decoding step in fixed shapes, so that a CUDA graph can replay it.

At small batches a GPU needs less time for the hundred kernels of a step than its host needs to
launch them; a graph launches all at once. Shapes and addresses are fixed when it is captured. So
keys and values lie in tables that are allocated once for each size and written into; rows, source
and target positions are rounded up to powers of two, and what is not used is computed in vain.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from nmt.decoding.fitting import longest_row
from nmt.decoding.step_model import StepOutput
from nmt.models.positions import sinusoidal_positions
from nmt.models.transformer import DecoderLayer, Transformer, TransformerState

KeysValues = tuple[Tensor, Tensor]
Run = Callable[[], None]

LEAST_ROWS = 4
LEAST_SOURCE = 16
LEAST_TARGET = 32
KEPT = 24
"""Sizes of which tables and graphs are kept; the one not used for longest goes first."""


@dataclass(frozen=True)
class Size:
    """Of the tables; each is a power of two."""

    rows: int
    source: int
    target: int

    @classmethod
    def for_at_least(cls, rows: int, source: int, target: int) -> Size:
        """Gives the smallest size that has room for so many rows and positions."""
        return cls(
            _power_of_two(rows, LEAST_ROWS),
            _power_of_two(source, LEAST_SOURCE),
            _power_of_two(target, LEAST_TARGET),
        )


class Tables:
    """Keys and values of one size, and the step that reads and writes them.

    Args:
        model: the network, in evaluation mode.
        size: rows and positions.
        capture: makes of the step what repeats it; on CUDA a graph (`capture_graph`).
    """

    def __init__(self, model: Transformer, size: Size, capture: Callable[[Run], Run]) -> None:
        config, weight = model.config, model.tgt_embedding.weight
        n_layers = config.n_decoder_layers
        self.size = size
        self._model = model

        def keys_values(positions: int) -> tuple[KeysValues, ...]:
            shape = size.rows, config.n_heads, positions, config.d_model // config.n_heads
            both = [(weight.new_zeros(shape), weight.new_zeros(shape)) for _ in range(n_layers)]
            return tuple(both)

        self.own, self.cross = keys_values(size.target), keys_values(size.source)
        # Rows that are not used attend to everything: a softmax over nothing is not a number.
        shape = size.rows, size.source
        self.src_mask = torch.ones(shape, dtype=torch.bool, device=weight.device)
        self.prev_ids = torch.zeros(size.rows, dtype=torch.long, device=weight.device)
        self.positions = torch.zeros(size.rows, dtype=torch.long, device=weight.device)
        sinusoids = sinusoidal_positions(size.target, config.d_model, weight.device)
        self._sinusoids = sinusoids.to(weight.dtype)
        self._rows = torch.arange(size.rows, device=weight.device)
        self._columns = torch.arange(size.target, device=weight.device)
        self.log_probs = self.attention = weight.new_zeros(0)
        self.run = capture(self._step)

    def _step(self) -> None:
        """Reads `prev_ids` at `positions`; writes `log_probs` [R, V] and `attention` [R, S]."""
        model, mask = self._model, self.src_mask[:, None, None, :]
        x = model.tgt_embedding(self.prev_ids[:, None]) * model.config.d_model**0.5
        x = x + self._sinusoids.index_select(0, self.positions)[:, None]
        past = (self._columns <= self.positions[:, None])[:, None, None, :]
        for index, layer in enumerate(model.decoder_layers):
            x, query = self._layer(layer, x, self.own[index], past, self.cross[index], mask)
            if index == model.alignment_layer:
                keys = self.cross[index][0]
                self.attention = model.alignment(query, keys, self.src_mask)[:, 0]
        logits = model.project(model.decoder_norm(x)[:, 0])
        self.log_probs = torch.log_softmax(logits.float(), dim=-1)

    def _layer(
        self,
        layer: DecoderLayer,
        x: Tensor,
        own: KeysValues,
        past: Tensor,
        cross: KeysValues,
        mask: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Gives the layer's output [R, 1, D] and its cross query; see `DecoderLayer.forward`."""
        y = layer.attention_norm(x)
        for table, new in zip(own, layer.attention.project_memory(y), strict=True):
            table[self._rows, :, self.positions] = new[:, :, 0]
        x = x + layer.attention(y, *own, past)
        query = layer.cross_norm(x)
        x = x + layer.cross(query, *cross, mask)
        return x + layer.feed_forward(layer.feed_forward_norm(x)), query

    def take_source(self, cross: Sequence[KeysValues], src_mask: Tensor, first: int = 0) -> None:
        """Writes keys and values of N sources into N rows from `first` on."""
        length, rows = src_mask.size(1), slice(first, first + src_mask.size(0))
        for tables, values in zip(self.cross, cross, strict=True):
            for table, value in zip(tables, values, strict=True):
                table[rows, :, :length].copy_(value)
        self.src_mask[rows].fill_(False)
        self.src_mask[rows, :length].copy_(src_mask)

    def take_target(self, own: Sequence[KeysValues], rows: Tensor, length: int) -> None:
        """Writes the first `length` positions of `rows` of other tables, or of these."""
        for tables, others in zip(self.own, own, strict=True):
            for table, other in zip(tables, others, strict=True):
                chosen = other.narrow(2, 0, length).index_select(0, rows)
                table[: len(rows), :, :length].copy_(chosen)


@dataclass(frozen=True)
class FixedState:
    """Where the rows of a search are; the tables change with every step."""

    tables: Tables
    lengths: Tensor
    """[N] target pieces consumed so far; they stand at the start of the tables' rows."""
    longest: int
    """No length is larger."""
    src_length: int
    source: Tensor
    """[N] which row of `start` each hypothesis translates."""


class FixedShapes:
    """A `StepModel` that computes what the Transformer does; one search at a time.

    What starts is the network's own state; it comes into tables with the first step or by joining.

    Args:
        model: the network, in evaluation mode.
        capture: see `Tables`; on a CPU the step itself, `lambda step: step`.
    """

    def __init__(self, model: Transformer, capture: Callable[[Run], Run]) -> None:
        self._model = model
        self._capture = capture
        self._tables: OrderedDict[Size, Tables] = OrderedDict()

    def _of(self, size: Size) -> Tables:
        tables = self._tables.pop(size, None) or Tables(self._model, size, self._capture)
        self._tables[size] = tables
        if len(self._tables) > KEPT:
            self._tables.popitem(last=False)
        return tables

    def start(self, src_ids: Tensor, src_mask: Tensor) -> TransformerState:
        """See `StepModel.start`."""
        return self._model.start(src_ids, src_mask)

    def step(self, state: FixedState | TransformerState, prev_ids: Tensor) -> StepOutput:
        """See `StepModel.step`."""
        n_rows = len(prev_ids)
        if isinstance(state, TransformerState):
            state = self._placed(state)
        if state.longest == state.tables.size.target:
            size = Size.for_at_least(n_rows, state.src_length, state.longest + 1)
            state = self._moved(state, torch.arange(n_rows, device=prev_ids.device), size)
        tables = state.tables
        tables.prev_ids[:n_rows].copy_(prev_ids)
        tables.positions[:n_rows].copy_(state.lengths)
        tables.run()
        attention = tables.attention[:n_rows, : state.src_length].clone()
        after = replace(state, lengths=state.lengths + 1, longest=state.longest + 1)
        return StepOutput(tables.log_probs[:n_rows], after, attention)

    def _placed(self, started: TransformerState) -> FixedState:
        """Gives in tables what has just started."""
        n_rows, src_length = started.src_mask.shape
        tables = self._of(Size.for_at_least(n_rows, src_length, 1))
        tables.take_source(started.cross, started.src_mask)
        lengths = torch.zeros_like(started.source)
        return FixedState(tables, lengths, 0, src_length, started.source)

    def reorder(
        self, state: FixedState | TransformerState, rows: Tensor
    ) -> FixedState | TransformerState:
        """See `StepModel.reorder`."""
        if isinstance(state, TransformerState):
            return self._model.reorder(state, rows)
        wanted = Size.for_at_least(len(rows), state.src_length, state.longest + 1)
        if wanted.rows != state.tables.size.rows:
            return self._moved(state, rows, wanted)
        source = state.source.index_select(0, rows)
        state.tables.take_target(state.tables.own, rows, state.longest)
        if not torch.equal(source, state.source):
            self._move_source(state, rows, state.tables)
        return replace(state, lengths=state.lengths.index_select(0, rows), source=source)

    def join(self, state: FixedState, started: TransformerState) -> FixedState:
        """See `StepModel.join`."""
        n_old, n_new = len(state.source), len(started.source)
        old_mask = state.tables.src_mask[:n_old, : state.src_length]
        src_length, longest = longest_row(old_mask, started.src_mask), int(state.lengths.max())
        state = replace(state, longest=longest, src_length=src_length)
        size = Size.for_at_least(n_old + n_new, src_length, longest + 1)
        if size != state.tables.size:
            state = self._moved(state, torch.arange(n_old, device=old_mask.device), size)
        width = min(src_length, started.src_mask.size(1))
        cross = [(keys[:, :, :width], values[:, :, :width]) for keys, values in started.cross]
        state.tables.take_source(cross, started.src_mask[:, :width], first=n_old)
        return replace(
            state,
            lengths=torch.cat([state.lengths, torch.zeros_like(started.source)]),
            source=torch.cat([state.source, started.source + state.source.max() + 1]),
        )

    def _moved(self, state: FixedState, rows: Tensor, size: Size) -> FixedState:
        """Gives `rows` of a state in tables of another size."""
        tables = self._of(size)
        tables.take_target(state.tables.own, rows, state.longest)
        self._move_source(state, rows, tables)
        lengths, source = state.lengths.index_select(0, rows), state.source.index_select(0, rows)
        return replace(state, tables=tables, lengths=lengths, source=source)

    def _move_source(self, state: FixedState, rows: Tensor, tables: Tables) -> None:
        length = state.src_length
        cross = [
            (keys[:, :, :length].index_select(0, rows), values[:, :, :length].index_select(0, rows))
            for keys, values in state.tables.cross
        ]
        tables.take_source(cross, state.tables.src_mask[:, :length].index_select(0, rows))


def capture_graph(step: Run) -> Run:
    """Captures a step as a CUDA graph and gives what replays it (PyTorch, CUDA semantics).

    The step runs three times before, on another stream, so that libraries set themselves up.
    """
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()
    replay: Run = graph.replay
    return replay


def _power_of_two(number: int, least: int) -> int:
    return max(least, 1 << (number - 1).bit_length())
