"""The plants of ``mpc_year``: the prediction model's own stage map in steps of five minutes, and what meters and limits say of it.

A step is one implicit Euler step of the grouped hall, solved to rounding by Newton's method for all plants at once. Against the plans of
which it takes the controls it is three times finer, and loads and weather are those that happen. Controls are held over a period; only the
secondary pumps of a group whose chips or rack outlets come within a guard of their limit run faster, as fast as that needs, which is what
the override of a CDU does in seconds.
"""

import dataclasses

import numpy as np
from mpc_year_designs import GRID, World

from lowlift.controllers.ocp import T_REFERENCE, T_SCALE
from lowlift.controllers.optimiser import core_parts
from lowlift.controllers.plan_limits import INLET_MARGIN, SUPPLY_MARGIN

SOLVED = 1e-8
"""Residual up to which a step is solved, scaled units (5 K)."""
NEWTON_MOST, HALVINGS = 60, 12
GUARD = 1.0
"""Distance to limits of chips and rack outlets below which pumps of CDUs run faster [K]; less than what plans keep."""
BISECTIONS = 12
LIMITS = {
    "chip temperature, ": 0.0,
    "return temperature, ": 0.0,
    "supply temperature, high": SUPPLY_MARGIN,
    "supply temperature, low": 0.0,
    "server inlet temperature": INLET_MARGIN,
}
"""Limits that are counted, as rows of the plan begin, and what the plan keeps as distance to each [K]."""
KINDS = ("chip", "rack outlet", "supply, high", "supply, low", "server inlet", "facility supply over dew point", "basin, low")
"""Kinds of limits: those of :data:`LIMITS`, and two that are read from the states."""


@dataclasses.dataclass(frozen=True)
class Meters:
    """Means over one period between plans, arrays ``(B,)`` where nothing else is said."""

    it: np.ndarray
    """[MW]"""
    losses: np.ndarray
    cooling: np.ndarray
    makeup: np.ndarray
    """[m³/h]"""
    cost: np.ndarray
    """Of cooling energy and water, in prices of a mean megawatt hour per hour."""
    excess: np.ndarray
    """Excess of the worst component of each kind of limit ``(B, kinds)`` [K], see :data:`KINDS`."""
    worst: np.ndarray
    """Largest excess of each kind in the period ``(B, kinds)`` [K]."""


