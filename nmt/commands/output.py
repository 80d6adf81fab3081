"""Where translations go: their formats, and files that are complete or not there."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from nmt.translation import SentenceTranslation, Token, Translation

_BREAKS = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_TAB_OR_BREAK = re.compile(r"[\t\r\n\v\f\x1c-\x1e\x85\u2028\u2029]+")
_WEIGHT_DIGITS = 6

Formatter = Callable[[Translation], str]


class OutputClosed(Exception):
    """The reader of our output has gone (a broken pipe): there is nothing more to do."""


def as_text(translation: Translation) -> str:
    """The translation on one line."""
    return _BREAKS.sub(" ", translation.text)


def as_tsv(translation: Translation) -> str:
    """Source, translation, score and flags, then alternatives; tabs in them become spaces."""
    score = "" if translation.score is None else f"{translation.score:.4f}"
    cells = [
        translation.source, translation.text, score, ",".join(translation.flags),
        *translation.alternatives,
    ]  # fmt: skip
    return "\t".join(_TAB_OR_BREAK.sub(" ", cell) for cell in cells)


def as_json(translation: Translation) -> str:
    """One JSON object, without tokens and attention."""
    return _dump(_json_object(translation, _sentence_object))


def as_json_with_attention(translation: Translation) -> str:
    """One JSON object; sentences carry their tokens and attention."""
    return _dump(_json_object(translation, _sentence_object_with_attention))


def _dump(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False)


def _json_object(
    translation: Translation, sentence_object: Callable[[SentenceTranslation], dict[str, Any]]
) -> dict[str, Any]:
    content: dict[str, Any] = {
        "source": translation.source,
        "translation": translation.text,
        "score": translation.score,
        "sentences": [sentence_object(sentence) for sentence in translation.sentences],
        "flags": list(translation.flags),
    }
    if translation.alternatives:
        content["alternatives"] = list(translation.alternatives)
    return content


def _sentence_object(sentence: SentenceTranslation) -> dict[str, Any]:
    content: dict[str, Any] = {
        "source": sentence.source,
        "start": sentence.start,
        "end": sentence.end,
        "text": sentence.text,
        "score": sentence.score,
        "flags": list(sentence.flags),
    }
    if sentence.alternatives:
        content["alternatives"] = [
            {"text": other.text, "score": other.score} for other in sentence.alternatives
        ]
    return content


def _sentence_object_with_attention(sentence: SentenceTranslation) -> dict[str, Any]:
    rows = sentence.attention
    return _sentence_object(sentence) | {
        "source_tokens": [_token_object(token) for token in sentence.source_tokens],
        "target_tokens": [_token_object(token) for token in sentence.target_tokens],
        "attention": rows and [[round(w, _WEIGHT_DIGITS) for w in row] for row in rows],
    }


def _token_object(token: Token) -> dict[str, Any]:
    return {"text": token.text, "start": token.start, "end": token.end}


class LineWriter:
    """Writes lines in UTF-8 and hands them on at once when asked."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def write(self, lines: list[str]) -> None:
        """Writes the lines and flushes.

        Raises:
            OutputClosed: nobody reads the output any more.
        """
        content = "".join(f"{line}\n" for line in lines).encode("utf-8", "replace")
        try:
            self._stream.write(content)
            self._stream.flush()
        except BrokenPipeError as error:
            raise OutputClosed from error


@contextmanager
def open_output(path: Path | None) -> Iterator[LineWriter]:
    """Gives a writer to stdout, or to a file that takes its name only when it is complete.

    A file in the making is called `NAME.part`; it stays where the work fails.
    """
    if path is None:
        yield LineWriter(sys.stdout.buffer)
    elif path.exists() and not path.is_file():
        with path.open("wb") as stream:
            yield LineWriter(stream)
    else:
        part = path.with_name(path.name + ".part")
        with part.open("wb") as stream:
            yield LineWriter(stream)
        os.replace(part, path)
