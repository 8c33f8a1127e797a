"""The regulatory layer and the protection of the hybrid hall: loops, pads, staging, interlocks, at readings that occur."""

import numpy as np
from models_hybrid import actuators, hybrid, load_at

from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.hybrid_protection import T_FROST, HybridInterlocks
from lowlift.controllers.hybrid_regulator import HybridGains, HybridRegulator
from lowlift.controllers.staging import CONFIRM_FIRST, CONFIRM_UP, MIN_OFF
from lowlift.models.safe_flow import minimum_safe_flow

STEP = 15.0
GAINS = HybridGains()


def read(u: np.ndarray, d: np.ndarray, **changed: float) -> dict[str, np.ndarray]:
    """Readings at rest, some replaced."""
    p = hybrid()
    x = p.steady(u, d)
    readings = p.measure(x, u, d, p.flux_vector(x, u, d), np.zeros((1, p.site.n_cdu)), p.flows(u))
    return readings | {name: np.full_like(readings[name], value) for name, value in changed.items()}


def setpoints(r: dict[str, np.ndarray], **changed: float) -> np.ndarray:
    """Setpoints that ask for what is there, some replaced; pads never wet."""
    p, s = hybrid(), hybrid().site
    values = {
        "V_sec_set": r["V_sec"][:, :1], "T_warm_set": r["T_warm"], "m_warm_set": r["m_warm"], "T_pad_warm_set": 323.15,
        "T_cold_set": r["T_cold"], "m_cold_set": r["m_cold"], "T_pad_cold_set": 323.15, "T_chw_set": r["T_chw"], "T_air_set": r["T_air"],
        "air_ratio_set": r["m_air"] / p.equations.air_drawn(r["q_air"]),
    }  # fmt: skip
    return np.asarray(s.sheet.setpoints.pack(values | changed))


