"""The air hall: balances, second law, order, forms of the integrator, rest, design check, site files."""

import dataclasses
import itertools
from importlib import resources
from pathlib import Path

import casadi as ca
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from models_air import ZERO_C, actuators, air_hall, by_name, random_actuators, weather
from scipy.integrate import solve_ivp

from lowlift.models.air_hall import AirHall
from lowlift.models.air_rest import CHOSEN, at_rest
from lowlift.models.air_tables import MOISTURE, STORED_WATER
from lowlift.models.design import DesignError, check_design
from lowlift.models.implicit import ImplicitStepper, advance
from lowlift.models.schema import SiteError
from lowlift.models.site import load_site
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.evaporative import T_WB_LEAST
from lowlift.thermal.wetcoil import MOISTURE_WIDTH

HALL = air_hall()
SITE = HALL.site
MILD = {"y_damper": 0.4, "y_iec": 0.5, "v_spray": 1.0, "v_pad": 0.3, "n_dx": 3.0, "y_dx": 0.5}


def rest(u: np.ndarray, d: np.ndarray) -> np.ndarray:
    return HALL.steady(u, d)


def test_derivatives_are_the_same_in_numpy_and_casadi() -> None:
    rng, b = np.random.default_rng(1), 12
    u, d = random_actuators(rng, b), weather(batch=b)
    x = rest(actuators(**MILD), weather()) + np.zeros((b, 1))
    x = x * rng.uniform(0.98, 1.02, x.shape)
    sx, su, sd = (ca.SX.sym(n, v.size) for n, v in (("x", HALL.states), ("u", HALL.actuators), ("d", HALL.disturbances)))
    f = ca.Function("f", [sx, su, sd], [HALL.derivatives(sx, su, sd), HALL.rates(sx, su, sd)[1]])
    dx, flux = f(x.T, u.T, d.T)
    np.testing.assert_allclose(HALL.derivatives(x, u, d), np.asarray(dx).T, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(HALL.flux_vector(x, u, d), np.asarray(flux).T, rtol=1e-9, atol=1e-6)


def test_conserved_quantities_and_states_belong_to_each_other() -> None:
    x = rest(actuators(**MILD), weather()) * np.random.default_rng(0).uniform(0.97, 1.03, (9, HALL.states.size))
    np.testing.assert_allclose(HALL.recovered(HALL.conserved(x)), x, rtol=1e-13)


def test_both_forms_of_the_integrator_agree() -> None:
    rng, b = np.random.default_rng(2), 60
    u, d = random_actuators(rng, b), weather(batch=b)
    x = np.repeat(rest(actuators(**MILD), weather()), b, axis=0)
    many, few = HALL.integrator(15.0).step(x, u, d), [HALL.integrator(15.0).step(x[k : k + 1], u[k : k + 1], d[:1]) for k in range(5)]
    for k, (x1, flux) in enumerate(few):
        np.testing.assert_allclose(many[0][k], x1[0], rtol=1e-11)
        np.testing.assert_allclose(many[1][k], flux[0], rtol=1e-8, atol=1e-6)
    np.testing.assert_array_equal(advance(HALL, x, u, d, 15.0)[0], many[0])


def test_a_step_length_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"h = 0\.0 s: must be above 0"):
        ImplicitStepper(HALL, 0.0)


@pytest.mark.parametrize("seed", range(4))
def test_S1_every_joule_and_every_gram_is_accounted_for(seed: int) -> None:
    """First law, dry air and water over steps of random actuators, weather and load, to rounding of what is stored."""
    rng = np.random.default_rng(seed)
    x, stepper, h = rest(actuators(**MILD), weather()), HALL.integrator(15.0), 15.0
    ledger = HALL.ledger(x, weather(), HALL.flux_vector(x, actuators(**MILD), weather()), None)
    for _ in range(25):
        T_db = rng.uniform(-5.0, 40.0)
        u, d = random_actuators(rng, 1), weather(rng.uniform(0.2, 1.0), T_db - rng.uniform(0.5, 0.4 * max(T_db, 2.0)), T_db)
        before = ledger
        x, flux = stepper.step(x, u, d)
        ledger = HALL.ledger(x, d, flux, None)
        for balance, smallest in ((SITE.sheet.energy, 1.0), (MOISTURE, 1e-9)):
            net = sum(f.sign * ledger[f.name][0, 0] for f in balance.flows) * h
            change = ledger[balance.stored][0, 0] - before[balance.stored][0, 0]
            size = max(abs(ledger[f.name][0, 0]) for f in balance.flows) * h
            assert net - change == pytest.approx(0.0, abs=1e-9 * size + 1e-12 * abs(ledger[balance.stored][0, 0]) + smallest * 1e-6)
        f = by_name(flux)
        # Dry air: what handlers supply is what they draw, outdoor share included; bypass and recirculation join both aisles.
        flows = SITE.aisles.flows(f["m_supply"], f["m_servers"])
        assert flows.m_supply - flows.m_bypass == pytest.approx(flows.m_servers - flows.m_recirculated, rel=1e-12)
        assert ledger["P_it"] + f["P_psu"] + f["P_server_fans"] == pytest.approx(ledger["Q_it"])


