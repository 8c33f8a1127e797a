"""The integrator: order, exactness at rest, conservation, agreement of its forms and with an independent solver."""

import numpy as np
import pytest
from models_halls import hall, point
from scipy.integrate import solve_ivp

from lowlift.models.facility import FLUXES
from lowlift.models.stage import eliminate
from lowlift.models.step import Integrator

SITES = ("gb200_hall", "frontier")


@pytest.mark.parametrize("site", SITES)
def test_numpy_and_compiled_forms_agree(site: str) -> None:
    plant = hall(site)
    u, d = point(plant, batch=5)
    x = plant.steady(u, d) + np.random.default_rng(0).uniform(-2, 2, (5, plant.states.size))
    integrator = Integrator(plant, 15.0)
    x1, flux1 = integrator.advance(x, u, d)
    x2, flux2 = integrator.step(x, u, d)
    np.testing.assert_allclose(x1, x2, rtol=0, atol=1e-9)
    np.testing.assert_allclose(flux1, flux2, rtol=1e-8, atol=1e-6)


@pytest.mark.parametrize("site", SITES)
def test_steady_state_is_exact_at_any_step(site: str) -> None:
    plant = hall(site)
    u, d = point(plant)
    x = plant.steady(u, d)
    assert np.abs(plant.derivatives(x, u, d)).max() < 1e-9
    for h in (1.0, 15.0, 900.0):
        assert np.abs(Integrator(plant, h).step(x, u, d)[0] - x).max() < 1e-6


@pytest.mark.parametrize("site", SITES)
def test_every_joule_is_accounted_for(site: str) -> None:
    """First law over a load step, to rounding of the stored heat."""
    plant = hall(site)
    u, d = point(plant, 0.3)
    x = plant.steady(u, d)
    _, d = point(plant, 1.0)
    f, integrator, h = plant.flows(u), Integrator(plant, 15.0), 15.0
    for _ in range(40):
        x1, flux = integrator.step(x, u, d)
        by_name = dict(zip(FLUXES, flux[0], strict=True))
        w = plant.disturbances.unpack(d)
        heat_in = w["q_liquid"].sum() + f.Q_pump_cdu.sum() + (f.Q_pump_fws + f.Q_pump_cw)[0, 0] + by_name["P_chiller"]
        if plant.site.chilled is not None:
            heat_in += (w["q_air"] + f.P_crah)[0, 0]
        change = (plant.stored_heat(x1) - plant.stored_heat(x))[0, 0]
        assert change == pytest.approx((heat_in - by_name["Q_tower"]) * h, abs=1e-6 * heat_in * h)
        x = x1


def course(plant, h: float, total: float, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
    integrator = Integrator(plant, h)
    for _ in range(round(total / h)):
        x = integrator.step(x, u, d)[0]
    return x


def test_second_order() -> None:
    """Halving the step quarters the error of the loop nodes; of all nodes once the step is below the coolant lumps' second."""
    plant = hall("gb200_hall")
    u, d = point(plant, 0.5)
    x = plant.steady(u, d)
    _, d = point(plant, 0.9)
    x = course(plant, 0.5, 60.0, x, u, d)
    racks = np.concatenate([np.arange(plant.states.size)[plant.states.slices[n]] for n in ("T_chip", "T_plate", "T_cool")])

    def orders(steps: tuple[float, ...], drop: np.ndarray) -> np.ndarray:
        exact = course(plant, steps[-1] / 8, 30.0, x, u, d)
        errors = [np.delete(np.abs(course(plant, h, 30.0, x, u, d) - exact), drop, axis=-1).max() for h in steps]
        return np.log2(np.array(errors[:-1]) / np.array(errors[1:]))

    assert np.all(orders((3.0, 1.5, 0.75), racks) > 1.8), orders((3.0, 1.5, 0.75), racks)
    assert np.all(orders((0.5, 0.25), np.array([], dtype=int)) > 1.6)


@pytest.mark.parametrize("site", SITES)
def test_against_bdf_after_a_load_step(site: str) -> None:
    """At every 15-s sample within 0.05 K of scipy's BDF at rtol 1e-8 on the same equations."""
    plant = hall(site)
    u, d = point(plant, 0.3)
    x = plant.steady(u, d)
    _, d = point(plant, 1.0)
    times = np.arange(1, 41) * 15.0
    reference = solve_ivp(
        lambda _, y: plant.derivatives(y[None], u, d)[0], (0.0, times[-1]), x[0], method="BDF", t_eval=times, rtol=1e-8, atol=1e-6,
        jac=lambda _, y: plant.jacobian(y, u[0], d[0]),
    )  # fmt: skip
    integrator, worst = Integrator(plant, 15.0), 0.0
    for k in range(len(times)):
        x = integrator.step(x, u, d)[0]
        worst = max(worst, float(np.abs(x[0] - reference.y[:, k]).max()))
    assert worst < 0.05, worst


def test_symbolic_elimination_solves() -> None:
    import casadi as ca

    rng = np.random.default_rng(0)
    A = np.eye(6) * 5 + rng.normal(size=(6, 6)) * (rng.random((6, 6)) < 0.4)
    b = rng.normal(size=6)
    a_sx = ca.sparsify(ca.DM(A))
    symbol = ca.SX.sym("a", a_sx.sparsity())
    f = ca.Function("f", [symbol], [eliminate(symbol, ca.SX(ca.DM(b)))])
    np.testing.assert_allclose(np.asarray(f(a_sx)).ravel(), np.linalg.solve(A, b), rtol=1e-10)


def test_step_must_be_positive() -> None:
    with pytest.raises(ValueError, match=r"h = 0\.0 s"):
        Integrator(hall("gb200_hall"), 0.0)
