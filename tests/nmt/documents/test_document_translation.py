"""A document through a translator: chunks, progress, cancelling, resuming."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from nmt.config import SearchConfig
from nmt.documents import Progress, count_chars, open_document, translate_document
from nmt.streaming import FIRST_CHARS
from nmt.translation import TranslateOptions, Translation
from nmt.translator import Translator

MakeTranslator = Callable[[Callable[[str, SearchConfig], Sequence[str]]], Translator]


class Recorder:
    """Translates a text into its length, and notes what it is asked."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.options: list[TranslateOptions | None] = []

    def translate(
        self, texts: Sequence[str], options: TranslateOptions | None = None
    ) -> list[Translation]:
        self.calls.append(list(texts))
        self.options.append(options)
        return [Translation(text, f"T{len(text)}", None, (), ()) for text in texts]


LONG = "\n".join(f"줄 {n} " + "가" * 200 for n in range(20)).encode()


class Stop(Exception):
    pass


def test_only_korean_is_translated_and_equal_texts_once() -> None:
    translator = Recorder()
    document = open_document("가나\nabc\n123\n가나\n다 라".encode(), "a.txt")
    assert translate_document(document, translator) == b"T2\nabc\n123\nT2\nT3"
    assert translator.calls == [["가나", "다 라"]]
    assert count_chars(document) == 13


def test_options_reach_the_translator() -> None:
    translator = Recorder()
    options = TranslateOptions(beam_size=1)
    translate_document(open_document("가".encode()), translator, options)
    assert translator.options == [options]


def test_progress_is_reported_before_and_after_each_chunk() -> None:
    reports: list[Progress] = []
    translator = Recorder()
    document = open_document(LONG, "a.txt")
    translate_document(document, translator, on_progress=reports.append)
    assert reports[0].n_done == 0
    assert reports[-1].n_done == reports[-1].n_total == 20
    assert len(reports) == len(translator.calls) + 1 > 3
    assert sum(map(len, translator.calls[0])) < 2 * FIRST_CHARS
    merged = {text: found for report in reports for text, found in report.new.items()}
    assert list(merged) == list(document.segments())


def test_stopped_work_is_resumed_where_it_was() -> None:
    done: dict[str, str] = {}

    def stop_late(progress: Progress) -> None:
        done.update(progress.new)
        if progress.n_done > 10:
            raise Stop

    first, second = Recorder(), Recorder()
    document = open_document(LONG, "a.txt")
    with pytest.raises(Stop):
        translate_document(document, first, on_progress=stop_late)
    reports: list[Progress] = []
    resumed = translate_document(document, second, on_progress=reports.append, resume_from=done)
    assert resumed == translate_document(document, Recorder())
    asked = [text for call in [*first.calls, *second.calls] for text in call]
    assert sorted(asked) == sorted(document.segments())
    assert reports[0].n_done == len(done) > 10


def test_tags_go_through_a_real_translator(scripted_translator: MakeTranslator) -> None:
    translator = scripted_translator(lambda text, _: ["Click ⟦0⟧here⟦1⟧ now."])
    document = open_document('<p>지금 <a href="x">여기</a>를 누르세요.</p>'.encode(), "a.html")
    assert translate_document(document, translator) == (b'<p>Click <a href="x">here</a> now.</p>')


def test_text_whose_tags_a_model_loses_is_translated_without(
    scripted_translator: MakeTranslator,
) -> None:
    translator = scripted_translator(
        lambda text, _: ["Click now." if "⟦" in text else "Click right here now."]
    )
    document = open_document('<p>지금 <a href="x">여기</a>를 누르세요.</p>'.encode(), "a.html")
    assert translate_document(document, translator) == (
        b'<p>Click <a href="x">right</a> here now.</p>'
    )