def test_stored_water_is_what_the_volumes_hold() -> None:
    x = rest(actuators(**MILD), weather())
    T = HALL.states.unpack(x)
    by_hand = SITE.supply.M * T["w_supply"] + SITE.cold.M * T["w_cold"] + SITE.hot.M * T["w_hot"]
    assert HALL.ledger(x, weather(), HALL.flux_vector(x, actuators(**MILD), weather()), None)[STORED_WATER] == pytest.approx(by_hand)


def test_L7_second_order_and_within_a_twentieth_of_a_kelvin_after_a_load_step() -> None:
    u = actuators(**MILD)
    x, d = rest(u, weather(0.3)), weather(1.0, 16.0, 28.0)
    exact = solve_ivp(lambda t, y: HALL.derivatives(y[None], u, d)[0], (0.0, 120.0), x[0], method="Radau", rtol=1e-9, atol=1e-11).y[:, -1]
    errors = []
    for h in (15.0, 7.5, 3.75):
        y, stepper = x, HALL.integrator(h)
        for _ in range(round(120.0 / h)):
            y = stepper.step(y, u, d)[0]
        errors.append(np.abs(y[0] - exact).max())
    assert errors[0] < 0.05
    for coarse, fine in itertools.pairwise(errors):
        assert 3.0 < coarse / fine < 5.5


@pytest.mark.parametrize("h", [1.0, 15.0, 900.0])
def test_rest_is_exact_at_any_step(h: float) -> None:
    u, d = actuators(**MILD), weather()
    x = rest(u, d)
    np.testing.assert_allclose(HALL.integrator(h).step(x, u, d)[0], x, rtol=1e-7)


def test_without_any_cooling_the_load_still_heats_without_bound_errors() -> None:
    u, d = actuators(), weather(1.0)
    x, stepper = rest(actuators(**MILD), weather()), HALL.integrator(15.0)
    for _ in range(40):
        before, (x, _) = x, stepper.step(x, u, d)
    assert np.isfinite(x).all()
    assert (HALL.states.unpack(x)["T_hot"] > HALL.states.unpack(before)["T_hot"]).all()


LATENT_OVER_CP = 2.501e6 / 1006.0
"""Heat of vapour over that of dry air [K]."""
outdoors = st.tuples(st.floats(-15.0, 42.0), st.floats(0.05, 1.0), st.floats(0.1, 1.0))


