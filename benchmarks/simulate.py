"""Speed and error of the batched plant step against ``scipy.integrate.solve_ivp`` on the same equations, in one run.

Case: ``gb200_hall`` at rest at 50 % load; inputs are held, and after ten minutes every rack's heat steps to its own new level (80-100 %).
The step runs the whole batch with its declared steps (short after the load step, long where inputs are held); solve_ivp (BDF with the exact
Jacobian, rtol 1e-6) runs single plants of the same batch. Both are timed alternately; medians are compared. The error is the largest over
all states, samples and checked plants against solve_ivp at rtol 1e-9. The order of the scheme is measured as well.

Usage: ``python benchmarks/simulate.py [--batch 1024] [--plants 2] [--repeats 3] [--quick]``
"""

import argparse
import itertools
import json
import time

import numpy as np
from scipy.integrate import solve_ivp

from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.site import load_site
from lowlift.models.step import Integrator

BEFORE, AFTER = (300.0,) * 2, (15.0,) * 4 + (30.0,) * 6 + (60.0,) * 6 + (120.0,) * 3 + (240.0,) * 6 + (600.0,)
"""Declared steps before and after the load step [s]."""
DISTINCT = 40
"""Distinct pump speeds, and with them states of rest, in a batch; the loads are all different."""


def case(batch: int) -> tuple[LiquidHall, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Plant, steady start, actuators, disturbances before and after the step."""
    plant = LiquidHall(load_site("gb200_hall"))
    s, rng = plant.site, np.random.default_rng(0)
    values = {"y_cdu": 0.75, "v_cdu": 0.7, "y_fws": 0.75, "n_fws": 2.0, "y_cw": 0.8, "n_cw": 3.0, "y_fan": 0.6, "n_cells": 6.0,
              "split": 0.0, "T_chw_set": 291.15, "n_chillers": 1.0, "y_chw": 0.8, "y_crah": 0.9}  # fmt: skip
    u = np.repeat(np.asarray(plant.actuators.pack(values))[None], batch, axis=0)
    distinct = rng.uniform(0.9, 1.1, (min(batch, DISTINCT), s.n_cdu))
    u[:, plant.actuators.slices["y_cdu"]] *= np.resize(distinct, (batch, s.n_cdu))

    def weather(load: np.ndarray) -> np.ndarray:
        P = load * s.rack_power
        return np.asarray(plant.disturbances.pack({
            "q_liquid": P * s.liquid_share, "q_air": P.sum(axis=1, keepdims=True) * (1 - s.liquid_share),
            "T_wb": np.full((batch, 1), 291.0), "T_db": np.full((batch, 1), 303.0), "p": np.full((batch, 1), s.p),
        }))  # fmt: skip

    before, after = weather(np.full((batch, s.n_racks), 0.5)), weather(rng.uniform(0.8, 1.0, (batch, s.n_racks)))
    x = plant.steady(u[:DISTINCT], before[:DISTINCT])
    return plant, np.resize(x, (batch, x.shape[1])), u, before, after


def batched(plant: LiquidHall, x: np.ndarray, u: np.ndarray, before: np.ndarray, after: np.ndarray) -> list[np.ndarray]:
    """States after every step; operators are reused while step and actuators are held."""
    result, operators, held = [], {}, None
    for steps, d in ((BEFORE, before), (AFTER, after)):
        for h in steps:
            if h not in operators:
                integrator = Integrator(plant, h)
                held = integrator.prepare(u, held)
                operators[h] = (integrator, held)
            integrator, operator = operators[h]
            x = integrator.advance(x, operator, u, d)[0]
            result.append(x)
    return result


def single(plant: LiquidHall, x: np.ndarray, u: np.ndarray, before: np.ndarray, after: np.ndarray, rtol: float) -> np.ndarray:
    """The same samples by solve_ivp for one plant, shape (samples, nx)."""
    parts = []
    for steps, d in ((BEFORE, before), (AFTER, after)):
        times = np.cumsum(steps)
        done = solve_ivp(lambda _, y, d=d: plant.derivatives(y[None], u[None], d[None])[0], (0.0, times[-1]), x, method="BDF",
                         t_eval=times, rtol=rtol, atol=1e-6, jac=lambda _, y, d=d: plant.jacobian(y, u, d))  # fmt: skip
        parts.append(done.y.T)
        x = done.y[:, -1]
    return np.concatenate(parts)


def observed_orders(plant: LiquidHall, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> list[float]:
    """Orders of all loop nodes from step lengths of 4, 2, 1 and 0.5 s over one minute, beginning one minute after the load step."""
    racks = [plant.states.slices[name] for name in ("T_chip", "T_plate", "T_cool")]
    loops = np.delete(np.arange(plant.states.size), np.concatenate([np.arange(s.start, s.stop) for s in racks]))

    def course(h: float, x: np.ndarray) -> np.ndarray:
        integrator = Integrator(plant, h)
        for _ in range(round(60.0 / h)):
            x = integrator.step(x, u, d)[0]
        return x

    x = course(0.5, x)
    exact = course(1.0 / 32.0, x)
    errors = [float(np.abs(course(h, x) - exact)[:, loops].max()) for h in (4.0, 2.0, 1.0, 0.5)]
    return [float(np.log2(a / b)) for a, b in itertools.pairwise(errors)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--plants", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true")
    args = parser.parse_args()
    if args.quick:
        args.batch, args.plants, args.repeats = 128, 1, 1
    plant, x, u, before, after = case(args.batch)
    simulated = sum(BEFORE) + sum(AFTER)
    batched(plant, x, u, before, after)
    ours, theirs = [], []
    for _ in range(args.repeats):
        begun = time.perf_counter()
        states = batched(plant, x, u, before, after)
        ours.append(args.batch * simulated / (time.perf_counter() - begun))
        begun = time.perf_counter()
        for b in range(args.plants):
            single(plant, x[b], u[b], before[b], after[b], 1e-6)
        theirs.append(args.plants * simulated / (time.perf_counter() - begun))
    error = 0.0
    for b in range(args.plants):
        exact = single(plant, x[b], u[b], before[b], after[b], 1e-9)
        error = max(error, float(np.abs(np.array([s[b] for s in states]) - exact).max()))
    print(json.dumps({
        "batch": args.batch, "simulated_s_per_s": float(np.median(ours)), "solve_ivp_s_per_s": float(np.median(theirs)),
        "ratio": float(np.median(ours) / np.median(theirs)), "worst_error_K": error,
        "simulated_years_per_s": float(np.median(ours)) / 3.156e7,
        "observed_orders": observed_orders(plant, x[:1], u[:1], after[:1]),
    }, indent=2))  # fmt: skip


if __name__ == "__main__":
    main()
