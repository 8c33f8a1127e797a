"""Small optimal control problems for tests of the optimiser: a room with heavy walls and a heater, in implicit stages."""

from typing import Any

import numpy as np

from lowlift.controllers.optimiser import BatchData, StageProblem, StageSymbols

STAGES = np.array([0.25, 0.25, 0.5, 0.5, 1.0, 1.0])
"""Hours."""


def room(*, hard: bool = False, name: str = "room", n: int = len(STAGES), price_exponent: float = 2.0) -> StageProblem:
    """Air and wall [K above 20 C]; a heater whose heat falls with the air's temperature; the air must be warm and the wall not hot."""

    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        import casadi as ca

        dt, outside, least, price = (p[i] for i in range(4))
        heat = 8.0 * u[0] * (1.0 - 0.02 * w[0]) + 3.0 * ca.tanh(u[1])
        slope = ca.vertcat(heat - 2.0 * (w[0] - w[1]), 0.5 * (w[0] - w[1]) - 0.1 * (w[1] - outside))
        cost = dt * (price * u[0] + 0.1 * (u[0] ** price_exponent + u[1] ** 2) + 0.01 * ca.sumsqr(w - x))
        return StageSymbols(dynamics=w - x - dt * slope, path=ca.vertcat(least - w[0], w[1] - 4.0), cost=cost)

    return StageProblem(
        name=name, n_stages=n, states=("T_air", "T_wall"), controls=("y_heater", "y_lamp"), rows=("air, low", "wall, high"),
        row_scale=(1.0, 1.0), row_units=("K", "K"), slack_of_row=(None if hard else 0, None), n_parameters=4,
        u_low=np.array([0.0, -1.0]), u_high=np.array([1.0, 1.0]), w_low=np.array([-np.inf, -5.0]), w_high=np.array([np.inf, np.inf]),
        stage=stage, control_scale=(10.0, 1.0), control_units=("kW", "1"), state_scale=(1.0, 1.0), state_units=("K", "K"),
    )  # fmt: skip


def rooms(problem: StageProblem, size: int, seed: int = 0, *, least: float = 1.0) -> BatchData:
    """Rooms with different weather, prices and temperatures."""
    rng = np.random.default_rng(seed)
    n = problem.n_stages
    p = np.empty((n, size, 4))
    p[..., 0] = np.resize(STAGES, n)[:, None]
    p[..., 1] = rng.uniform(-8.0, 0.0, size)
    p[..., 2] = least
    p[..., 3] = rng.uniform(0.1, 1.0, (n, size))
    weight = np.full((n, size, problem.ns), 5.0) * p[..., :1]
    return BatchData(x0=rng.uniform(0.0, 2.0, (size, 2)), p=p, slack_linear=weight, slack_quadratic=weight)
