"""Model and search settings: frozen, validated, read strictly from TOML or JSON."""

from __future__ import annotations

import dataclasses
import difflib
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from nmt.errors import ConfigError

T = TypeVar("T")


def _closest(key: str, known: list[str]) -> str:
    match = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
    return match[0] if match else ""


def _convert(hint: Any, value: Any, where: str) -> Any:
    """Returns `value` as the annotated type `hint`; ConfigError where it does not fit."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        if value not in args:
            allowed = ", ".join(repr(a) for a in args)
            raise ConfigError(f"{where} is {value!r}; allowed: {allowed}")
        return value
    if origin in (typing.Union, types.UnionType):
        if value is None and type(None) in args:
            return None
        return _convert(next(a for a in args if a is not type(None)), value, where)
    if origin is tuple:
        if not isinstance(value, (list, tuple)):
            raise ConfigError(f"{where} is {value!r}; give a list")
        return tuple(_convert(args[0], item, f"{where}[{i}]") for i, item in enumerate(value))
    if origin is dict:
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} is {value!r}; give a table")
        return {k: _convert(args[1], v, f"{where}.{k}") for k, v in value.items()}
    if dataclasses.is_dataclass(hint):
        return value if isinstance(value, typing.cast(type, hint)) else build(hint, value, where)
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if hint is Any:
        return value
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ConfigError(f"{where} is {value!r}; give a value of type {hint.__name__}")
    return value


def build(cls: type[T] | Any, mapping: Mapping[str, Any], where: str = "") -> T:
    """Builds a settings dataclass from a mapping; every key must be known.

    Args:
        cls: a frozen dataclass, possibly with dataclasses as fields.
        mapping: e.g. a parsed TOML table.
        where: the table's name for messages, e.g. `train`.

    Raises:
        ConfigError: an unknown key (names the closest known one), a missing key, a wrong type
            or a value out of range.
    """
    if not isinstance(mapping, Mapping):
        raise ConfigError(f"[{where}] is {mapping!r}; give a table")
    fields = {f.name: f for f in dataclasses.fields(typing.cast(Any, cls)) if f.init}
    hints = typing.get_type_hints(cls)
    values = {}
    for key, value in mapping.items():
        name = f"{where}.{key}" if where else key
        if key not in fields:
            raise ConfigError(
                f"unknown setting {name}; did you mean {_closest(key, list(fields))}? "
                f"Known: {', '.join(fields)}"
            )
        values[key] = _convert(hints[key], value, name)
    for name, field in fields.items():
        needed = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if needed and name not in values:
            raise ConfigError(f"setting {where + '.' if where else ''}{name} is missing")
    return typing.cast(T, cls(**values))


def to_dict(config: Any) -> dict[str, Any]:
    """Gives a settings dataclass as plain JSON-ready values."""
    return dataclasses.asdict(config)


def require(condition: bool, message: str) -> None:
    """Raises ConfigError with `message` unless `condition` holds."""
    if not condition:
        raise ConfigError(message)


def _check_rate(name: str, value: float) -> None:
    require(0.0 <= value < 1.0, f"{name} is {value}; allowed: 0 ≤ {name} < 1")


def _check_positive(config: Any, *names: str) -> None:
    for name in names:
        value = getattr(config, name)
        require(value > 0, f"{name} is {value}; allowed: a number above 0")


@dataclass(frozen=True)
class RnnConfig:
    """Recurrent encoder–decoder (Sutskever 2014; Bahdanau 2015; Luong 2015)."""

    src_vocab_size: int
    """Rows of the source embedding."""
    tgt_vocab_size: int
    """Rows of the target embedding and of the output layer."""
    architecture: Literal["rnn"] = "rnn"
    cell: Literal["rnn", "gru", "lstm"] = "lstm"
    """Recurrent cell of encoder and decoder; `rnn` is Elman's with tanh."""
    attention: Literal["none", "bahdanau", "luong"] = "none"
    luong_score: Literal["dot", "general", "concat"] = "general"
    """Score function of Luong attention (Luong 2015, section 3.1)."""
    input_feeding: bool = False
    """Feed h̃ of the last step into the decoder's input (Luong 2015, section 3.3)."""
    d_embed: int = 256
    d_model: int = 256
    """Width of the encoder's output (both directions together) and of the decoder's state."""
    n_encoder_layers: int = 2
    n_decoder_layers: int = 2
    bidirectional: bool = True
    residual: bool = False
    """Add each encoder layer's input to its output (Wu 2016, section 3.1), the embedding too
    where it is as wide; attention then sees the words themselves beside their context."""
    dropout: float = 0.2
    tie_output: bool = True
    """Share the target embedding with the output layer (Press and Wolf 2017)."""

    def __post_init__(self) -> None:
        _check_positive(self, "src_vocab_size", "tgt_vocab_size", "d_embed", "d_model")
        for name in ("n_encoder_layers", "n_decoder_layers"):
            value = getattr(self, name)
            require(1 <= value <= 4, f"{name} is {value}; allowed: 1 to 4")
        require(
            not self.bidirectional or self.d_model % 2 == 0,
            f"d_model is {self.d_model}; a bidirectional encoder needs an even number",
        )
        require(
            not self.input_feeding or self.attention == "luong",
            f"input_feeding needs attention = 'luong', not {self.attention!r}",
        )
        _check_rate("dropout", self.dropout)