class StageMap:
    """All plants, one step after the other.

    Args:
        world: designs and what happens to them.
    """

    def __init__(self, world: World) -> None:
        self.world, self.ocp = world, world.steps.ocp
        problem = self.ocp.structure
        self.problem, self._evaluator = problem, core_parts(problem).evaluator
        rows, columns = self._evaluator.functions.dynamics_at
        ends = np.flatnonzero(columns >= problem.nx + problem.nu)
        self._nonzeros, self._at = ends, (rows[ends], columns[ends] - problem.nx - problem.nu)
        names = list(problem.rows)
        self._limits = [
            (np.array([i for i, name in enumerate(names) if _is(name, begin)]), allowance) for begin, allowance in LIMITS.items()
        ]
        self._of_group = [
            np.array(
                [
                    i
                    for i, name in enumerate(names)
                    if _is(name, ("chip temperature, ", "return temperature, ")) and f"group {k + 1} " in name
                ]
            )
            for k in range(world.plans.site.n_groups)
        ]
        self._pumps = [problem.controls.index(f"y_cdu[{k + 1}]") for k in range(world.plans.site.n_groups)]
        self._floor = np.full(len(world.designs), world.plans.site.T_dew_hall + world.plans.site.limits.dew_point_margin)

    def advance(self, k: int, x: np.ndarray, u: np.ndarray, on: np.ndarray) -> tuple[np.ndarray, Meters]:
        """From plan ``k`` to the next one.

        Args:
            k: number of the plan.
            x: scaled states ``(B, n_x)``.
            u: scaled controls ``(B, n_u)``, held.
            on: chillers running ``(B,)``.

        Raises:
            ArithmeticError: a step has no solution that Newton's method finds; names the design.
        """
        ocp = self.ocp
        data = self.world.happens(k)
        data[..., -2:] = on[:, None, None]
        p = ocp.batch(T_REFERENCE + T_SCALE * x, data, self.world.counts, 0.0, self._floor).p.copy()
        p[..., -1] = 0.0
        states = np.empty((len(ocp.stages) + 1, *x.shape))
        states[0] = x
        applied = np.tile(u, (len(ocp.stages), 1, 1))
        for j in range(len(ocp.stages)):
            states[j + 1] = self._step(states[j], u, p[j])
            faster = self._override(states[j], u, states[j + 1], p[j])
            if (faster != u).any():
                applied[j] = faster
                states[j + 1] = self._step(states[j], faster, p[j])
        return states[-1], self._meters(states, applied, p)

    def _override(self, x: np.ndarray, u: np.ndarray, w: np.ndarray, p: np.ndarray) -> np.ndarray:
        """Controls with pumps of CDUs as fast as the guard needs, at most full speed."""

        def near(controls: np.ndarray) -> np.ndarray:
            c = self._evaluator.values(x[None], controls[None], w[None], p[None]).c[0]
            return np.stack([c[:, rows].max(axis=1) > -GUARD for rows in self._of_group], axis=1)

        hot = near(u)
        if not hot.any():
            return u
        low, high = u[:, self._pumps], np.where(hot, 1.0, u[:, self._pumps])
        trial = u.copy()
        for _ in range(BISECTIONS):
            trial[:, self._pumps] = 0.5 * (low + high)
            still = near(trial)
            low, high = np.where(still, 0.5 * (low + high), low), np.where(still, high, 0.5 * (low + high))
        trial[:, self._pumps] = high
        return trial

    def _step(self, x: np.ndarray, u: np.ndarray, p: np.ndarray) -> np.ndarray:
        n, evaluate = self.problem, self._evaluator
        y, lam = np.zeros((1, len(x), n.nx)), np.zeros((1, len(x), n.nc))
        w = x.copy()
        for _ in range(NEWTON_MOST):
            second = evaluate.second(x[None], u[None], w[None], p[None], y, lam)
            F = second.values.F[0]
            size = np.abs(F).max(axis=1)
            if (size <= SOLVED).all():
                return w
            jacobian = np.zeros((len(x), n.nx, n.nx))
            jacobian[:, self._at[0], self._at[1]] = second.dF[0][:, self._nonzeros]
            step, length = np.linalg.solve(jacobian, F[..., None])[..., 0], np.ones(len(x))
            for _ in range(HALVINGS):
                trial = w - length[:, None] * step
                longer = ~(np.abs(evaluate.values(x[None], u[None], trial[None], p[None]).F[0]).max(axis=1) < size) & (size > SOLVED)
                if not longer.any():
                    break
                length[longer] *= 0.5
            w = trial
        worst = int(np.argmax(size))
        raise ArithmeticError(
            f"step of {GRID:g} s of {self.world.designs[worst].words}: residual {size[worst]:.1e} after {NEWTON_MOST} steps"
        )

    def _meters(self, states: np.ndarray, u: np.ndarray, p: np.ndarray) -> Meters:
        site, d, g = self.world.plans.site, self.ocp.n_data, self.world.plans.site.n_groups
        values = self._evaluator.values(states[:-1], u, states[1:], p)
        price, water = d - 4, d - 3
        bought = [p.copy(), p.copy()]
        for of, (electricity, makeup) in zip(bought, ((1.0, 0.0), (0.0, 1.0)), strict=True):
            of[..., price], of[..., water] = electricity, makeup
        cooling, makeup = (self._evaluator.values(states[:-1], u, states[1:], v).cost for v in bought)
        it = p[..., :g] @ np.bincount(site.group_of_cdu).astype(float) + p[..., 5 * g]
        T = T_REFERENCE + T_SCALE * states[1:]
        node = self.world.plans.model.nodes.index
        over = [np.max(values.c[..., rows], axis=-1) - allowance for rows, allowance in self._limits]
        over += [self._floor - T[..., node("T_fws_supply_0")], site.limits.T_basin_min - T[..., node("T_basin")]]
        excess = np.maximum(np.array(over), 0.0)
        return Meters(it.mean(axis=0), site.loss_fraction * it.mean(axis=0), cooling.mean(axis=0), makeup.mean(axis=0),
                      values.cost.mean(axis=0), excess.mean(axis=1).T, excess.max(axis=1).T)  # fmt: skip


def _is(name: str, begin: "str | tuple[str, ...]") -> bool:
    return name.startswith(begin) and "after a surge" not in name
