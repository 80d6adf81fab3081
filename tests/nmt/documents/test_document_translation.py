"""A document through a translator: chunks, progress, cancelling, resuming."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence

import docx
import pytest

from nmt.config import SearchConfig
from nmt.documents import Progress, count_chars, open_document, translate_document
from nmt.streaming import FIRST_CHARS
from nmt.translation import SentenceTranslation, Token, TranslateOptions, Translation
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


def test_small_chunks_are_reported_more_often() -> None:
    translator = Recorder()
    translate_document(open_document(LONG, "a.txt"), translator, chunk_chars=500)
    sizes = [sum(map(len, call)) for call in translator.calls]
    assert len(sizes) == 7 and max(sizes) < 500 + 210


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


def test_real_translator_sees_no_tags_and_they_come_back(
    scripted_translator: MakeTranslator,
) -> None:
    asked: list[str] = []

    def script(text: str, _: SearchConfig) -> list[str]:
        asked.append(text)
        return ["Click here now."]

    document = open_document('<p>지금 <a href="x">여기</a>를 누르세요.</p>'.encode(), "a.html")
    assert translate_document(document, scripted_translator(script)) == (
        b'<p><a href="x">Click</a> here now.</p>'
    )
    assert asked == ["지금 여기를 누르세요."]


class Backwards:
    """Translates words into their numbers, last word first, and tells so by its attention."""

    def __init__(self) -> None:
        self.calls: list[tuple[list[str], bool]] = []

    def translate(
        self, texts: Sequence[str], options: TranslateOptions | None = None
    ) -> list[Translation]:
        attention = bool(options and options.attention)
        self.calls.append((list(texts), attention))
        return [self._translation(text, attention) for text in texts]

    def _translation(self, text: str, attention: bool) -> Translation:
        words = [Token(m[0], *m.span()) for m in re.finditer(r"<\S+>|[^\s<>]+", text)]
        names = [w.text if "<" in w.text else f"w{n}" for n, w in enumerate(words)][::-1]
        joined = " ".join(names)
        found = [Token(m[0], *m.span()) for m in re.finditer(r"\S+", joined)]
        rows = [
            [float(k == len(words) - 1 - n) for k in range(len(words))] for n in range(len(words))
        ]
        sentence = SentenceTranslation(
            text, 0, len(text), joined, -1.0, source_tokens=tuple(words) if attention else (),
            target_tokens=tuple(found) if attention else (),
            attention=tuple(map(tuple, rows)) if attention else None,
        )  # fmt: skip
        return Translation(text, joined, -1.0, (sentence,), ())


def test_only_texts_with_pairs_of_tags_are_asked_with_attention() -> None:
    translator = Backwards()
    page = "<p>하나 둘</p><p>셋 <b>넷</b> 다섯</p><p>여섯 <img src=x> 일곱</p>"
    done = translate_document(open_document(page.encode(), "a.html"), translator).decode()
    assert done == "<p>w1 w0</p><p>w2 <b>w1</b> w0</p><p>w2 <img src=x> w0</p>"
    assert translator.calls == [
        (["하나 둘", "여섯 <g1/> 일곱"], False),
        (["셋 넷 다섯"], True),
    ]


def test_tags_go_where_their_words_go() -> None:
    page = '<p>하나 <b>둘 <a href="x">셋</a></b> 넷 <i>다섯</i></p>'
    done = translate_document(open_document(page.encode(), "a.html"), Backwards()).decode()
    assert done == '<p><i>w4</i> w3 <b><a href="x">w2</a> w1</b> w0</p>'


def test_tags_in_texts_of_other_formats_go_with_their_words() -> None:
    data = '{"a": "하나 <b>둘</b> 셋"}'.encode()
    done = translate_document(open_document(data, "a.json"), Backwards())
    assert done == b'{"a": "w2 <b>w1</b> w0"}'


def test_bold_run_goes_where_its_words_go() -> None:
    document = docx.Document()
    paragraph = document.add_paragraph("나는 ")
    paragraph.add_run("굵은").bold = True
    paragraph.add_run(" 글씨를 아주 좋아한다")
    file = io.BytesIO()
    document.save(file)
    done = translate_document(open_document(file.getvalue(), "a.docx"), Backwards())
    (found,) = docx.Document(io.BytesIO(done)).paragraphs
    assert [(run.text, run.bold) for run in found.runs] == [
        ("w4 w3 w2 ", None),
        ("w1", True),
        (" w0", None),
    ]
