"""The dry cooler: reference table, second law, monotony, backends."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from laws import span
from reference_tables import K, columns, table, within, within_relative

from lowlift.thermal.component import ParameterError
from lowlift.thermal.dry_cooler import CP_DRY_AIR, P_SEA_LEVEL, DryCooler
from lowlift.thermal.exchange import effectiveness_crossflow, effectiveness_crossflow_exponential
from lowlift.thermal.psychrometrics import specific_volume

COOLER = DryCooler(Q_dot_nominal=2.931e6, T_air_nominal=308.15, T_in_nominal=319.26, T_out_nominal=313.70, V_air_nominal=320.0,
                   P_fan_nominal=1.1768e5)  # fmt: skip
M = COOLER.m_nominal


def cooler_of_conductance(UA: float, V_air: float, m: float, T_in: float, T_db: float, exponential: bool) -> DryCooler:
    """A cooler whose rating point gives exactly ``UA``, held constant."""
    C_w, C_a = m * 4186.0, float(V_air / specific_volume(T_db, 0.0, P_SEA_LEVEL)) * CP_DRY_AIR
    low, high = min(C_w, C_a), max(C_w, C_a)
    eps = (effectiveness_crossflow_exponential if exponential else effectiveness_crossflow)(UA / low, low / high)
    Q = float(eps) * low * (T_in - T_db)
    return DryCooler(Q_dot_nominal=Q, T_air_nominal=T_db, T_in_nominal=T_in, T_out_nominal=T_in - Q / C_w, V_air_nominal=V_air,
                     P_fan_nominal=30000.0, n_coolant=0.0, n_air=0.0, exponential=exponential)  # fmt: skip


def energyplus(exponential: bool):
    t = table("dry_cooler_energyplus")
    cooler = cooler_of_conductance(90e3, 80.0, 50.0, 320.0, 300.0, exponential)
    assert cooler.coil.UA_nominal == pytest.approx(90e3, rel=1e-9)
    T_db, p, m, T_in, w = columns(t, "t_db_C", "p_Pa", "m_water_kg_s", "t_water_in_C", "w_kg_per_kgda")
    return t, cooler.leave(T_in, m, T_db, p, np.ones_like(p), w), cooler


def test_every_row_of_the_reference() -> None:
    t, state, cooler = energyplus(exponential=True)
    within_relative(state.Q_dot, t.q_W, t.tol_q_rel)
    within(state.T_out - K, t.t_water_out_C, t.tol_t_out_K)
    within_relative(cooler.P_fan(np.ones(len(t))), t.p_fan_W, 1e-9)


def test_the_better_relation_stays_within_the_declared_difference() -> None:
    t, state, _ = energyplus(exponential=False)
    error = np.abs(state.Q_dot / t.q_W - 1.0)
    assert error.max() < 0.02
    assert error.median() < 0.0055
    within(state.T_out - K, t.t_water_out_C, t.tol_t_out_K)


def test_rating_point_of_a_real_machine() -> None:
    state = COOLER.leave(319.26, M, 308.15, P_SEA_LEVEL, 1.0)
    assert state.Q_dot == pytest.approx(2.931e6, rel=1e-4)
    assert state.T_out == pytest.approx(313.70, abs=1e-3)
    assert COOLER.P_fan(1.0) / state.Q_dot == pytest.approx(0.0402, abs=1e-4)
    with pytest.raises(ParameterError, match=r"DryCooler.T_out_nominal = 320.0 K: must be below T_in_nominal = 319.26 K"):
        dataclasses.replace(COOLER, T_out_nominal=320.0)
    with pytest.raises(ParameterError, match="out of reach"):
        dataclasses.replace(COOLER, V_air_nominal=200.0)


@given(span(263, 363), span(0.01, 1.3), span(243, 323), span(0, 1), span(0, 0.03))
def test_H1_H3_energy_and_second_law(T_in: float, x: float, T_db: float, y: float, w: float) -> None:
    s = COOLER.leave(T_in, x * M, T_db, 9e4, y, w)
    air = COOLER.m_air(T_db, 9e4, y, w) * CP_DRY_AIR * (s.T_air_out - T_db)
    assert s.Q_dot == pytest.approx(x * M * COOLER.cp * (T_in - s.T_out), rel=1e-9, abs=1e-3)
    assert s.Q_dot == pytest.approx(air, rel=1e-9, abs=1e-3)
    assert s.Q_dot * (T_in - T_db) >= 0.0
    low, high = min(T_in, T_db) - 1e-9, max(T_in, T_db) + 1e-9
    assert low <= s.T_out <= high and low <= s.T_air_out <= high


@given(span(310, 340), span(0.1, 1.2), span(253, 305), span(0, 0.9))
def test_T2_H4_monotone_in_fan_air_and_flow(T_in: float, x: float, T_db: float, y: float) -> None:
    base = COOLER.leave(T_in, x * M, T_db, 1e5, y)
    assert COOLER.leave(T_in, x * M, T_db, 1e5, y + 0.1).T_out <= base.T_out + 1e-9
    assert COOLER.leave(T_in, x * M, T_db + 1.0, 1e5, y).T_out > base.T_out
    assert COOLER.leave(T_in, 1.1 * x * M, T_db, 1e5, y).Q_dot > base.Q_dot


def test_limits() -> None:
    assert COOLER.leave(319.0, 0.0, 300.0, 1e5, 1.0).Q_dot == 0.0
    off, full = (COOLER.leave(319.0, M, 300.0, 1e5, y).Q_dot for y in (0.0, 1.0))
    assert 0.02 * full < off < 0.2 * full  # T3: natural draught, neither nothing nor all
    thin, sea = (COOLER.leave(319.0, M, 300.0, p, 1.0).Q_dot for p in (84e3, 101325.0))
    assert thin < 0.95 * sea  # T6: thin air
    assert COOLER.leave(300.0, M, 300.0, 1e5, 1.0).Q_dot == 0.0
    assert float(COOLER.coil.UA(M, 0.5 * COOLER.coil.m_cold_nominal)) < COOLER.coil.UA_nominal
    assert COOLER.P_fan(0.0) == 0.0
