"""Air-cooled DX unit: rating, laws C1 to C5, backends."""

import numpy as np
import pytest
from laws import law, span
from reference_tables import K

from lowlift.thermal.component import ParameterError
from lowlift.thermal.dx import DxUnit

UNIT = DxUnit(Q_dot_nominal=1e5, COP_nominal=3.2, P_fan_nominal=5e3)


def test_default_curves_are_one_at_the_rating_point() -> None:
    state = UNIT.state(1e9, 35.0 + K, 19.44 + K)
    assert state.Q_dot == pytest.approx(1e5, rel=0.005)
    assert state.Q_dot / state.P_compressor == pytest.approx(3.2, rel=0.005)


@law(span(0.0, 2e5), span(255, 325), span(280, 300), span(0.3, 1.5))
def test_C1_C5_below_carnot_and_no_load_vanishes(load: float, T_odb: float, T_wb: float, r: float) -> None:
    state, capacity = UNIT.state(load, T_odb, T_wb, r), UNIT.capacity(T_odb, T_wb, r)
    assert state.P_compressor >= state.Q_dot * max(T_odb - T_wb, 0.0) / T_wb
    assert state.P_el > state.P_compressor >= 0.0
    assert state.Q_dot + state.unmet == pytest.approx(load, rel=1e-12, abs=1e-9)
    assert 0.0 <= state.Q_dot <= capacity * (1.0 + 1e-12)
    assert state.unmet == 0.0 or load > capacity - 0.01 * UNIT.Q_dot_nominal
    if load > capacity + 0.01 * UNIT.Q_dot_nominal:
        assert state.unmet == pytest.approx(load - capacity)


@law(span(292, 318), span(286, 297), span(0.05, 0.9))
def test_C3_specific_power_rises_as_load_falls(T_odb: float, T_wb: float, x: float) -> None:
    whole, part = (UNIT.state(y * 6e4, T_odb, T_wb) for y in (1.0, x))
    assert part.P_el / part.Q_dot > whole.P_el / whole.Q_dot
    assert UNIT.state(0.0, T_odb, T_wb).P_el > 0.0


def test_carnot_holds_where_a_curve_does_not() -> None:
    boastful = DxUnit(Q_dot_nominal=1e5, COP_nominal=8.0, P_fan_nominal=0.0, eir_ft=(0.05, 0, 0, 0, 0, 0))
    state = boastful.state(5e4, 318.15, 290.15)
    assert state.P_compressor == pytest.approx(5e4 * 28.0 / (0.85 * 290.15))


@law(span(270, 330), span(275, 305))
def test_C4_curve_range_is_declared_and_held(T_odb: float, T_wb: float) -> None:
    inside = min(max(T_odb, UNIT.T_odb_min), UNIT.T_odb_max), min(max(T_wb, UNIT.T_wb_min), UNIT.T_wb_max)
    assert UNIT.capacity(T_odb, T_wb) == UNIT.capacity(*inside)
    assert UNIT.range_violation(T_odb, T_wb) == pytest.approx(abs(T_odb - inside[0]) + abs(T_wb - inside[1]))
    assert UNIT.range_violation(*inside) == 0.0


def test_hotter_outdoors_less_capacity_more_power() -> None:
    T = np.linspace(292.0, 319.0, 28)
    assert np.all(np.diff(UNIT.capacity(T, 290.0)) < 0.0)
    assert np.all(np.diff(UNIT.state(4e4, T, 290.0).P_compressor) > 0.0)


def test_empty_range_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"DxUnit.T_wb_min = 300.0 K: must be below T_wb_max"):
        DxUnit(Q_dot_nominal=1e5, P_fan_nominal=0.0, T_wb_min=300.0)
