"""Settings: strict keys, types and ranges, with messages that say what to do."""

import pytest

from nmt.config import (
    RnnConfig,
    SearchConfig,
    TransformerConfig,
    build,
    build_model_config,
    to_dict,
)
from nmt.errors import ConfigError


def test_config_unknown_key_names_the_closest() -> None:
    with pytest.raises(
        ConfigError, match=r"unknown setting search\.beamsize; did you mean beam_size"
    ):
        build(SearchConfig, {"beamsize": 3}, "search")


def test_config_missing_key_is_named() -> None:
    with pytest.raises(ConfigError, match=r"setting model\.tgt_vocab_size is missing"):
        build(RnnConfig, {"src_vocab_size": 4}, "model")


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"beam_size": "4"}, r"search\.beam_size is '4'; give a value of type int"),
        ({"beam_size": True}, r"search\.beam_size is True; give a value of type int"),
        ({"beam_size": 0}, r"beam_size is 0; allowed: a number above 0"),
        ({"beam_size": 65}, r"beam_size is 65; allowed: 1 to 64"),
        ({"n_best": 5}, r"n_best is 5; allowed: 1 to beam_size, which is 4"),
        ({"top_p": 0.0}, r"top_p is 0.0; allowed: 0 < top_p"),
        ({"min_length": -1}, r"min_length is -1; allowed: 0 or more"),
    ],
)
def test_config_search_refuses(mapping: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        build(SearchConfig, mapping, "search")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"d_model": 15}, "d_model is 15; a bidirectional encoder needs an even number"),
        ({"input_feeding": True}, "input_feeding needs attention = 'luong', not 'none'"),
        ({"n_encoder_layers": 5}, "n_encoder_layers is 5; allowed: 1 to 4"),
        ({"dropout": 1.0}, "dropout is 1.0; allowed: 0 ≤ dropout < 1"),
        ({"cell": "sru"}, r"model\.cell is 'sru'; allowed: 'rnn', 'gru', 'lstm'"),
    ],
)
def test_config_rnn_refuses(settings: dict[str, object], message: str) -> None:
    mapping = {"architecture": "rnn", "src_vocab_size": 9, "tgt_vocab_size": 9, **settings}
    with pytest.raises(ConfigError, match=message):
        build_model_config(mapping)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"d_model": 12, "n_heads": 4}, "d_model must be an even multiple of n_heads"),
        ({"alignment_layer": 2}, "alignment_layer is 2; allowed: -2 to 1"),
        ({"alignment_head": 4}, "alignment_head is 4; allowed: 0 to 3, or none"),
        ({"d_model": 2, "n_heads": 1}, "d_model is 2; allowed: 4 or more"),
    ],
)
def test_config_transformer_refuses(settings: dict[str, object], message: str) -> None:
    mapping = {"architecture": "transformer", "src_vocab_size": 9, "tgt_vocab_size": 9, **settings}
    with pytest.raises(ConfigError, match=message):
        build_model_config(mapping)


def test_config_architecture_must_be_known() -> None:
    with pytest.raises(ConfigError, match=r"architecture is 'cnn'; allowed: rnn, transformer"):
        build_model_config({"architecture": "cnn"})


def test_config_survives_json() -> None:
    config = TransformerConfig(9, 9, alignment_head=1)
    assert build_model_config(to_dict(config)) == config


def test_config_whole_number_is_taken_as_float() -> None:
    assert build(SearchConfig, {"length_penalty": 1}, "search").length_penalty == 1.0


def test_config_length_limit_is_bounded() -> None:
    search = SearchConfig(max_length_ratio=2.0, max_length_extra=10, max_length=50)
    assert [search.length_limit(n) for n in (0, 5, 20, 500)] == [10, 20, 50, 50]
