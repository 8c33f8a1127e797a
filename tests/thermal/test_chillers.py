"""Chillers: every row of the published machines, the properties C1 to C6, backends."""

import dataclasses
import json

import numpy as np
import pytest
from backends import assert_backends_agree
from hypothesis import example, given
from hypothesis import strategies as st
from laws import span
from reference_tables import REFERENCE, K, columns, table, within, within_relative

from lowlift.thermal.chiller import CarnotChiller
from lowlift.thermal.chiller_air import CARRIER_30XA500, AirCooledChiller
from lowlift.thermal.chiller_eir import CP_WATER, EirChiller
from lowlift.thermal.component import ParameterError

TABLE = table("chiller_eir_energyplus")
DATA = json.loads((REFERENCE / "chiller_coefficients.json").read_text(encoding="utf-8"))
MACHINES = {name: EirChiller.from_energyplus(DATA[name]) for name in sorted(set(TABLE.chiller_id))}
FLOW = {name: (float(rows.m_chw_kg_s.max()), float(rows.m_cw_kg_s.max())) for name, rows in TABLE.groupby("chiller_id")}
AIR = AirCooledChiller(curves=CARRIER_30XA500, fan_ratio=0.02)
names = st.sampled_from(sorted(MACHINES))


def inside(name: str, e: float, c: float) -> tuple[EirChiller, float, float, float]:
    """A machine and two temperatures inside its curves, from shares 0..1 of the range; its condenser water flow."""
    m = MACHINES[name]
    T_c_high = m.T_c_max - (8.0 if m.reformulated else 0.0)
    return m, m.T_e_min + e * (m.T_e_max - m.T_e_min), m.T_c_min + c * (T_c_high - m.T_c_min), FLOW[name][1]


@pytest.mark.parametrize("name", MACHINES)
def test_every_row_of_the_reference(name: str) -> None:
    rows = TABLE[TABLE.chiller_id == name]
    arguments = columns(rows, "q_evap_W", "t_chw_out_C", "t_cw_in_C", "m_cw_kg_s")
    s = MACHINES[name].operate(*arguments)
    within_relative(s.P_el, rows.p_elec_W, rows.tol_p_rel)
    within_relative(s.Q_cond, rows.q_cond_W, rows.tol_q_cond_rel)
    within(s.T_cw_out - K, rows.t_cw_out_C, 0.02)  # heat capacity of water 4186 against 4179 to 4188 J/kg/K
    for got, column in ((s.capacity, "cap_avail_W"), (s.cap_ft, "cap_ft"), (s.eir_ft, "eir_ft"), (s.eir_fplr, "eir_fplr"),
                        (s.cycling, "cycling_ratio")):  # fmt: skip
        within_relative(got, rows[column], 0.001)
    within(np.maximum(s.Q_dot / s.capacity, MACHINES[name].PLR_unload), rows.plr_eplus, 0.001)
    np.testing.assert_array_equal(s.Q_dot < arguments[0] * (1.0 - 1e-9), rows.capacity_limited == 1)
    np.testing.assert_array_equal(MACHINES[name].P_el(*arguments), s.P_el)


@pytest.mark.parametrize("name", MACHINES)
def test_cooling_from_the_water_entering_meets_the_same_rows(name: str) -> None:
    rows = TABLE[TABLE.chiller_id == name]
    s = MACHINES[name].cool(*columns(rows, "t_chw_in_C", "m_chw_kg_s", "t_chw_out_C", "t_cw_in_C", "m_cw_kg_s"))
    within(s.T_chw_out - K, rows.t_chw_out_C, 1e-6)
    within_relative(s.P_el, rows.p_elec_W, rows.tol_p_rel)


@given(names, span(0.0, 1.0), span(0.0, 1.0), span(1e-3, 1.5))
def test_C1_C2_power_below_carnot_and_energy_closed(name: str, e: float, c: float, load: float) -> None:
    m, T_chw, T_cw, m_cw = inside(name, e, c)
    s = m.operate(load * m.Q_dot_nominal, T_chw, T_cw, m_cw)
    assert s.P_el > 0.0
    assert s.Q_cond == pytest.approx(s.Q_dot + s.P_el, rel=1e-12)
    assert s.Q_cond == pytest.approx(m_cw * CP_WATER * (s.T_cw_out - T_cw), rel=1e-9)
    assert s.P_el >= s.Q_dot * max(s.T_cw_out - T_chw, 0.0) / T_chw  # Carnot between leaving temperatures
    assert m.operate(0.0, T_chw, T_cw, m_cw).P_el == pytest.approx(0.0, abs=1e-4 * m.Q_dot_nominal / m.COP_nominal)