@dataclass(frozen=True)
class TransformerConfig:
    """Pre-norm Transformer (Vaswani 2017; Xiong 2020), deep encoder and shallow decoder allowed."""

    src_vocab_size: int
    """Rows of the source embedding."""
    tgt_vocab_size: int
    """Rows of the target embedding, tied to the output layer."""
    architecture: Literal["transformer"] = "transformer"
    d_model: int = 256
    d_ff: int = 1024
    n_heads: int = 4
    n_encoder_layers: int = 6
    n_decoder_layers: int = 2
    dropout: float = 0.1
    attention_dropout: float = 0.0
    alignment_layer: int = -1
    """Decoder layer whose cross-attention is put out (negative counts from the last)."""
    alignment_head: int | None = None
    """Head of that layer that is put out; none averages all its heads."""

    def __post_init__(self) -> None:
        _check_positive(
            self, "src_vocab_size", "tgt_vocab_size", "d_model", "d_ff", "n_heads",
            "n_encoder_layers", "n_decoder_layers",
        )  # fmt: skip
        require(self.d_model >= 4, f"d_model is {self.d_model}; allowed: 4 or more")
        require(
            self.d_model % (2 * self.n_heads) == 0,
            f"d_model is {self.d_model} and n_heads is {self.n_heads}; "
            "d_model must be an even multiple of n_heads",
        )
        layers, heads = self.n_decoder_layers, self.n_heads
        require(
            -layers <= self.alignment_layer < layers,
            f"alignment_layer is {self.alignment_layer}; allowed: {-layers} to {layers - 1}",
        )
        require(
            self.alignment_head is None or 0 <= self.alignment_head < heads,
            f"alignment_head is {self.alignment_head}; allowed: 0 to {heads - 1}, or none",
        )
        _check_rate("dropout", self.dropout)
        _check_rate("attention_dropout", self.attention_dropout)


ModelConfig = RnnConfig | TransformerConfig


def build_model_config(mapping: Mapping[str, Any]) -> ModelConfig:
    """Builds the settings of the architecture that `mapping["architecture"]` names."""
    kinds: dict[Any, type[RnnConfig] | type[TransformerConfig]] = {
        "rnn": RnnConfig,
        "transformer": TransformerConfig,
    }
    name = mapping.get("architecture")
    if name not in kinds:
        raise ConfigError(f"model.architecture is {name!r}; allowed: {', '.join(kinds)}")
    return build(kinds[name], mapping, "model")


@dataclass(frozen=True)
class SearchConfig:
    """How a translation is searched for; defaults travel in the bundle."""

    beam_size: int = 4
    """1 is greedy."""
    n_best: int = 1
    """Hypotheses returned per sentence, at most beam_size (or any number when sampling)."""
    length_penalty: float = 1.0
    """α of Wu 2016, equation 14: score = log P / ((5 + length) / 6)^α."""
    coverage_penalty: float = 0.0
    """β of Wu 2016, equation 14; needs a model with attention."""
    no_repeat_ngram: int = 0
    """No n-gram of this many pieces occurs twice; 0 is off."""
    repetition_penalty: float = 1.0
    """Divides the probability of pieces already put out (Keskar 2019); 1 is off."""
    min_length: int = 0
    """Pieces before the end piece is allowed."""
    max_length_ratio: float = 2.0
    """At most ratio × source pieces + max_length_extra pieces are put out."""
    max_length_extra: int = 10
    max_length: int = 256
    """Hard limit in pieces."""
    sampling: bool = False
    """Draw from the model instead of searching for the best."""
    temperature: float = 1.0
    top_k: int = 0
    """Sample from the k most probable pieces only; 0 is all."""
    top_p: float = 1.0
    """Sample from the smallest set with this probability mass (Holtzman 2020)."""
    seed: int = 0

    def __post_init__(self) -> None:
        _check_positive(
            self, "beam_size", "n_best", "repetition_penalty", "max_length_ratio", "max_length",
            "temperature",
        )  # fmt: skip
        require(self.beam_size <= 64, f"beam_size is {self.beam_size}; allowed: 1 to 64")
        require(
            self.sampling or self.n_best <= self.beam_size,
            f"n_best is {self.n_best}; allowed: 1 to beam_size, which is {self.beam_size}",
        )
        require(0.0 < self.top_p <= 1.0, f"top_p is {self.top_p}; allowed: 0 < top_p ≤ 1")
        for name in ("length_penalty", "coverage_penalty", "no_repeat_ngram", "min_length",
                     "max_length_extra", "top_k"):  # fmt: skip
            value = getattr(self, name)
            require(value >= 0, f"{name} is {value}; allowed: 0 or more")

    def length_limit(self, src_length: int) -> int:
        """Most pieces a translation of `src_length` source pieces may have."""
        return min(self.max_length, int(self.max_length_ratio * src_length) + self.max_length_extra)
