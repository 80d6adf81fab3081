"""Learning-rate factors at known points."""

import pytest

from nmt.errors import ConfigError
from training.config import TrainConfig
from training.schedule import build_schedule, progress_of


def test_wsd_by_updates_warms_up_stays_and_decays():
    config = TrainConfig(max_updates=100, warmup_updates=10, decay_share=0.2, final_share=0.1)
    factor = build_schedule(config)
    values = [factor(u + 1, progress_of(config, u, 0.0)) for u in (0, 4, 9, 50, 80, 90)]
    assert values == pytest.approx([0.1, 0.5, 1.0, 1.0, 1.0, 0.55])
    assert factor(100, 1.0) == pytest.approx(0.1)


def test_wsd_by_time_follows_the_clock():
    config = TrainConfig(max_minutes=10, warmup_share=0.1, decay_share=0.5, final_share=0.0)
    factor = build_schedule(config)
    at = {s: factor(1, progress_of(config, 7, s)) for s in (0, 30, 60, 300, 450, 600)}
    assert 0 < at.pop(0) < 0.02
    assert list(at.values()) == pytest.approx([0.5, 1.0, 1.0, 0.5, 0.0])


def test_progress_takes_the_nearer_limit():
    config = TrainConfig(max_updates=100, max_minutes=1)
    assert progress_of(config, 50, 6.0) == pytest.approx(0.5)
    assert progress_of(config, 5, 30.0) == pytest.approx(0.5)
    assert progress_of(config, 500, 0.0) == 1.0
    assert progress_of(TrainConfig(), 500, 1e6) == 0.0


def test_inverse_sqrt_peaks_after_the_warmup():
    factor = build_schedule(TrainConfig(schedule="inverse_sqrt", warmup_updates=100))
    assert [factor(u, 0.0) for u in (1, 50, 100, 400)] == pytest.approx([0.01, 0.5, 1.0, 0.5])


def test_wsd_without_a_budget_is_refused():
    with pytest.raises(ConfigError, match=r"needs a budget: set train\.max_updates"):
        build_schedule(TrainConfig())
