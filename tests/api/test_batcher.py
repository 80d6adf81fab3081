"""Sentences of several callers, one model."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import pytest

from api.batching import returning
from api.batching.batcher import Batcher, BatchLimits, BatchReport, Ticket
from api.batching.keys import Settings
from api.errors import OverloadedError, TranslationFailedError
from nmt.config import SearchConfig
from nmt.plan import SourceSentence
from nmt.translation import SentenceTranslation
from nmt.translator import Translator

MakeTranslator = Callable[[Callable[[str, SearchConfig], list[str]]], Translator]
SETTINGS = Settings(SearchConfig(beam_size=1))


@dataclass
class Gate:
    """Answers `EN <text>`; holds batches until it is opened, but for 빨리; fails on 실패."""

    entered: threading.Event = field(default_factory=threading.Event)
    opened: threading.Event = field(default_factory=threading.Event)
    batches: list[list[str]] = field(default_factory=list)

    def install(self, translator: Translator) -> Translator:
        search = translator.translate_sentences

        def slow(
            sentences: Sequence[SourceSentence], config: SearchConfig, attention: bool = False
        ) -> list[SentenceTranslation]:
            self.batches.append([sentence.source for sentence in sentences])
            self.entered.set()
            if "빨리" not in sentences[0].source:
                assert self.opened.wait(20)
            if any("실패" in sentence.source for sentence in sentences):
                raise MemoryError("out of memory")
            return search(sentences, config, attention)

        translator.translate_sentences = slow  # type: ignore[method-assign]
        return translator


@dataclass
class Scene:
    """A started batcher and its model."""

    batcher: Batcher
    translator: Translator
    gate: Gate

    def submit(self, text: str, caller: str = "a", deadline_s: float | None = None) -> Ticket:
        plan = self.translator.plan(text)
        return self.batcher.submit(plan.sentences, SETTINGS, caller, deadline_s)

    async def until_entered(self) -> None:
        await asyncio.to_thread(self.gate.entered.wait, 20)


@pytest.fixture
def play(scripted_translator: MakeTranslator) -> Callable[..., None]:
    """Runs a scene on an event loop of its own and closes the batcher."""

    def run(
        scene: Callable[[Scene], Awaitable[None]],
        limits: BatchLimits = BatchLimits(),  # noqa: B008
        observers: Sequence[object] = (),
    ) -> None:
        async def whole() -> None:
            gate = Gate()
            translator = gate.install(scripted_translator(lambda ko, _: [f"EN {len(ko)}"]))
            batcher = Batcher(translator, limits, observers)  # type: ignore[arg-type]
            batcher.start()
            try:
                async with asyncio.timeout(30):
                    await scene(Scene(batcher, translator, gate))
            finally:
                gate.opened.set()
                await batcher.close()

        asyncio.run(whole())

    return run


async def texts(ticket: Ticket) -> list[str]:
    return [(await future).source for future in ticket]


def test_batcher_answers_in_the_order_given(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        at.gate.opened.set()
        ticket = at.submit("가나요. 다른 말이에요. 마지막이에요.")
        assert await texts(ticket) == ["가나요.", "다른 말이에요.", "마지막이에요."]

    play(scene)


def test_batcher_joins_what_comes_while_it_works(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        first = at.submit("먼저 왔어요.")
        await at.until_entered()
        others = [at.submit(f"{n}번째 손님이에요.", caller=str(n)) for n in range(5)]
        at.gate.opened.set()
        for ticket in [first, *others]:
            await texts(ticket)
        assert [len(batch) for batch in at.gate.batches] == [1, 5]

    play(scene)


def test_batcher_waits_for_those_it_answered_while_another_batch_is_in_work(
    play: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(returning, "PAUSE_S", 60)

    async def scene(at: Scene) -> None:
        held = at.submit("오래 걸려요.")
        await at.until_entered()
        await texts(at.submit("빨리 하나. 빨리 둘."))
        back = [at.submit("빨리 셋.")]
        await asyncio.sleep(0.05)
        assert len(at.gate.batches) == 2
        back.append(at.submit("빨리 넷."))
        for ticket in back:
            await texts(ticket)
        at.gate.opened.set()
        await texts(held)
        assert at.gate.batches[1:] == [["빨리 하나.", "빨리 둘."], ["빨리 셋.", "빨리 넷."]]

    play(scene, BatchLimits(workers=2, full_rows=16))


def test_batcher_translates_equal_sentences_once(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        tickets = [at.submit("같은 말이에요. 같은 말이에요.", caller=str(n)) for n in range(3)]
        await at.until_entered()
        at.gate.opened.set()
        for ticket in tickets:
            assert await texts(ticket) == ["같은 말이에요."] * 2
        assert at.gate.batches == [["같은 말이에요."]]

    play(scene)


def test_batcher_fails_only_the_sentence_that_fails(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        at.gate.opened.set()
        good = at.submit("하나예요. 둘이에요. 셋이에요.", caller="good")
        bad = at.submit("실패해요. 넷이에요.", caller="bad")
        assert len(await texts(good)) == 3
        failing, other = list(bad)
        with pytest.raises(TranslationFailedError, match="the model failed on a sentence"):
            await failing
        assert (await other).source == "넷이에요."

    play(scene)


def test_batcher_does_not_begin_what_was_cancelled(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        first = at.submit("먼저 왔어요.")
        await at.until_entered()
        gone, stays = at.submit("나는 가요. 함께 써요.", "x"), at.submit("함께 써요.", "y")
        gone.cancel()
        at.gate.opened.set()
        await texts(first)
        assert await texts(stays) == ["함께 써요."]
        assert at.gate.batches == [["먼저 왔어요."], ["함께 써요."]]
        assert at.batcher.queued_tokens == 0

    play(scene)


def test_batcher_refuses_what_does_not_fit_into_the_queue(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        at.submit("먼저 왔어요.")
        await at.until_entered()
        at.submit("기다리는 말이에요.")
        with pytest.raises(OverloadedError, match="more do not fit; allowed: 12") as refused:
            at.submit("너무 긴 말이라서 줄에 들어가지 못해요.")
        assert refused.value.retry_after_s is not None

    play(scene, BatchLimits(queue_tokens=12))


def test_batcher_refuses_what_would_come_too_late(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        at.submit("먼저 왔어요.")
        await at.until_entered()
        at.submit("줄을 서요. " * 5 + "끝이에요.")
        with pytest.raises(OverloadedError, match=r"would take about .* s in the queue"):
            at.submit("급해요.", deadline_s=0.001)
        at.submit("안 급해요.", deadline_s=60)

    play(scene)


def test_batcher_says_before_the_work_that_it_is_full(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        at.batcher.check_open("a", 1e-9)
        at.submit("먼저 왔어요.")
        await at.until_entered()
        at.submit("줄을 서요. " * 5 + "끝이에요.")
        with pytest.raises(OverloadedError, match=r"would take about .* s in the queue"):
            at.batcher.check_open("a", 0.001)
        at.batcher.check_open("a", 60)
        at.batcher.check_open("a", None)

    play(scene)


def test_batcher_counts_what_is_in_work_as_a_wait(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        at.submit("이것은 아주 길고 긴 문장이라서 오래 걸려요. " * 4)
        await at.until_entered()
        at.submit("줄을 서요.")
        allowed_s = 1.3 * (at.batcher.queued_tokens + 1) / at.batcher.tokens_per_s
        with pytest.raises(OverloadedError, match="in the queue; allowed"):
            at.batcher.check_open("a", allowed_s)

    play(scene)


def test_batcher_takes_anything_when_nothing_waits(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        at.gate.opened.set()
        assert await texts(at.submit("아주 긴 말이에요.", deadline_s=1e-9))

    play(scene, BatchLimits(queue_tokens=1))


def test_batcher_lets_others_be_heard_while_many_are_answered(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        at.submit("먼저 왔어요.")
        await at.until_entered()
        futures = [next(iter(at.submit(f"{number}번 버스예요."))) for number in range(60)]
        most = 0

        async def listen() -> None:
            nonlocal most
            while not all(future.done() for future in futures):
                before = sum(future.done() for future in futures)
                await asyncio.sleep(0)
                most = max(most, sum(future.done() for future in futures) - before)

        at.gate.opened.set()
        await listen()
        assert 0 < most < 10

    play(scene)


def test_batcher_is_closed_to_a_sentence_of_the_usual_length(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        first = at.submit("먼저 왔어요.")
        await at.until_entered()
        at.batcher.check_open("a", 0.0)  # nothing waits
        waiting = at.submit("이 문장은 조금 더 길어요.")
        usual = at.batcher.queued_tokens
        limit_s = 1.25 / at.batcher.tokens_per_s
        in_work = sum(len(s.ids) + 1 for s in at.translator.plan("먼저 왔어요.").sentences)
        at.batcher.check_open("a", (in_work + 2 * usual + 1) * limit_s)
        with pytest.raises(OverloadedError, match="in the queue"):
            at.batcher.check_open("a", (in_work + 2 * usual - 1) * limit_s)
        at.gate.opened.set()
        for ticket in (first, waiting):
            await texts(ticket)

    play(scene)


def test_batcher_closes_after_what_is_queued(play: Callable[..., None]) -> None:
    async def scene(at: Scene) -> None:
        ticket = at.submit("하나예요.")
        await at.until_entered()
        late = at.submit("둘이에요.")
        closing = asyncio.create_task(at.batcher.close())
        at.gate.opened.set()
        await closing
        assert await texts(ticket) == ["하나예요."]
        assert await texts(late) == ["둘이에요."]

    play(scene)


def test_batcher_tells_observers_of_every_batch(play: Callable[..., None]) -> None:
    @dataclass
    class Watching:
        reports: list[BatchReport] = field(default_factory=list)

        def batch_done(self, report: BatchReport) -> None:
            self.reports.append(report)

    watching = Watching()

    async def scene(at: Scene) -> None:
        at.gate.opened.set()
        await texts(at.submit("하나예요. 둘이에요."))
        (report,) = watching.reports
        assert len(report.jobs) == len(report.outcomes) == 2
        assert report.seconds >= 0
        assert report.started_s >= report.jobs[0].queued_s
        assert at.batcher.tokens_per_s != 500.0

    play(scene, observers=[watching])


def test_batcher_works_on_when_an_observer_fails(
    play: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        def batch_done(self, report: BatchReport) -> None:
            raise KeyError("a metric")

    async def scene(at: Scene) -> None:
        at.gate.opened.set()
        for text in ("하나예요.", "둘이에요."):
            assert await texts(at.submit(text)) == [text]

    play(scene, observers=[Broken()])
    assert "an observer failed: KeyError" in caplog.text
