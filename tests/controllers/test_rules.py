"""Rule-based controllers: trim and respond, constants, batch equals singles, setpoints in range."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models_halls import hall

from lowlift.controllers.fixed import FLOW_OVER_SAFE, AsOperated, FixedSetpoint
from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.interface import Measurement, Status, measurement_table, setpoint_table
from lowlift.controllers.site_tuned import SiteTuned
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.safe_flow import minimum_safe_flow

RANGE = {"K": (285.0, 330.0), "W": (1e4, 1.2e6), "m3/s": (1e-3, 0.05), "kg/s": (1.0, 600.0), "1": (0.0, 1.0), "Pa": (5e3, 2e5)}


def readings(site, batch: int, seed: int) -> Measurement:
    rng = np.random.default_rng(seed)
    values = {s.name: rng.uniform(*RANGE[s.unit], (batch, s.size)) for s in measurement_table(site).signals}
    values["T_wb"], values["T_dew_hall"] = rng.uniform(270, 300, (batch, 1)), rng.uniform(278, 290, (batch, 1))
    return Measurement(t=0.0, time=pd.Timestamp("2024-04-07", tz="UTC"), values=values)


def makers(name: str):
    site = hall(name).site
    load = np.full((10, site.n_cdu), 0.5 * site.cdu.exchanger.Q_dot_nominal)
    return site, [lambda: FixedSetpoint(site), lambda: AsOperated(site, load), lambda: Guideline36(site), lambda: SiteTuned(site)]


@pytest.mark.parametrize("name", ["gb200_hall", "frontier"])
@pytest.mark.parametrize("which", [0, 2, 3])
@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_setpoints_stay_in_range_and_batch_equals_singles(name: str, which: int, seed: int) -> None:
    site, make = makers(name)
    table, batch = setpoint_table(site), 3
    together, alone = make[which](), [make[which]() for _ in range(batch)]
    together.reset(batch)
    for step in range(3):
        m = readings(site, batch, seed + step)
        decision = together.decide(m, None)
        assert decision.status is Status.RULE
        assert np.all(np.isfinite(decision.setpoints))
        assert np.all((decision.setpoints >= table.low - 1e-12) & (decision.setpoints <= table.high + 1e-12))
        for b, controller in enumerate(alone):
            one = Measurement(t=m.t, time=m.time, values={k: v[b : b + 1] for k, v in m.values.items()})
            np.testing.assert_array_equal(controller.decide(one, None).setpoints[0], decision.setpoints[b])


def test_reset_forgets() -> None:
    site, make = makers("gb200_hall")
    controller = make[2]()
    first = controller.decide(readings(site, 1, 5), None).setpoints
    controller.decide(readings(site, 1, 6), None)
    controller.reset(1)
    np.testing.assert_array_equal(controller.decide(readings(site, 1, 5), None).setpoints, first)


def test_trim_and_respond() -> None:
    loop = TrimRespond(initial=0.5, low=0.0, high=1.0, trim=-0.02, respond=0.03, most=0.07, ignored=2)
    setpoint = loop.start((4,))
    np.testing.assert_allclose(loop.tick(setpoint, np.array([0, 2, 3, 9])), [0.48, 0.48, 0.51, 0.55])
    assert loop.tick(np.array([0.01]), np.array([0]))[0] == 0.0
    with pytest.raises(ValueError, match="trim must oppose"):
        TrimRespond(initial=0.0, low=0.0, high=1.0, trim=0.1, respond=0.1, most=0.2)


def test_as_operated_is_2_9_times_the_mean_safe_flow() -> None:
    site = hall("frontier").site
    load = np.full((10, site.n_cdu), 0.5 * site.cdu.exchanger.Q_dot_nominal)
    rack = load / np.bincount(site.cdu_of_rack)
    controller = AsOperated(site, load, rack)
    # The supply temperature that this constant flow gives with facility water at 32 C: the exchanger's own balance.
    m_sec = controller.flow_ratio * site.cdu.pump.V_dot_nominal * site.rho_secondary
    hx, q = site.cdu.exchanger, float(load.mean())
    T_return = 305.15 + q / float(hx.conductance(m_sec, controller.flow_ratio * hx.m_cold_nominal))
    T_supply = T_return - q / (m_sec * hx.cp_hot)
    safe = minimum_safe_flow(site, rack, np.array(T_supply)).mean() / site.cdu.pump.V_dot_nominal
    assert controller.flow_ratio == pytest.approx(min(FLOW_OVER_SAFE * safe, 1.0), rel=1e-3)
    tight, loose = (AsOperated(site, load, rack, limit_shift=shift).flow_ratio for shift in (-5.0, 5.0))
    assert tight >= controller.flow_ratio >= loose
    water = controller.decide(None, None).setpoints[:, controller.table.slices["m_cw_set"]]  # type: ignore[arg-type]
    heat = load.sum(axis=1).max() / (site.P_it_nominal * site.liquid_share)
    assert water[0, 0] == pytest.approx(heat * site.m_tower_nominal)
