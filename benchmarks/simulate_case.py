"""The case of ``simulate.py``: many ``gb200_hall`` plants at rest, all different, whose load then steps; and its peers, one plant each."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.sparse as sparse
from scipy.integrate import solve_ivp

from lowlift.models.course import Leg
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.site import load_site

BEFORE, AFTER = (600.0,), (5.0, 10.0) + (15.0,) * 2 + (30.0,) * 3 + (60.0,) * 5 + (120.0,) * 3 + (240.0,) * 3 + (1485.0,)
"""Declared steps before and after the load step [s]: their ends are the samples, for everybody."""
DISTINCT = 256
"""Distinct actuators and weathers, and with them states of rest, in a batch; the loads after the step are all different."""
ATOL = 1e-6
"""Absolute tolerance of the peers [K]."""


@dataclasses.dataclass(frozen=True)
class Case:
    """A batch of plants before and after the load step; one row a plant."""

    plant: LiquidHall
    x: np.ndarray
    u: np.ndarray
    before: np.ndarray
    after: np.ndarray

    def legs(self, batch: int) -> list[Leg]:
        """The course of the first plants; actuators are one array, held throughout."""
        u = self.u[:batch]
        return [Leg(BEFORE, u, self.before[:batch]), Leg(AFTER, u, self.after[:batch])]

    @property
    def seconds(self) -> float:
        """Simulated time of one plant [s]."""
        return sum(BEFORE) + sum(AFTER)


def make_case(batch: int) -> Case:
    """Pump, valve and fan positions, weather and loads vary by plant; loads also by rack."""
    plant = LiquidHall(load_site("gb200_hall"))
    s, rng, n = plant.site, np.random.default_rng(0), min(batch, DISTINCT)
    values = {"y_cdu": 0.75, "v_cdu": 0.7, "y_fws": 0.75, "n_fws": 2.0, "y_cw": 0.8, "n_cw": 3.0, "y_fan": 0.6, "n_cells": 6.0,
              "split": 0.0, "T_chw_set": 291.15, "n_chillers": 1.0, "y_chw": 0.8, "y_crah": 0.9}  # fmt: skip
    u = np.repeat(np.asarray(plant.actuators.pack(values))[None], n, axis=0)
    for name in ("y_cdu", "v_cdu", "y_fws", "y_cw", "y_fan"):
        part = plant.actuators.slices[name]
        u[:, part] *= rng.uniform(0.9, 1.1, u[:, part].shape)
    T_wb = rng.uniform(286.0, 294.0, (n, 1))
    T_db = T_wb + rng.uniform(2.0, 14.0, (n, 1))

    def disturbances(load: np.ndarray) -> np.ndarray:
        P, rows = load * s.rack_power, np.arange(len(load)) % n
        return np.asarray(plant.disturbances.pack({
            "q_liquid": P * s.liquid_share, "q_air": P.sum(axis=1, keepdims=True) * (1 - s.liquid_share),
            "T_wb": T_wb[rows], "T_db": T_db[rows], "p": np.full((len(load), 1), s.p),
        }))  # fmt: skip

    rest = disturbances(np.full((n, s.n_racks), 0.5))
    after = disturbances(rng.uniform(0.8, 1.0, (batch, s.n_racks)))
    x, rows = plant.steady(u, rest), np.arange(batch) % n
    return Case(plant, x[rows], u[rows], rest[rows], after)


class Peers:
    """Others on the same equations, one plant at a time, all with the exact Jacobian, sparse.

    ``solve_ivp``: SciPy's BDF on the plant's NumPy equations, with the flows of the held actuators given. ``solve_ivp_compiled``: the same
    method on the equations as a CasADi function called through its buffer, the fastest call of SciPy that we know. ``cvodes``: SUNDIALS
    through CasADi, built once.
    """

    NAMES = ("solve_ivp", "solve_ivp_compiled", "cvodes")

    def __init__(self, case: Case, rtol: float) -> None:
        import casadi as ca

        self.case, self.rtol, plant = case, rtol, case.plant
        x, u, d = (ca.SX.sym(k, v.size) for k, v in (("x", plant.states), ("u", plant.actuators), ("d", plant.disturbances)))
        dx = plant.derivatives(x, u, d)
        self._slope = ca.Function("slope", [x, u, d], [dx], {"cse": True})
        self._jacobian = ca.Function("jacobian", [x, u, d], [ca.jacobian(dx, x)], {"cse": True})
        options = {"reltol": rtol, "abstol": ATOL}
        dae = {"x": x, "p": ca.vertcat(u, d), "ode": dx}
        self._cvodes = [ca.integrator("plant", "cvodes", dae, 0.0, list(np.cumsum(steps)), options) for steps in (BEFORE, AFTER)]

    def run(self, name: str, b: int) -> np.ndarray:
        """Samples of plant ``b`` (n, nx)."""
        case, x, parts = self.case, self.case.x[b], []
        for k, (steps, d) in enumerate(((BEFORE, case.before[b]), (AFTER, case.after[b]))):
            parts.append(getattr(self, f"_{name}_leg")(k, np.cumsum(steps), x, case.u[b], d))
            x = parts[-1][-1]
        return np.concatenate(parts)

    def _solve_ivp_leg(self, k: int, times: np.ndarray, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        plant, u2, d2 = self.case.plant, u[None], d[None]
        flows = plant.flows(u2)
        return self._bdf(times, x, lambda y: plant.derivatives(y[None], u2, d2, flows)[0], u, d)

    def _solve_ivp_compiled_leg(self, k: int, times: np.ndarray, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        return self._bdf(times, x, _buffered(self._slope, u, d), u, d)

    def _bdf(self, times: np.ndarray, x: np.ndarray, slope: Callable[[np.ndarray], np.ndarray], u: np.ndarray, d: np.ndarray) -> np.ndarray:
        pattern, n, entries = self._jacobian.sparsity_out(0), len(x), _buffered(self._jacobian, u, d)
        row, column = np.array(pattern.row()), np.array(pattern.colind())
        done = solve_ivp(
            lambda _, y: slope(y), (0.0, times[-1]), x, method="BDF", t_eval=times, rtol=self.rtol, atol=ATOL,
            jac=lambda _, y: sparse.csc_matrix((entries(y), row, column), shape=(n, n)),
        )  # fmt: skip
        if not done.success:
            raise RuntimeError(f"solve_ivp: {done.message}")
        return np.asarray(done.y.T)

    def _cvodes_leg(self, k: int, times: np.ndarray, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        return np.asarray(self._cvodes[k](x0=x, p=np.concatenate([u, d]))["xf"]).T


def _buffered(function: Any, u: np.ndarray, d: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """``y -> values`` of a CasADi function of ``y, u, d`` without conversions."""
    buffer, trigger = function.buffer()
    held = [np.empty(function.size1_in(0)), u.copy(), d.copy()]
    result = np.empty(function.nnz_out(0))
    for k, array in enumerate(held):
        buffer.set_arg(k, memoryview(array.data))
    buffer.set_res(0, memoryview(result.data))

    def call(y: np.ndarray, keep: object = buffer) -> np.ndarray:
        # The trigger does not keep its buffer alive.
        held[0][:] = y
        trigger()
        return result.copy()

    return call
