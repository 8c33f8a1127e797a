"""The hybrid hall: balances, second law, limits of its machines, its integrator, its site file."""

import dataclasses
from importlib import resources

import numpy as np
import pytest
from models_hybrid import actuators, fluxes, hybrid, load_at, random_points

from lowlift.models.design import DesignError, check_design
from lowlift.models.hybrid_equations import reject
from lowlift.models.hybrid_hall import HybridHall
from lowlift.models.implicit import advance
from lowlift.models.schema import SiteError
from lowlift.models.site import load_site
from lowlift.thermal.chiller import CP_WATER

TEXT = (resources.files("lowlift.models.sites") / "hybrid_hall.toml").read_text(encoding="utf-8")


def rest(u: np.ndarray, d: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Temperatures by name and fluxes at rest."""
    x = hybrid().steady(u, d)
    return hybrid().states.unpack(x), fluxes(x, u, d)


def wandering(n: int, seed: int, steps: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States of plants driven for ten minutes by random actuators from a common start."""
    u, d = random_points(n, seed)
    p = hybrid()
    x = np.repeat(p.steady(actuators(), load_at(0.5)), n, axis=0)
    stepper = p.integrator(15.0)
    for _ in range(steps):
        x = stepper.step(x, u, d)[0]
    return x, u, d


# -- first law ----------------------------------------------------------------------------------------------------


def test_S1_heat_and_work_leave_through_the_dry_coolers_for_any_actuators() -> None:
    p = hybrid()
    x, u, d = wandering(64, seed=1)
    before, (x1, flux) = p.stored_heat(x), p.integrator(15.0).step(x, u, d)
    ledger = p.ledger(x1, d, flux, p.flows(u))
    flows = p.site.sheet.energy.flows
    net = sum(f.sign * ledger[f.name] for f in flows) * 15.0
    size = sum(np.abs(ledger[f.name]) for f in flows) * 15.0
    assert np.abs(net - (p.stored_heat(x1) - before)).max() < 1e-9 * size.min() + 1e-9 * np.abs(before).max()
    assert np.abs(net).max() > 1e6


def test_S1_each_loop_closes_at_rest() -> None:
    T, of = rest(actuators(), load_at(0.7))
    w, f = hybrid().disturbances.unpack(load_at(0.7)), hybrid().flows(actuators())
    liquid, work = w["q_liquid"].sum(), f.Q_pump_cdu.sum()
    assert of["Q_cdu"][0] == pytest.approx(liquid + work, rel=1e-8)
    assert of["Q_warm"][0] == pytest.approx(liquid + work + float(f.Q_pump_warm[0, 0]), rel=1e-8)
    assert of["Q_crah"][0] == pytest.approx(float(w["q_air"][0, 0] + f.P_crah_fans[0, 0]), rel=1e-8)
    chilled = of["Q_wse"] + of["Q_chiller"]
    assert chilled[0] == pytest.approx(of["Q_crah"][0] + float(f.Q_pump_chw[0, 0]), rel=1e-8)
    assert of["Q_cold"][0] == pytest.approx(chilled[0] + of["P_chillers"][0] + float(f.Q_pump_cold[0, 0]), rel=1e-8)
    assert T["T_air_hot"][0, 0] > T["T_air_cold"][0, 0]


def test_L1_a_rack_at_rest_is_the_cold_plate_of_the_component() -> None:
    p, s = hybrid(), hybrid().site
    u, d = actuators(), load_at(0.7)
    x = p.steady(u, d)
    f = p.flows(u)
    q, T_in = float(p.disturbances.unpack(d)["q_liquid"][0, 0]) / s.plates, p.states.unpack(x)["T_supply"]
    m = f.m_sec / s.racks_per_cdu / s.plates
    read = p.measure(x, u, d, p.flux_vector(x, u, d), np.zeros((1, s.n_cdu)), f)
    np.testing.assert_allclose(read["T_chip"], s.cold_plate.T_chip(q, m, T_in, s.cp_secondary), atol=1e-6)
    np.testing.assert_allclose(read["T_return_hot"], T_in + q / (m * s.cp_secondary), atol=1e-6)
    np.testing.assert_allclose(read["T_return"], read["T_return_hot"], atol=1e-6)


# -- second law and machines --------------------------------------------------------------------------------------


def test_T1_no_coolant_leaves_colder_than_the_air_of_its_coolers() -> None:
    x, u, d = wandering(96, seed=2)
    p = hybrid()
    T, a, w = p.states.unpack(x), p.actuators.unpack(u), p.disturbances.unpack(d)
    for name, bank in p.equations.banks:
        m = getattr(p.flows(u), f"m_{name}")
        T_in = T[f"T_{name}_return"]
        out = reject(bank, T_in, m, a[f"v_{name}"], a[f"y_{name}_fan"], a[f"wet_{name}"], w)
        T_out = T_in - out.Q / (a[f"v_{name}"] * m * bank.cp)
        between = (np.minimum(T_in, out.T_air) - 1e-9 <= T_out) & (T_out <= np.maximum(T_in, out.T_air) + 1e-9)
        assert between.all()
        assert (out.T_air >= w["T_wb"] - 1e-9).all()
        assert (out.T_air <= w["T_db"] + 1e-9).all()
        dry = reject(bank, T_in, m, a[f"v_{name}"], a[f"y_{name}_fan"], 0.0 * a["wet_warm"], w)
        np.testing.assert_allclose(dry.T_air, w["T_db"], atol=1e-9)


@pytest.mark.parametrize(("wet", "floor"), [(0.0, "T_db"), (1.0, "T_wb")])
def test_T1_at_rest_water_stays_above_dry_bulb_without_and_above_wet_bulb_with_water(wet: float, floor: str) -> None:
    d = load_at(0.3, T_wb=288.0, T_db=306.0)
    T, _ = rest(actuators(wet_warm=wet, wet_cold=wet, y_warm_fan=1.0, y_cold_fan=1.0), d)
    coldest = float(hybrid().disturbances.unpack(d)[floor][0, 0])
    for name in ("T_warm", "T_cold"):
        assert coldest < T[name][0, 0] < coldest + 12.0
    if wet:
        assert T["T_cold"][0, 0] < 306.0


def test_T2_fans_and_pads_make_the_water_colder() -> None:
    d = load_at(0.7)
    slow, fast, wet = (
        rest(actuators(y_warm_fan=y, wet_warm=pads), d)[0]["T_warm"][0, 0] for y, pads in ((0.3, 0.0), (0.9, 0.0), (0.9, 1.0))
    )
    assert slow > fast + 1.0
    assert fast > wet + 1.0


def test_T4_water_is_what_the_pads_evaporate_and_their_blowdown() -> None:
    x, u, d = wandering(96, seed=3)
    of = fluxes(x, u, d)
    assert (of["evaporation"] >= 0.0).all()
    assert of["evaporation"].max() > 0.1
    cycles = hybrid().site.warm.pad.cycles
    np.testing.assert_allclose(of["blowdown"], of["evaporation"] / (cycles - 1.0), rtol=1e-9)
    at = hybrid().actuators.slices
    for name in ("wet_warm", "wet_cold"):
        u[:, at[name]] = 0.0
    assert (fluxes(x, u, d)["evaporation"] == 0.0).all()


def test_T5_evaporation_carries_the_heat_that_the_air_loses() -> None:
    bank, T_db, T_wb, p = hybrid().site.warm, 308.15, 293.15, 94000.0
    w = {"T_db": T_db, "T_wb": T_wb, "p": p}
    out = reject(bank, 315.0, bank.m_nominal, 1.0, 1.0, 1.0, w)
    m_air = bank.cooler.m_air(out.T_air, p, 1.0)
    assert 2.45e6 * float(out.evaporation) == pytest.approx(float(m_air) * 1006.0 * (T_db - float(out.T_air)), rel=0.03)


def test_C1_chillers_stay_below_Carnot_and_draw_nothing_when_off() -> None:
    x, u, d = wandering(96, seed=4)
    p, s = hybrid(), hybrid().site
    of, T, f = fluxes(x, u, d), p.states.unpack(x), p.flows(u)
    n = p.actuators.unpack(u)["n_chillers"][:, 0]
    assert (of["P_chillers"][n == 0] == 0.0).all()
    assert (of["Q_chiller"][n == 0] == 0.0).all()
    assert (of["P_chillers"][n > 0] > 0.0).all()
    T_out = T["T_cold"][:, 0] + (of["Q_wse"] + of["Q_chiller"] + of["P_chillers"]) / (f.m_cold[:, 0] * s.cold.cp)
    lift = T_out - T["T_chw"][:, 0]
    busy = (of["Q_chiller"] > 1e4) & (lift > 0.0)
    assert busy.sum() > 10
    carnot = T["T_chw"][:, 0] / np.maximum(lift, 1e-3)
    assert (of["Q_chiller"][busy] / of["P_chillers"][busy] < carnot[busy]).all()
    capacity = n * s.chiller.capacity(T["T_chw"], T["T_cold"])[:, 0]
    assert (of["Q_chiller"] <= capacity * (1.0 + 1e-9)).all()


def test_C5_what_chillers_cannot_take_stays_in_the_water() -> None:
    d = load_at(1.0, T_wb=296.0, T_db=312.0)
    warm, one, two = (rest(actuators(n_chillers=n, y_cold_fan=1.0, y_cold=1.0), d) for n in (0.0, 1.0, 2.0))
    assert warm[0]["T_chw"][0, 0] > one[0]["T_chw"][0, 0] > two[0]["T_chw"][0, 0] + 1.0
    assert two[0]["T_chw"][0, 0] == pytest.approx(hybrid().site.T_chw_min + 4.0, abs=0.2)


def test_H3_the_economiser_never_warms_chilled_water_and_never_cools_below_the_setpoint() -> None:
    x, u, d = wandering(96, seed=5)
    p, s = hybrid(), hybrid().site
    of, T, f = fluxes(x, u, d), p.states.unpack(x), p.flows(u)
    assert (of["Q_wse"] >= 0.0).all()
    assert (of["Q_wse"][T["T_cold"][:, 0] >= T["T_chw_return"][:, 0]] == 0.0).all()
    T_out = T["T_chw_return"][:, 0] - of["Q_wse"] / (f.m_chw[:, 0] * s.cp_water)
    T_set = p.actuators.unpack(u)["T_chw_set"][:, 0]
    assert (T_out >= np.minimum(T_set, T["T_chw_return"][:, 0]) - 1e-9).all()


def test_free_cooling_takes_all_heat_in_cold_weather_and_part_of_it_in_between() -> None:
    def shares(T_wb: float, T_db: float, n: float) -> float:
        _, of = rest(actuators(n_chillers=n, y_cold_fan=0.8, T_chw_set=293.15), load_at(0.6, T_wb=T_wb, T_db=T_db))
        return float(of["Q_wse"][0] / (of["Q_wse"][0] + of["Q_chiller"][0]))

    assert shares(276.0, 279.0, 0.0) == 1.0
    assert 0.1 < shares(284.0, 291.0, 1.0) < 0.9
    assert shares(290.0, 303.0, 1.0) == 0.0


# -- integrator ---------------------------------------------------------------------------------------------------


def test_batches_and_compiled_steps_are_the_same() -> None:
    p = hybrid()
    x, u, d = wandering(60, seed=6, steps=4)
    batch, flux = advance(p, x, u, d, 15.0)
    one, flux_one = p.integrator(15.0).step(x[:8], u[:8], d[:8])
    np.testing.assert_allclose(batch[:8], one, atol=1e-9)
    np.testing.assert_allclose(flux[:8], flux_one, rtol=1e-7, atol=1e-3)


def test_steps_converge_with_second_order_and_long_ones_settle() -> None:
    p = hybrid()
    u, before, after = actuators(y_warm_fan=0.6), load_at(0.4), load_at(0.8)
    x0 = p.steady(u, before)

    def after_two_minutes(h: float) -> np.ndarray:
        x = x0
        for _ in range(round(120.0 / h)):
            x = p.integrator(h).step(x, u, after)[0]
        return x

    fine = after_two_minutes(0.25)
    coarse, half = (np.abs(after_two_minutes(h) - fine).max() for h in (4.0, 2.0))
    assert coarse < 0.02
    assert 3.3 < coarse / half < 4.8
    x = x0
    for _ in range(200):
        x = p.integrator(300.0).step(x, u, after)[0]
    np.testing.assert_allclose(x, p.steady(u, after), atol=1e-6)


def test_H2_equations_are_finite_at_the_ends_of_their_range() -> None:
    import casadi as ca

    p = hybrid()
    at = [ca.SX.sym(k, v.size) for k, v in (("x", p.states), ("u", p.actuators), ("d", p.disturbances))]
    dx = p.derivatives(*at)
    f = ca.Function("f", at, [dx, *(ca.jacobian(dx, v) for v in at)])
    x = np.full(p.states.size, 300.0)
    for u in (p.actuators.low, p.actuators.high):
        for share in (0.0, 1.0):
            for T in (258.0, 300.0, 318.0):
                assert all(np.isfinite(np.asarray(v)).all() for v in f(x, u, load_at(share, T_wb=T, T_db=T)[0]))


# -- site file ----------------------------------------------------------------------------------------------------


def test_an_undersized_plant_is_refused_with_limit_and_shortfall() -> None:
    site = load_site("hybrid_hall")
    with pytest.raises(DesignError, match=r"hybrid_hall: carries \d+% .* short by \d+ kW: server inlet is"):
        check_design(HybridHall(dataclasses.replace(site, n_chillers=1)))
    small = dataclasses.replace(site.warm.cooler, V_air_nominal=60.0, Q_dot_nominal=5e5, P_fan_nominal=1e4)
    with pytest.raises(DesignError, match=r"(chip|rack outlet|secondary supply) is \d+\.\d K beyond its limit"):
        check_design(HybridHall(dataclasses.replace(site, warm=dataclasses.replace(site.warm, cooler=small))))


def test_the_design_day_needs_its_pads() -> None:
    p = hybrid()
    T = p.site.T_db_design
    d = load_at(1.0, T_wb=T - 0.001, T_db=T)
    u = np.asarray(p.actuators.pack({s.name: s.high for s in p.actuators.signals} | {"T_chw_set": p.site.T_chw_min}))[None]
    hot = p.states.unpack(p.steady(u, d))["T_supply"].max()
    assert min(p.margins(1.0).values()) >= 0.0
    assert hot > p.site.limits.T_supply_max


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("T_out_nominal_degC = 39.0", "T_out_nominal_degC = 48.0", r"warm_coolers\.T_out_nominal_degC = 48\.0 degC: .*must be below"),
        ("T_chw_nominal_degC = 18.0", "T_chw_nominal_degC = 15.0", r"chilled\.T_chw_nominal_degC = 15\.0 degC: less 2 K"),
        ('coolant = "PG25"', 'coolant = "PG20"', r"cdu\.coolant = 'PG20': unknown coolant; did you mean .*PG25"),
        ("COP_nominal = 6.5", "COP_nominal = 19.0", r"chilled\.COP_nominal = 19\.0: .*of Carnot"),
        ("air_flow_m3_s = 50.0", "air_flow_m3_s = 20.0", r"hall_air\.air_flow_m3_s = 20\.0.*out of reach"),
        ("T_return_nominal_degC = 50.0", "T_return_nominal_degC = 36.0", r"cdu\.T_warm_nominal_degC = 36\.0 degC: must be below"),
        ("pad_effectiveness = 0.75", "pad_effectivness = 0.75", r"unknown key 'warm_coolers\.pad_effectivness'; did you mean"),
    ],
)
def test_wrong_values_are_named_with_line_key_and_bound(tmp_path, old: str, new: str, message: str) -> None:
    path = tmp_path / "odd.toml"
    assert old in TEXT
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(SiteError, match=r"odd\.toml:\d+: " + message):
        load_site(path)


def test_condenser_stream_is_that_of_the_coolant() -> None:
    """The machine's own water is replaced by the same capacity rate of coolant."""
    s = hybrid().site
    assert s.chiller.m_cw_nominal * s.n_chillers * CP_WATER == pytest.approx(s.cold.m_nominal * s.cold.cp)


def test_the_design_day_is_inside_the_declared_ranges_and_a_hotter_one_is_told() -> None:
    assert hybrid().extrapolated(1.0) == []
    hot = dataclasses.replace(hybrid().site, T_db_design=330.0, T_wb_design=312.0)
    assert any("T_cw_in" in words for words in HybridHall(hot).extrapolated(1.0))
