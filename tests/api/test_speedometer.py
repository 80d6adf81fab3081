"""How fast a model works through its queue."""

from __future__ import annotations

import pytest

from api.batching.speed import FIRST_GUESS, Speedometer


def test_speed_is_a_guess_before_it_is_measured() -> None:
    assert Speedometer().tokens_per_s == FIRST_GUESS


def test_speed_is_known_after_one_batch() -> None:
    speed = Speedometer()
    speed.count(30, queued_s=10.0, done_s=10.5)
    assert speed.tokens_per_s == pytest.approx(60)


def test_first_batch_hardly_changes_what_another_one_measured() -> None:
    other, speed = Speedometer(), Speedometer()
    for number in range(1, 100):
        other.count(100, queued_s=0.0, done_s=float(number))
    speed.expect(other)
    assert speed.tokens_per_s == other.tokens_per_s == pytest.approx(100)
    speed.count(5, queued_s=200.0, done_s=200.5)  # a sentence alone
    assert 90 < speed.tokens_per_s < 100
    assert other.tokens_per_s == pytest.approx(100)


def test_speed_of_one_that_measured_nothing_is_a_guess_too() -> None:
    speed = Speedometer()
    speed.expect(Speedometer())
    assert speed.tokens_per_s == FIRST_GUESS


def test_speed_does_not_count_time_without_work() -> None:
    speed = Speedometer()
    speed.count(100, queued_s=0.0, done_s=1.0)
    speed.count(100, queued_s=1000.0, done_s=1001.0)
    assert speed.tokens_per_s == pytest.approx(100)


def test_speed_counts_what_passes_between_batches() -> None:
    speed = Speedometer()
    speed.count(100, queued_s=0.0, done_s=1.0)
    speed.count(100, queued_s=0.5, done_s=3.0)  # its work may have taken less
    assert 60 < speed.tokens_per_s < 70


def test_speed_of_batches_that_overlap_adds_up() -> None:
    speed = Speedometer()
    for number in range(1, 100):
        speed.count(100, queued_s=0.0, done_s=number * 0.5)  # two workers, a second each
    assert speed.tokens_per_s == pytest.approx(200)


def test_speed_follows_a_change_within_seconds() -> None:
    speed = Speedometer()
    for number in range(1, 1000):
        speed.count(1, queued_s=0.0, done_s=number * 0.1)
    assert speed.tokens_per_s == pytest.approx(10)
    for number in range(1, 21):
        speed.count(100, queued_s=0.0, done_s=100.0 + number)
    assert speed.tokens_per_s > 80
