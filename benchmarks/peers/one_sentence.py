"""A model for MiniSBD, Argos's sentence splitter, that takes every text for one sentence.

MiniSBD's own model for Korean is downloaded when a package is first used. Where it cannot be, this
one takes its place: it is right for texts of one sentence, and its network is a single operation
that changes shapes, so that splitting costs less than with the real one.

The file is ONNX, which is a protocol buffer; so few of its fields are needed that they are written
here by hand (field numbers: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto).
"""

import json

INT64, FLOAT, INTS = 7, 1, 7
"""Types of tensors (first two) and of attributes."""
IR_VERSION, OPSET = 7, 11
CONFIG = {"max_seqlen": 1000, "batch_size": 1, "feat_funcs": []}
"""No features of characters: the network would not look at them."""
VOCABULARY = {"lang": "ko", "_unit2id": {"<PAD>": 0, "<UNK>": 1}, "_id2unit": ["<PAD>", "<UNK>"]}


def splitter_model() -> bytes:
    """Gives the model: units [batch, chars] → one class [batch, chars, 1], "goes on" everywhere.

    MiniSBD itself ends a sentence at the last character.
    """
    axes = _field(1, "axes") + _field(8, 2) + _field(20, INTS)
    node = _field(1, "units") + _field(2, "output") + _field(4, "Unsqueeze") + _field(5, axes)
    graph = (
        _field(1, node)
        + _field(2, "one_sentence")
        + _field(11, _tensor("units", INT64, ("batch", "chars")))
        + _field(11, _tensor("features", FLOAT, ("batch", "chars", "n_features")))
        + _field(12, _tensor("output", INT64, ("batch", "chars", "classes")))
    )
    metadata = {"lang_code": "ko", "config": json.dumps(CONFIG), "vocab": json.dumps(VOCABULARY)}
    return (
        _field(1, IR_VERSION)
        + _field(7, graph)
        + _field(8, _field(1, "") + _field(2, OPSET))
        + b"".join(_field(14, _field(1, k) + _field(2, v)) for k, v in metadata.items())
    )


def _tensor(name: str, kind: int, dimensions: tuple[str, ...]) -> bytes:
    shape = b"".join(_field(1, _field(2, dimension)) for dimension in dimensions)
    return _field(1, name) + _field(2, _field(1, _field(1, kind) + _field(2, shape)))


def _field(number: int, content: int | str | bytes) -> bytes:
    """Gives a field of a protocol buffer: a number, or bytes with their length."""
    if isinstance(content, int):
        return _varint(number << 3) + _varint(content)
    content = content.encode() if isinstance(content, str) else content
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    """Gives a number in groups of seven bits, the lowest first."""
    groups = []
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*groups, value])
