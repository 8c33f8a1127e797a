"""Waterside economiser: reference table, one way only, backends."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from laws import span
from reference_tables import K, columns, table, within

from lowlift.thermal.component import ParameterError
from lowlift.thermal.economiser import SHARE_WIDTH, WatersideEconomiser
from lowlift.thermal.exchange import effectiveness_counterflow

EPS = float(effectiveness_counterflow(250e3 / (45.0 * 4186.0), 45.0 / 60.0))
ECONOMISER = WatersideEconomiser(
    Q_dot_nominal=EPS * 45.0 * 4186.0 * 10.0, T_return_nominal=293.15, T_cw_nominal=283.15, m_chw_nominal=45.0, m_cw_nominal=60.0
)


def test_every_row_of_the_reference() -> None:
    t = table("waterside_economiser")
    T_set, T_return, T_cw = columns(t, "t_chw_set_C", "t_chw_return_C", "t_cw_in_C")
    arguments = (T_return, t.m_chw_kg_s.to_numpy(), T_cw, t.m_cw_kg_s.to_numpy(), T_set)
    assert ECONOMISER.exchanger.UA_nominal == pytest.approx(250e3, rel=1e-9)
    tolerance = t.tol_q_rel * t.q_load_W
    integrated, alone = ECONOMISER.integrated(*arguments), ECONOMISER.non_integrated(*arguments)
    within(integrated.Q_max, t.q_wse_max_W, tolerance)
    within(integrated.Q_dot, t.q_wse_integrated_W, tolerance)
    within(integrated.Q_chiller, t.q_chiller_integrated_W, tolerance)
    within(integrated.T_out - K, t.t_after_wse_integrated_C, t.tol_t_K)
    within(alone.Q_dot, t.q_wse_nonintegrated_W, tolerance)
    within(alone.Q_chiller, t.q_chiller_nonintegrated_W, tolerance)
    # The mode is the share of the load: none, part, all.
    share = integrated.Q_dot / t.q_load_W
    np.testing.assert_array_equal(np.where(share > 0.99, 2, np.where(share > 0.0, 1, 0)), t["mode"])


@given(span(280, 310), span(0, 60), span(275, 315), span(0, 80), span(278, 300))
def test_H3_one_way_and_closed(T: float, m: float, T_cw: float, m_cw: float, T_set: float) -> None:
    for state in (f(T, m, T_cw, m_cw, T_set) for f in (ECONOMISER.integrated, ECONOMISER.non_integrated)):
        load = state.Q_dot + state.Q_chiller
        assert state.Q_dot >= 0.0
        assert state.Q_chiller >= -1e-9 * load
        assert load <= m * 4186.0 * max(T - T_set, 0.0) + 1e-6
        assert state.Q_dot <= state.Q_max * (1.0 + 1e-12) + 1e-12 * load + 1e-300  # rounding of the blend, and of denormal flows
        if T_cw >= T or T <= T_set:
            assert state.Q_dot == 0.0
        if T > T_set:
            assert state.T_out >= T_set - 1e-9
        assert state.T_cw_out <= max(T, T_cw) + 1e-9


@given(span(285, 305), span(5, 60), span(275, 300), span(5, 80), span(280, 284))
def test_integrated_carries_at_least_as_much(T: float, m: float, T_cw: float, m_cw: float, T_set: float) -> None:
    both = [f(T, m, T_cw, m_cw, T_set) for f in (ECONOMISER.integrated, ECONOMISER.non_integrated)]
    assert both[0].Q_dot >= both[1].Q_dot - SHARE_WIDTH / 4 * (both[0].Q_dot + both[0].Q_chiller)
    assert ECONOMISER.integrated(T, m, T_cw - 1.0, m_cw, T_set).Q_dot >= both[0].Q_dot - 1e-9


def test_no_jump_when_modes_change() -> None:
    T_cw = np.linspace(280.0, 296.0, 160_001)
    for f in (ECONOMISER.integrated, ECONOMISER.non_integrated):
        state = f(294.0, 45.0, T_cw, 60.0, 288.0)
        load = state.Q_dot[0] + state.Q_chiller[0]
        assert np.max(np.abs(np.diff(state.Q_dot))) < 0.01 * load
        assert state.Q_dot[0] == pytest.approx(load) and state.Q_dot[-1] == 0.0


def test_impossible_rating_is_refused() -> None:
    with pytest.raises(ParameterError, match="out of reach"):
        dataclasses.replace(ECONOMISER, Q_dot_nominal=3e6)
