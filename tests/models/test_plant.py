"""Plants: signals, derivatives on every backend, linearisation, design check, site files."""

import casadi as ca
import numpy as np
import pytest
from models_halls import hall, point

import lowlift as ll
from lowlift.models.design import DesignError, check_design, design_report
from lowlift.models.grouped import GroupedHall
from lowlift.models.kinds import plant_of
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.lowering import lower
from lowlift.models.safe_flow import minimum_safe_flow
from lowlift.models.schema import SiteError
from lowlift.models.site import load_site, site_names

SITES = ("gb200_hall", "frontier")


@pytest.mark.parametrize("site", SITES)
def test_derivatives_numpy_equal_sx_equal_mx_equal_lowered(site: str) -> None:
    plant = hall(site)
    u, d = point(plant, batch=4)
    x = plant.steady(u, d) + np.random.default_rng(0).uniform(-3, 3, (4, plant.states.size))
    expected = plant.derivatives(x, u, d)
    sizes = (plant.states.size, plant.actuators.size, plant.disturbances.size)
    for kind in (ca.SX, ca.MX):
        symbols = [kind.sym(f"v{k}", n) for k, n in enumerate(sizes)]
        f = ca.Function("f", symbols, [ca.densify(plant.derivatives(*symbols))])
        for b in range(4):
            np.testing.assert_allclose(np.asarray(f(x[b], u[b], d[b])).ravel(), expected[b], rtol=1e-9, atol=1e-12)
        if kind is ca.SX:
            low = lower(f)(x.T, u.T, d.T)[0].T
            np.testing.assert_allclose(low, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("site", SITES)
def test_jacobian_equals_finite_differences(site: str) -> None:
    plant = hall(site)
    u, d = point(plant)
    x = plant.steady(u, d)
    J, h = plant.jacobian(x[0], u[0], d[0]), 1e-4
    for k in range(0, plant.states.size, 7):
        e = np.zeros_like(x)
        e[0, k] = h
        column = (plant.derivatives(x + e, u, d) - plant.derivatives(x - e, u, d))[0] / (2 * h)
        np.testing.assert_allclose(J[:, k], column, rtol=1e-4, atol=1e-7)


def test_linear_model_is_labelled_and_stable() -> None:
    plant = hall("gb200_hall")
    u, d = point(plant)
    x = plant.steady(u, d)
    linear = plant.linearize(x[0], u[0], d[0])
    assert list(linear.A.index) == plant.states.names
    assert list(linear.B.columns) == plant.actuators.names
    assert np.linalg.eigvals(linear.A.to_numpy()).real.max() < 0.0
    assert linear.B.loc["T_basin", "y_fan"] < 0.0


@pytest.mark.parametrize("site", SITES)
def test_grouped_model_rests_near_the_full_plant(site: str) -> None:
    """With equal loads the prediction model and the plant have the same steady state within half a kelvin."""
    plant = hall(site)
    u, d = point(plant)
    d[:, plant.disturbances.slices["q_liquid"]] = 0.8 * plant.site.rack_power * plant.site.liquid_share
    T = plant.states.unpack(plant.steady(u, d))
    model = GroupedHall(plant)
    a = plant.actuators.unpack(u)
    a |= {"Q_chiller": plant.fluxes(plant.steady(u, d), u, d).Q_chiller}
    controls = model.controls.pack({s.name: np.asarray(a[s.name])[..., : s.size] for s in model.controls.signals})
    counts = model.counts.pack({s.name: np.asarray(a[s.name])[..., : s.size] for s in model.counts.signals})
    w = plant.disturbances.unpack(d)
    q = model.group_mean(w["q_liquid"] @ plant.rack_matrix)
    q_rack = np.full_like(q, w["q_liquid"].max())
    chillers = a.get("n_chillers", np.zeros((1, 1)))
    data = {"q": q, "q_hot": q, "q_surge": q, "q_rack": q_rack, "q_rack_surge": q_rack, "q_air": w["q_air"], "q_air_surge": w["q_air"],
            "T_wb": w["T_wb"], "T_db": w["T_db"], "p": w["p"], "n_chillers": chillers, "n_cooling": chillers}  # fmt: skip
    names = {"T_basin": "T_basin", "T_chw": "T_chw", "T_crah_return": "T_crah_return", "T_air_cold": "T_air_cold", "T_air_hot": "T_air_hot"}
    last = plant.site.cells - 1
    start = [*model.group_mean(T["T_return"])[0], *model.group_mean(T["T_supply"])[0]]
    start += [float(T[names.get(n, n.removesuffix("0") + str(last))][0, 0]) for n in model.facility.nodes]
    x = np.array(start)[None]
    from scipy.optimize import root

    rest = root(lambda y: model.evaluate(y[None], controls, counts, data)[0][0], x[0])
    assert rest.success
    assert np.abs(rest.x - x[0]).max() < 0.5
    out = model.evaluate(rest.x[None], controls, counts, data)[1]
    full = plant.powers(plant.flows(u), d, plant.fluxes(plant.steady(u, d), u, d).P_chiller)
    assert float(out.power.cooling[0, 0]) == pytest.approx(float(full.cooling[0, 0]), rel=0.01)


@pytest.mark.parametrize("site", SITES)
def test_minimum_safe_flow_keeps_the_limits_exactly(site: str) -> None:
    s = load_site(site)
    q = np.linspace(0.1, 1.0, 10)[:, None] * s.cdu.exchanger.Q_dot_nominal * np.ones((10, s.n_cdu))
    q_rack = q / np.bincount(s.cdu_of_rack)
    V = minimum_safe_flow(s, q_rack, np.full((10, s.n_cdu), 305.15))
    m = V * s.rho_secondary * np.array([s.flow_fraction[s.cdu_of_rack == c].min() for c in range(s.n_cdu)])
    T_out = 305.15 + q_rack / (m * s.cp_secondary)
    T_chip = s.cold_plate.T_chip(q_rack / s.plates, m / s.plates, 305.15, s.cp_secondary)
    tight = np.maximum(T_out - s.limits.T_return_max, T_chip - s.limits.T_chip_max)
    floor = V <= 1.0001 * 0.01 * s.plates * s.cold_plate.m_dot_nominal / s.rho_secondary / 0.2
    assert np.all((np.abs(tight) < 0.05) | floor)


def test_sites_carry_their_own_load() -> None:
    assert {*SITES, "chiller_plant"} <= set(site_names())
    for name in site_names():
        assert check_design(plant_of(load_site(name))).shortfall == 0.0


def write(tmp_path, **changes: str):
    from importlib import resources

    text = (resources.files("lowlift.models.sites") / "gb200_hall.toml").read_text(encoding="utf-8")
    for old, new in changes.items():
        key = old.replace("__", ".")
        line = next(row for row in text.splitlines() if row.startswith(key + " ="))
        text = text.replace(line, new)
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_F13_unknown_key(tmp_path) -> None:
    path = write(tmp_path, approach_K="aproach_K = 2.0")
    with pytest.raises(SiteError, match=r"site.toml:\d+: unknown key 'economiser.aproach_K'; did you mean 'approach_K'"):
        load_site(path)


def test_F14_negative_capacity(tmp_path) -> None:
    with pytest.raises(SiteError, match=r"cdu.Q_nominal_kW = -5.0 kW: Input should be greater than 0"):
        load_site(write(tmp_path, Q_nominal_kW="Q_nominal_kW = -5.0"))


def test_F15_kelvin_where_celsius_is_expected(tmp_path) -> None:
    with pytest.raises(SiteError, match=r"cdu.T_return_nominal_degC = 317.35 degC: Input should be less than or equal to 95"):
        load_site(write(tmp_path, T_return_nominal_degC="T_return_nominal_degC = 317.35"))


def test_F16_cycles_of_concentration(tmp_path) -> None:
    with pytest.raises(SiteError, match=r"tower.cycles = 1.0: Input should be greater than 1"):
        load_site(write(tmp_path, cycles="cycles = 1.0"))


def test_F17_infeasible_plant(tmp_path) -> None:
    plant = LiquidHall(load_site(write(tmp_path, T_wb_design_degC="T_wb_design_degC = 24.0", T_supply_max_degC="T_supply_max_degC = 31.0")))
    report = design_report(plant)
    assert report.shortfall > 0.0
    with pytest.raises(DesignError, match=r"short by \d+ kW: secondary supply"):
        check_design(plant)


def test_unknown_plant_lists_near_matches() -> None:
    with pytest.raises(SiteError, match="did you mean gb200_hall"):
        ll.models.load("gb20_hall")