def acted(r: dict[str, np.ndarray], sp: np.ndarray, u: np.ndarray, steps: int = 1) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Actuators by name and overrides after some steps with held readings."""
    layer = HybridRegulator(hybrid(), STEP)
    layer.reset(1)
    for _ in range(steps):
        u, own = layer.act(r, sp, u)
    return hybrid().actuators.unpack(u), own


def test_nothing_moves_where_everything_is_as_asked_for() -> None:
    u = actuators(v_warm=1.0, y_warm_fan=0.4)
    r = read(u, load_at(0.6))
    new, own = acted(r, setpoints(r), u, steps=8)
    for name, value in hybrid().actuators.unpack(u).items():
        if name != "T_chw_set":
            np.testing.assert_allclose(new[name], value, atol=1e-6, err_msg=name)
    assert (own == 0.0).all()


def test_the_mixing_valve_opens_before_the_fans_turn_and_fans_stop_before_it_closes() -> None:
    u = actuators(v_warm=0.15, y_warm_fan=0.0)
    r = read(u, load_at(0.1, T_wb=283.0, T_db=288.0))
    warm = setpoints(r, T_warm_set=float(r["T_warm"][0, 0]) - 4.0)
    first, _ = acted(r, warm, u, steps=4)
    assert 0.18 < first["v_warm"][0, 0] < 0.3
    assert first["y_warm_fan"][0, 0] == 0.0
    then, _ = acted(r, warm, u, steps=40)
    assert then["v_warm"][0, 0] == 1.0
    assert then["y_warm_fan"][0, 0] > 0.2
    u = actuators(v_warm=1.0, y_warm_fan=0.1)
    r = read(u, load_at(0.1, T_wb=283.0, T_db=288.0))
    back, _ = acted(r, setpoints(r, T_warm_set=float(r["T_warm"][0, 0]) + 6.0), u, steps=20)
    assert back["y_warm_fan"][0, 0] == 0.0
    assert back["v_warm"][0, 0] < 0.9


def test_pads_switch_by_dry_bulb_with_hysteresis() -> None:
    p, u = hybrid(), actuators()
    r = read(u, load_at(0.6))
    sp = setpoints(r, T_pad_cold_set=303.15)
    layer = HybridRegulator(p, STEP)
    layer.reset(1)
    seen = []
    for T_db in (302.0, 303.5, 302.0, 303.15 - GAINS.pad_band + 0.1, 303.15 - GAINS.pad_band - 0.1, 302.0, 304.0):
        for _ in range(14):
            u, _ = layer.act(r | {"T_db": np.full((1, 1), T_db)}, sp, u)
        seen.append(float(p.actuators.unpack(u)["wet_cold"][0, 0]))
    assert seen == [0.0, 1.0, 1.0, 1.0, 0.0, 0.0, 1.0]
    assert float(p.actuators.unpack(u)["wet_warm"][0, 0]) == 0.0


def test_a_hot_rack_gets_flow_and_then_colder_water() -> None:
    p, s, u = hybrid(), hybrid().site, actuators(y_cdu=0.4)
    r = read(u, load_at(0.6))
    safe = minimum_safe_flow(s, r["q_rack"], r["T_supply"], GAINS.guard) / s.cdu_pump.V_dot_nominal
    hotter = r | {"q_rack": 1.6 * r["q_rack"]}
    needed = minimum_safe_flow(s, hotter["q_rack"], r["T_supply"], GAINS.guard) / s.cdu_pump.V_dot_nominal
    assert (safe < 0.4).all() and (needed > 0.4).all()
    new, own = acted(hotter, setpoints(r), u)
    np.testing.assert_allclose(new["y_cdu"], np.minimum(needed, 1.0), atol=1e-9)
    np.testing.assert_allclose(own, new["y_cdu"] - 0.4, atol=1e-4)
    beyond = r | {"T_chip": np.full_like(r["T_chip"], s.limits.T_chip_max + 3.0)}
    fans = p.actuators.unpack(u)["y_warm_fan"]
    late, own = acted(beyond, setpoints(r), u, steps=40)
    assert (late["y_cdu"] == 1.0).all()
    assert (own > 0.5).all()
    assert late["y_warm_fan"][0, 0] > fans[0, 0] + 0.2


def test_water_flow_is_there_before_a_load_that_is_back() -> None:
    u = actuators(y_warm=0.3)
    r = read(u, load_at(0.2))
    low = setpoints(r, m_warm_set=0.0)
    back = r | {"q_cdu": np.full_like(r["q_cdu"], hybrid().site.exchanger.Q_dot_nominal)}
    assert acted(r, low, u)[0]["y_warm"][0, 0] < 0.31
    assert acted(back, low, u)[0]["y_warm"][0, 0] > 0.3 + 0.05


def test_a_chiller_joins_when_free_cooling_is_not_enough_and_another_when_it_is_loaded() -> None:
    u = actuators(n_chillers=0.0)
    r = read(u, load_at(0.3, T_wb=276.0, T_db=278.0), T_inlet=295.0)
    enough = setpoints(r, T_chw_set=float(r["T_plant"][0, 0]))
    assert acted(r, enough, u, steps=int(2 * CONFIRM_FIRST / STEP))[0]["n_chillers"][0, 0] == 0.0
    short = setpoints(r, T_chw_set=float(r["T_plant"][0, 0]) - 1.5)
    steps = round(CONFIRM_FIRST / STEP)
    assert acted(r, short, u, steps=steps - 1)[0]["n_chillers"][0, 0] == 0.0
    assert acted(r, short, u, steps=steps)[0]["n_chillers"][0, 0] == 1.0
    u = actuators(n_chillers=1.0)
    r = read(u, load_at(0.9))
    r["Q_chiller"] = 0.95 * hybrid().site.chiller.capacity(r["T_chw"], r["T_cold"])
    full, steps = setpoints(r), round(CONFIRM_UP / STEP)
    assert acted(r, full, u, steps=steps - 1)[0]["n_chillers"][0, 0] == 1.0
    assert acted(r, full, u, steps=steps)[0]["n_chillers"][0, 0] == 2.0


def test_F_pads_are_drained_in_frost() -> None:
    interlocks, audit = HybridInterlocks(hybrid()), AuditLog(STEP)
    u = actuators(wet_warm=1.0, wet_cold=0.5)
    r = read(u, load_at(0.5))
    at = hybrid().actuators.slices
    kept = interlocks.apply(0.0, u, r | {"T_db": np.full((1, 1), T_FROST + 0.1)}, audit)
    assert kept[0, at["wet_warm"]] == 1.0
    dry = interlocks.apply(STEP, u, r | {"T_db": np.full((1, 1), T_FROST - 0.1)}, audit)
    assert dry[0, at["wet_warm"]] == dry[0, at["wet_cold"]] == 0.0
    assert {(k.name, k.reason, k.kind) for k in audit.records} == {
        (name, "no water on pads in frost", Kind.INTERLOCK) for name in ("wet_warm", "wet_cold")
    }


def test_F_no_chiller_without_flow_and_none_back_within_its_time() -> None:
    interlocks, audit, at = HybridInterlocks(hybrid()), AuditLog(STEP), hybrid().actuators.slices["n_chillers"]
    u = actuators(n_chillers=2.0)
    r = read(u, load_at(0.8))
    assert interlocks.apply(0.0, u, r, audit)[0, at] == 2.0
    stopped = interlocks.apply(STEP, u, r | {"m_cold": np.zeros((1, 1))}, audit)
    assert stopped[0, at] == 0.0
    assert interlocks.apply(2 * STEP, u, r, audit)[0, at] == 0.0
    assert interlocks.apply(STEP + MIN_OFF, u, r, audit)[0, at] == 2.0
    assert interlocks.apply(2 * STEP + MIN_OFF, u, r | {"m_chw": np.zeros((1, 1))}, audit)[0, at] == 0.0
    reasons = {k.reason for k in audit.records}
    assert reasons == {"no chiller without condenser coolant", "no chiller without chilled water", "no chiller restarts within 20 min"}


def test_chilled_water_follows_a_rising_dew_point_at_once() -> None:
    u = actuators(T_chw_set=289.15)
    r = read(u, load_at(0.5), T_dew_hall=291.15)
    at = hybrid().actuators.slices["T_chw_set"]
    assert HybridInterlocks(hybrid()).apply(0.0, u, r, AuditLog(STEP))[0, at] == 293.15
