"""The microchannel plate: limits of the ducts, the trend of the published designs, monotony, backends."""

import numpy as np
import pytest
from hypothesis import given
from laws import span
from reference_tables import table

from lowlift.thermal.component import ParameterError
from lowlift.thermal.fluids import PG25, WATER
from lowlift.thermal.microchannel import MicrochannelPlate

PLATE = MicrochannelPlate(width=0.3e-3, height=4e-3, fin=0.2e-3, channels=140.0)
V = 20.0 / 6e4


def test_square_and_flat_ducts_have_the_textbook_values() -> None:
    """Developed flow without inertia: Nu 3.61 and 8.235, Poiseuille numbers 56.9 and 96 (Darcy)."""
    for width, height, Nu, Po in ((1e-3, 1e-3, 3.61, 56.9), (1e-5, 0.05, 8.235, 96.0)):
        plate = MicrochannelPlate(width=width, height=height, fin=1e-3, channels=1.0, heated_width=1.0, k_fin=1e9, K_minor=0.0)
        crawl = 1e-9 * width * height
        D = 2.0 * width * height / (width + height)
        G = float(plate.conductance(WATER, 298.15, crawl))
        assert G * D / (plate.heated_length * (width + 2.0 * height) * WATER.k(298.15)) == pytest.approx(Nu, rel=3e-3)
        dp = float(plate.dp(WATER, 298.15, crawl))
        assert dp * 2.0 * D * D / (WATER.mu(298.15) * plate.length * 1e-9) == pytest.approx(Po, rel=3e-3)


def test_finer_channels_buy_temperature_with_pressure() -> None:
    """Over the nine published designs resistance falls with pressure drop, by a share like the published 19 %."""
    t = table("cold_plate_cfd_pareto")
    R, dp = [], []
    for r in t.itertuples():
        plate = MicrochannelPlate(
            width=r.channel_w_mm / 1e3, height=r.channel_h_mm / 1e3, fin=r.fin_w_mm / 1e3, channels=float(r.n_channels)
        )
        R.append(0.02 + 1.0 / float(plate.conductance(WATER, 298.15, V)))
        dp.append(float(plate.dp(WATER, 298.15, V)))
        assert float(plate.reynolds(WATER, 298.15, V)) < 2300.0
    assert np.all(np.diff(dp) > 0.0)
    published = t.R_th_K_per_W.iloc[-1] / t.R_th_K_per_W.iloc[0]
    assert R[-1] / R[0] == pytest.approx(published, abs=0.05)
    assert np.all(np.diff(R) < 0.03 * R[0])


@given(span(1e-6, 1e-3), span(278, 353))
def test_more_flow_cools_more_and_costs_more(flow: float, T: float) -> None:
    for fluid in (WATER, PG25):
        assert PLATE.conductance(fluid, T, 1.1 * flow) > PLATE.conductance(fluid, T, flow)
        assert PLATE.dp(fluid, T, 1.1 * flow) > 1.1 * PLATE.dp(fluid, T, flow)


def test_channels_outside_the_die_only_ease_the_flow() -> None:
    wide = MicrochannelPlate(width=0.3e-3, height=4e-3, fin=0.2e-3, channels=280.0)
    assert wide.channels_heated == PLATE.channels_heated == pytest.approx(80.0)
    assert wide.dp(WATER, 298.15, V) < 0.5 * PLATE.dp(WATER, 298.15, V)
    with pytest.raises(ParameterError, match=r"MicrochannelPlate.channels = 0.0 1: must be at least 1"):
        MicrochannelPlate(width=0.3e-3, height=4e-3, fin=0.2e-3, channels=0.0)