@given(st.sampled_from([name for name, m in MACHINES.items() if m.PLR_min <= 0.2]), span(0.1, 0.9), span(0.1, 0.9))
def test_C3_specific_power_rises_towards_low_load(name: str, e: float, c: float) -> None:
    m, T_chw, T_cw, m_cw = inside(name, e, c)
    capacity = float(m.operate(0.5 * m.Q_dot_nominal, T_chw, T_cw, m_cw).capacity)
    P = [m.operate(x * capacity, T_chw, T_cw, m_cw).P_el / (x * capacity) for x in (0.5 * m.PLR_min, m.PLR_min, 0.6)]
    assert P[0] == pytest.approx(P[1], rel=0.15)  # cycling: the same machine, part of the time
    assert P[1] > P[2]


@given(names, span(-20.0, 20.0), span(-20.0, 20.0))
def test_C4_curves_are_held_at_their_ends_and_say_so(name: str, e: float, c: float) -> None:
    m = MACHINES[name]
    T_chw, T_c = m.T_e_max + e, m.T_c_max + c
    held = min(max(T_chw, m.T_e_min), m.T_e_max), min(max(T_c, m.T_c_min), m.T_c_max)
    assert m.range_violation(T_chw, T_c) == pytest.approx(abs(T_chw - held[0]) + abs(T_c - held[1]), abs=1e-9)
    assert m.capacity(T_chw, T_c) == pytest.approx(m.capacity(*held), rel=5e-3)
    assert m.range_violation(*held) == 0.0


@example("CH0", 0.0, 1.0, 11.0)
@given(names, span(0.0, 1.0), span(0.0, 1.0), span(1.0, 25.0))
def test_C5_load_beyond_capacity_shows_in_the_chilled_water(name: str, e: float, c: float, rise: float) -> None:
    m, T_set, T_cw, m_cw = inside(name, e, c)
    m_chw = FLOW[name][0]
    s = m.cool(T_set + rise, m_chw, T_set, T_cw, m_cw)
    assert s.Q_dot == pytest.approx(m_chw * CP_WATER * (T_set + rise - s.T_chw_out), rel=1e-9)
    assert s.T_chw_out >= T_set - 1e-6
    assert s.Q_dot <= m.PLR_max * s.capacity * (1.0 + 1e-9)
    if m_chw * CP_WATER * rise > 1.02 * m.PLR_max * s.capacity:
        assert s.T_chw_out > T_set
        assert s.Q_dot == pytest.approx(m.PLR_max * m.capacity(s.T_chw_out, s.T_cw_out if m.reformulated else T_cw), rel=1e-4)


def test_C6_entering_and_leaving_condenser_water_are_not_swapped() -> None:
    for name, m in MACHINES.items():
        rows = TABLE[TABLE.chiller_id == name]
        T_chw, T_in, T_out = columns(rows, "t_chw_out_C", "t_cw_in_C", "t_cw_out_C")
        right = m.capacity(T_chw, T_out if m.reformulated else T_in) / rows.cap_avail_W - 1.0
        wrong = m.capacity(T_chw, T_in if m.reformulated else T_out) / rows.cap_avail_W - 1.0
        assert np.abs(right).max() < 1e-3 < np.abs(wrong).max()


def carnot_of(name: str) -> CarnotChiller:
    """The Carnot form at the rating point of a published machine, everything else at its defaults."""
    m, machine, m_cw = MACHINES[name], DATA[name]["chiller"], FLOW[name][1]
    leaving = machine.get("reference_leaving_condenser_water_temperature")
    rise = m.Q_dot_nominal * (1.0 + 1.0 / m.COP_nominal) / (m_cw * CP_WATER)
    T_cw = leaving - rise if leaving is not None else machine["reference_entering_condenser_fluid_temperature"]
    return CarnotChiller(Q_dot_nominal=m.Q_dot_nominal, COP_nominal=m.COP_nominal, T_cw_in_nominal=T_cw + K, m_cw_nominal=m_cw,
                         T_chw_out_nominal=machine["reference_leaving_chilled_water_temperature"] + K)  # fmt: skip


