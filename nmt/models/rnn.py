"""Recurrent encoder–decoder without attention, with Bahdanau's or with Luong's.

- none: s_t = cell(s_{t-1}, [y_{t-1}; c]), h̃_t = tanh(W [c; s_t]), c one vector for the whole
  source, the mean of its states, at every step and in the output (Cho 2014, equations 7 and 9)
- bahdanau: c_t from s_{t-1}; s_t = cell(s_{t-1}, [y_{t-1}; c_t]);
  h̃_t = tanh(W [s_t; c_t; y_{t-1}]) (Bahdanau 2015, A.2.2)
- luong: s_t = cell(s_{t-1}, y_{t-1}), with input feeding cell(s_{t-1}, [y_{t-1}; h̃_{t-1}]);
  c_t from s_t; h̃_t = tanh(W [c_t; s_t]) (Luong 2015, equation 5)
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from nmt.config import RnnConfig
from nmt.models.attention import attend, build_attention
from nmt.models.base import Seq2Seq
from nmt.models.rnn_encoder import CELLS, RnnEncoder
from nmt.models.rnn_state import RnnState
from nmt.models.seats import Seats


class RnnSeq2Seq(Seq2Seq):
    """Encoder, bridge, decoder cell, attention and output layer."""

    def __init__(self, config: RnnConfig) -> None:
        super().__init__()
        self.config: RnnConfig = config
        width = config.d_model
        self.encoder = RnnEncoder(config)
        self.n_states = 2 if config.cell == "lstm" else 1
        self.bridge = nn.Linear(width, self.n_states * config.n_decoder_layers * width)
        self.embedding = nn.Embedding(config.tgt_vocab_size, config.d_embed)
        self.feeds_context = config.attention != "luong" or config.input_feeding
        self.cell = CELLS[config.cell](
            config.d_embed + (width if self.feeds_context else 0), width, config.n_decoder_layers,
            batch_first=True, dropout=config.dropout if config.n_decoder_layers > 1 else 0.0,
        )  # fmt: skip
        self.attention = None if config.attention == "none" else build_attention(config)
        joined = 2 * width + (config.d_embed if config.attention == "bahdanau" else 0)
        self.combine = nn.Linear(joined, width, bias=False)
        self.narrow = nn.Linear(width, config.d_embed, bias=False)
        self.output_weight = None
        if not config.tie_output:
            self.output_weight = nn.Parameter(torch.empty(config.tgt_vocab_size, config.d_embed))
        self.output_bias = nn.Parameter(torch.zeros(config.tgt_vocab_size))
        self.dropout = nn.Dropout(config.dropout)
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for name, parameter in self.named_parameters():
            if "weight_hh" in name:
                for gate in parameter.data.split(parameter.size(1)):
                    nn.init.orthogonal_(gate)
            elif "embedding" in name or name == "output_weight":
                nn.init.normal_(parameter, std=self.config.d_embed**-0.5)
            elif parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)
            else:
                nn.init.zeros_(parameter)
            if self.config.cell == "lstm" and "bias_ih" in name:
                gates = parameter.data.view(4, -1)
                gates[1] = 1.0  # forget gate open at the start (Jozefowicz 2015)

    def combine_context(self) -> Tensor:
        """Gives the part of W in W [c; s] that the context goes through, [d_model, d_model]."""
        if self.config.attention == "bahdanau":
            raise TypeError("Bahdanau's readout takes the state first; it has no such part")
        return self.combine.weight[:, : self.config.d_model]

    def start(self, src_ids: Tensor, src_mask: Tensor) -> RnnState:
        """See `Seq2Seq.start`."""
        memory, summary = self.encoder(src_ids, src_mask)
        bridged = torch.tanh(self.bridge(summary))
        shape = (self.n_states, self.config.n_decoder_layers, self.config.d_model)
        states = bridged.unflatten(-1, shape).permute(1, 2, 0, 3)
        keys = memory if self.attention is None else self.attention.prepare(memory)
        context = torch.zeros_like(summary)
        if self.config.attention == "none":
            context = memory.sum(dim=1) / src_mask.sum(dim=1, keepdim=True)
        source = torch.arange(src_ids.size(0), device=src_ids.device)
        hidden = tuple(s.contiguous() for s in states)
        seats = Seats(1, len(source), None)
        return RnnState(hidden, memory, keys, src_mask, context, source, seats)

    def _run_cell(self, x: Tensor, hidden: tuple[Tensor, ...]) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Gives outputs [N, T, D] and the states after them."""
        if self.n_states == 2:
            output, after = self.cell(x, hidden)
            return output, tuple(after)
        output, last = self.cell(x, hidden[0])
        return output, (last,)

    def attend(self, query: Tensor, state: RnnState) -> tuple[Tensor, Tensor]:
        """Gives contexts [N, T, M] and weights [N, T, S] of queries [N, T, D].

        M is the width of the state's memory.
        """
        if self.attention is None:
            raise TypeError("this model has no attention")
        scores = self.attention.scores(state.seats.together(query), state.keys)
        contexts, weights = attend(scores, state.memory, state.src_mask)
        return state.seats.apart(contexts), state.seats.apart(weights)

    def _decode(self, embedded: Tensor, state: RnnState) -> tuple[Tensor, RnnState, Tensor | None]:
        """Decodes [N, T, E] in one go where nothing of a step feeds the next but the cell.

        Gives hidden [N, T, D], the state after and weights [N, T, S]. Bahdanau's attention and
        input feeding allow T = 1 only.
        """
        kind = self.config.attention
        weights = None
        if kind == "bahdanau":
            context, weights = self.attend(state.hidden[0][-1][:, None], state)
            output, hidden = self._run_cell(torch.cat([embedded, context], -1), state.hidden)
            joined = torch.cat([output, context, embedded], -1)
        else:
            x = embedded
            if self.feeds_context:
                fed = state.context[:, None].expand(-1, embedded.size(1), -1)
                x = torch.cat([embedded, fed], -1)
            output, hidden = self._run_cell(x, state.hidden)
            if kind == "luong":
                context, weights = self.attend(output, state)
            else:
                context = state.context[:, None].expand_as(output)
            joined = torch.cat([context, output], -1)
        result = torch.tanh(self.combine(joined))
        fed_back = result[:, -1] if self.config.input_feeding else state.context
        return result, replace(state, hidden=hidden, context=fed_back), weights

    def decode_hidden(
        self, src_ids: Tensor, src_mask: Tensor, tgt_in: Tensor, need_attention: bool = False
    ) -> tuple[Tensor, Tensor | None]:
        """See `Seq2Seq.decode_hidden`."""
        state = self.start(src_ids, src_mask)
        embedded = self.dropout(self.embedding(tgt_in))
        if self.config.attention != "bahdanau" and not self.config.input_feeding:
            hidden, _, weights = self._decode(embedded, state)
            return self.dropout(hidden), weights
        steps, rows = [], []
        for t in range(tgt_in.size(1)):
            hidden, state, weights = self._decode(embedded[:, t : t + 1], state)
            steps.append(hidden)
            rows.append(weights)
        joined = torch.cat([r for r in rows if r is not None], dim=1)
        return self.dropout(torch.cat(steps, dim=1)), joined

    def project(self, hidden: Tensor) -> Tensor:
        """See `Seq2Seq.project`; tied to the target embedding unless told otherwise."""
        return functional.linear(self.narrow(hidden), self.output_table(), self.output_bias)

    def output_table(self) -> Tensor:
        """Gives the output layer's row for each target piece, [V, d_embed]."""
        return self.embedding.weight if self.output_weight is None else self.output_weight

    def advance(self, state: RnnState, prev_ids: Tensor) -> tuple[Tensor, RnnState, Tensor | None]:
        """See `Seq2Seq.advance`."""
        embedded = self.dropout(self.embedding(prev_ids[:, None]))
        hidden, state, weights = self._decode(embedded, state)
        return self.dropout(hidden[:, 0]), state, None if weights is None else weights[:, 0]

    def reorder(self, state: RnnState, rows: Tensor) -> RnnState:
        """See `Seq2Seq.reorder`."""
        return state.reordered(rows)

    def join(self, state: RnnState, started: RnnState) -> RnnState:
        """See `Seq2Seq.join`."""
        return state.joined(started)
