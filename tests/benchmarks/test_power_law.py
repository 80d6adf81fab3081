"""Slopes, doublings and shares of growing costs."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest

Script = Callable[[str], ModuleType]
SIZES = [5, 10, 20, 50, 100, 200]


def test_slope_is_the_exponent(script: Script) -> None:
    law = script("power_law").fit_power_law(SIZES, [3 * n**1.5 for n in SIZES])
    assert law.slope == pytest.approx(1.5)
    assert law.factor == pytest.approx(3.0)
    assert law.r2 == pytest.approx(1.0)


def test_scatter_lowers_what_the_line_explains(script: Script) -> None:
    costs = [n * (2.0 if i % 2 else 0.5) for i, n in enumerate(SIZES)]
    assert script("power_law").fit_power_law(SIZES, costs).r2 < 0.9


def test_constant_cost_has_slope_zero(script: Script) -> None:
    law = script("power_law").fit_power_law(SIZES, [2.0] * len(SIZES))
    assert law.slope == pytest.approx(0.0)


@pytest.mark.parametrize(("sizes", "costs"), [([1], [1]), ([1, 2], [0, 1]), ([0, 2], [1, 1])])
def test_point_without_logarithm_is_refused(
    script: Script, sizes: list[float], costs: list[float]
) -> None:
    with pytest.raises(ValueError, match=r"costs .*; give two or more points above 0"):
        script("power_law").fit_power_law(sizes, costs)


def test_doubling_ratio_is_local_whatever_the_step(script: Script) -> None:
    ratios = script("power_law").doubling_ratios([10, 20, 80, 240], [1, 2, 32, 96])
    assert ratios == pytest.approx([2.0, 4.0, 2.0])


def test_shares_find_the_quadratic_part(script: Script) -> None:
    shares = script("power_law").polynomial_shares(
        SIZES, [100 + 2 * n + 0.01 * n**2 for n in SIZES]
    )
    assert shares == pytest.approx(
        {"constant": 0.1111, "linear": 0.4444, "quadratic": 0.4444}, abs=1e-3
    )


def test_shares_are_never_negative(script: Script) -> None:
    shares = script("power_law").polynomial_shares(SIZES, [n**0.5 for n in SIZES])
    assert shares["quadratic"] == 0.0
    assert min(shares.values()) >= 0.0
    assert sum(shares.values()) == pytest.approx(1.0)


def test_three_points_tell_no_shares(script: Script) -> None:
    assert script("power_law").polynomial_shares([1, 2, 3], [1, 2, 3]) == {}


def test_operations_are_those_of_the_products(script: Script) -> None:
    from nmt.config import TransformerConfig

    flops = script("flops")
    config = TransformerConfig(
        src_vocab_size=50, tgt_vocab_size=70, d_model=8, d_ff=16, n_heads=2, n_encoder_layers=1,
        n_decoder_layers=1,
    )  # fmt: skip
    # By hand, for 3 source and 2 target pieces, which are 4 and 3 positions.
    encoder = 4 * (4 * 8 * 8 + 2 * 8 * 16) + 4 * 2 * 8 * 8
    decoder = 3 * (6 * 8 * 8 + 2 * 8 * 16 + 8 * 70)
    attention = 2 * 8 * (4 * 4 + 3 * 3 + 4 * 3)
    found = flops.flops_per_token(config, [(3, 2)])
    assert found == pytest.approx(6 * (encoder + decoder + attention) / 3)
    share = flops.attention_share(config, 3, 2)
    assert share == pytest.approx(attention / (encoder + decoder + attention))
    assert flops.attention_share(config, 300, 200) > share