def test_carnot_form_deviates_from_published_machines_as_documented() -> None:
    """Median 19 % over all hours; above 30 % load median 13 %, worst 85 %."""
    error, load = [], []
    for name, rows in TABLE.groupby("chiller_id"):
        P = carnot_of(name).P_el(*columns(rows, "q_evap_W", "t_chw_out_C", "t_cw_in_C", "m_cw_kg_s"))
        error.append(np.abs(P / rows.p_elec_W.to_numpy() - 1.0))
        load.append(rows.q_evap_W.to_numpy() / MACHINES[name].Q_dot_nominal)
    e, loaded = np.concatenate(error), np.concatenate(load) > 0.3
    assert np.median(e) == pytest.approx(0.186, abs=0.005)
    assert np.median(e[loaded]) == pytest.approx(0.132, abs=0.005)
    assert e[loaded].max() == pytest.approx(0.852, abs=0.01)


@given(span(1e4, 2.2e6), span(277.6, 283.0), span(253.0, 319.0))
def test_air_cooled_C1_C2_C5(Q: float, T_chw: float, T_db: float) -> None:
    s = AIR.operate(Q, T_chw, T_db)
    assert s.P_el > s.P_fan > 0.0
    assert s.Q_cond == pytest.approx(s.Q_dot + s.P_el - s.P_fan, rel=1e-9)
    assert s.P_el >= s.Q_dot * max(T_db - T_chw, 0.0) / T_chw
    assert s.Q_dot <= 1.15 * s.capacity * (1.0 + 1e-9)
    warm = AIR.cool(T_chw + 8.0, 70.0, T_chw, T_db)
    assert warm.Q_dot == pytest.approx(70.0 * CP_WATER * (T_chw + 8.0 - warm.T_chw_out), rel=1e-9)
    assert warm.T_chw_out > T_chw  # 2.3 MW is beyond this machine


def test_air_cooled_range_and_continuation() -> None:
    inside_range, edge = AIR.operate(1.2e6, 280.0, 308.15), CARRIER_30XA500.work(1.2e6, 280.0, 308.15)
    assert inside_range.P_el - inside_range.P_fan == pytest.approx(edge.P_el, rel=1e-12)
    T = np.linspace(255.0, 318.0, 6301)
    P = AIR.operate(1.2e6, 280.0, T).P_el
    assert np.all(np.diff(P) > -1e-3 * 1.2e6 * 0.01)
    assert np.max(np.abs(np.diff(P))) < 2e-3 * P.max()  # no jump at the edge
    assert AIR.range_violation(280.0, 288.15) == pytest.approx(302.59 - 288.15)
    with pytest.raises(ParameterError, match="must be of the EIR form"):
        AirCooledChiller(curves=MACHINES["CH10"])
    with pytest.raises(ParameterError, match="must have 6 coefficients"):
        dataclasses.replace(CARRIER_30XA500, cap_ft=(1.0,))


@pytest.mark.parametrize("name", ["CH2", "CH10"])
def test_backends_agree(name: str) -> None:
    rng = np.random.default_rng(8)
    m, (m_chw, m_cw) = MACHINES[name], FLOW[name]
    ranges = [(0.0, 1.3 * m.Q_dot_nominal), (275.0, 288.0), (283.0, 310.0), (0.3 * m_cw, 1.2 * m_cw)]
    samples = [np.concatenate([[low, high], rng.uniform(low, high, 25)]) for low, high in ranges]
    assert_backends_agree(m.operate, *samples)
    assert_backends_agree(lambda T, T_set, T_cw: m.cool(T, m_chw, T_set, T_cw, m_cw), samples[1] + 8.0, samples[1], samples[2])


def test_air_cooled_backends_agree() -> None:
    rng = np.random.default_rng(9)
    ranges = [(0.0, 2.0e6), (275.0, 288.0), (253.0, 320.0)]
    samples = [np.concatenate([[low, high], rng.uniform(low, high, 25)]) for low, high in ranges]
    assert_backends_agree(AIR.operate, *samples)
    assert_backends_agree(lambda T, d: AIR.cool(T + 8.0, 70.0, T, d), samples[1], samples[2])