@example((-12.0, 0.5, 1.0), 446)
@given(outdoors, st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_A1_C1_second_law_of_the_way_from_return_to_supply(air: tuple[float, float, float], seed: int) -> None:
    T, rh, load = air
    rng = np.random.default_rng(seed)
    w = psy.humidity_ratio_from_relative_humidity(T + ZERO_C, rh, SITE.p)
    T_wb = float(psy.wet_bulb(T + ZERO_C, w, SITE.p)) - ZERO_C
    d, u = weather(load, min(T_wb, T), T), random_actuators(rng, 1)
    a, out = HALL.actuators.unpack(u), HALL.disturbances.unpack(d)
    T_back, w_back = rng.uniform(298.0, 318.0), rng.uniform(0.002, 0.016)
    rho, h_back = 1.05, psy.enthalpy(T_back, w_back)
    m = rho * SITE.V_supply * a["y_fan"]

    dry = HALL.equations.treat(h_back, w_back, m, rho, a | {"v_pad": 0.0 * m, "n_dx": 0.0 * m}, out)
    # An indirect cooler stops at the wet bulb of its secondary air, which is outdoor air.
    assert float(dry.T_evaporative[0, 0]) >= min(float(dry.T_mixed[0, 0]), T_wb + ZERO_C) - 1e-6
    damp = HALL.equations.treat(h_back, w_back, m, rho, a | {"n_dx": 0.0 * m}, out)
    # A pad stops at the wet bulb of the air that enters it, and keeps it; below its declared range the wet bulb changes from water to ice.
    w_dry, w_damp = dry.w, damp.w
    before, after = (float(psy.wet_bulb(t, v, SITE.p)[0, 0]) for t, v in ((dry.T_evaporative, w_dry), (damp.T_evaporative, w_damp)))
    assert before < T_WB_LEAST or after == pytest.approx(before, abs=0.05)
    assert float(damp.T_evaporative[0, 0]) >= before - 0.05
    cold = HALL.equations.treat(h_back, w_back, m, rho, a, out)
    assert (cold.Q_dx >= -1e-6).all()
    assert (cold.P_dx >= 0.0).all()
    assert (cold.vapour_drained >= -1e-9).all()
    assert (cold.vapour_pads >= -1e-12).all()
    assert (cold.vapour_secondary >= -1e-12).all()
    T_out = psy.temperature_from_enthalpy(cold.h, cold.w)
    # Condensation sets in over a declared width of vapour at held enthalpy: leaving that much vapour in the air also leaves it colder.
    slope = (psy.saturation_humidity_ratio(T_out + 0.01, SITE.p) - psy.saturation_humidity_ratio(T_out - 0.01, SITE.p)) / 0.02
    left = MOISTURE_WIDTH * (1.0 + LATENT_OVER_CP * slope)
    assert (cold.w < psy.saturation_humidity_ratio(T_out, SITE.p) + 1.05 * left).all()
    # Compressors below Carnot between the air that enters and the air outdoors.
    T_in = psy.wet_bulb(damp.T_evaporative, w_damp, SITE.p)
    P = cold.P_dx - SITE.n_dx * SITE.dx.standing_share * SITE.dx.Q_dot_nominal / SITE.dx.COP_nominal
    assert (P >= cold.Q_dx * np.maximum(out["T_db"] - T_in, 0.0) / T_in - 1e-3).all()


def test_fans_of_servers_and_recirculation_follow_the_air() -> None:
    T_wb, T_db = 22.0, 38.0
    cool, warm = (rest(actuators(y_fan=1.0, y_iec=1.0, v_spray=1.0, n_dx=n, y_dx=1.0), weather(1.0, T_wb, T_db)) for n in (12.0, 7.0))
    f = [by_name(HALL.flux_vector(x, actuators(y_fan=1.0, y_iec=1.0, v_spray=1.0), weather(1.0, T_wb, T_db))) for x in (cool, warm)]
    assert f[1]["P_server_fans"] > 1.2 * f[0]["P_server_fans"]
    ample, short = (rest(actuators(y_fan=y, **(MILD | {"y_damper": 1.0})), weather(0.8)) for y in (0.9, 0.5))
    rise = [float((HALL.states.unpack(x)["T_cold"] - HALL.states.unpack(x)["T_supply"])[0, 0]) for x in (ample, short)]
    assert rise[0] < 1.0
    assert rise[1] > 3.0


def test_rest_for_many_choices_is_the_plant_at_rest() -> None:
    rng, n, dp = np.random.default_rng(5), 40, 4.0
    d = weather(0.7, 14.0, 24.0)
    low, high = np.array([SITE.x_min, 0.0, 0.0, 0.0, 0.0, 1.0]), np.array([1.0, 1.0, 1.0, 1.0, float(SITE.n_dx), 1.0])
    choices = rng.uniform(low, high, (n, len(CHOSEN)))
    found = at_rest(HALL, choices, dp, d[0])
    good = np.flatnonzero(found.converged & (found.y_fan < 1.0))
    assert len(good) > 30
    u = HALL.actuators.pack({name: choices[good][:, [k]] for k, name in enumerate(CHOSEN)} | {"y_fan": found.y_fan[good][:, None]})
    x = rest(np.asarray(u), np.repeat(d, len(good), axis=0))
    T = HALL.states.unpack(x)
    np.testing.assert_allclose(T["T_supply"][:, 0], found.T_supply[good], atol=1e-5)
    np.testing.assert_allclose(T["T_cold"][:, 0], found.T_inlet[good], atol=1e-4)
    flux = HALL.flux_vector(x, np.asarray(u), np.repeat(d, len(good), axis=0))
    f = by_name(flux)
    np.testing.assert_allclose(f["dp"], dp, rtol=2e-2)
    P = 0.7 * SITE.P_it_nominal + sum(f[name] for name in f if name.startswith("P_"))
    np.testing.assert_allclose(P, found.P_facility[good], rtol=1e-5)


def test_a_choice_without_cooling_says_that_it_has_no_rest() -> None:
    choices = np.array([[SITE.x_min, 0.0, 0.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.5, 0.0, 1.0]])
    assert at_rest(HALL, choices, 4.0, weather(0.7, 14.0, 24.0)[0]).converged.tolist() == [False, True]


def test_the_design_check_fails_loudly_and_says_what_it_extrapolates() -> None:
    assert check_design(HALL).shortfall == 0.0
    assert check_design(HALL).outside == ()
    hotter = AirHall(dataclasses.replace(SITE, T_db_design=322.15, n_dx=20))
    assert any(words.startswith("DxUnit: T_odb = 322.15 K, declared") for words in check_design(hotter).outside)
    small = AirHall(dataclasses.replace(SITE, n_dx=SITE.n_dx // 2))
    with pytest.raises(DesignError, match=r"air_hall: carries \d+% of its rated 3000 kW .* short by \d+ kW: server inlet is .* K beyond"):
        check_design(small)


TEXT = (resources.files("lowlift.models.sites") / "air_hall.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("outdoor_min = 0.01 ", "outdoor_min = 0.0 ", r"handlers\.outdoor_min = 0\.0: Input should be greater than or equal to 0\.002"),
        ("psu_kW = 40.0", "psu_kW = 26.0", r"racks\.psu_kW = 26\.0 kW: must carry racks\.power_kW \+ racks\.fan_kW = 28\.6 kW"),
        ("ups = 5 ", "ups = 2 ", r"power\.ups_kW = 1000\.0 kW: 2 units give 2000 kW, the racks take 3000 kW"),
        ("T_dew_max_degC = 21.0", "T_dew_max_degC = 28.0", r"limits\.T_dew_max_degC = 28\.0 degC: must be below limits\.T_inlet_max_degC"),
        ("fan_reserve = 0.30", "fan_reserve = 0.80", r"racks\.fan_reserve = 0\.8: AirServer\.r_hot, here 0\.8 1, must be at most 1 - r"),
        ("psu_load = [0.2, 0.5]", "psu_load = [0.5, 0.2]", r"racks\.psu_load = \[0\.5, 0\.2\]: must hold two load ratios in rising order"),
        ("[dx]", "[dxx]", r"unknown key 'dxx'; did you mean 'dx'"),
        ("air_flow_m3_s = 210.0", "air_flow_m3_s = 90.0", r"handlers\.air_flow_m3_s = 90\.0 m3/s: must be at least half of what"),
    ],
)  # fmt: skip
def test_wrong_values_of_a_site_file_are_named(old: str, new: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(TEXT.replace(old, new, 1), encoding="utf-8")
    assert old in TEXT
    with pytest.raises(SiteError, match=said):
        load_site(path)


def test_the_linear_model_predicts_a_small_change() -> None:
    u, d = actuators(**MILD), weather()
    x = rest(u, d)[0]
    linear = HALL.linearize(x, u[0], d[0])
    assert list(linear.y.index) == HALL.output_table.names
    step = np.zeros(HALL.actuators.size)
    step[HALL.actuators.slices["v_pad"]] = 1e-3
    moved = HALL.outputs(rest(u + step, d), u + step, d)[0] - HALL.outputs(rest(u, d), u, d)[0]
    A, B, C, D = (getattr(linear, n).to_numpy() for n in "ABCD")
    predicted = C @ -np.linalg.solve(A, B @ step) + D @ step
    np.testing.assert_allclose(moved, predicted, rtol=0.02, atol=2e-4)
