"""A primal-dual interior-point method for a batch of optimal control problems.

All problems of a batch take their steps together; each has its own barrier parameter, inertia correction, step length and filter, and leaves
when it has converged or cannot go on. Barrier strategy and line search follow Waechter and Biegler (see :mod:`.filters`); the linear algebra
is a Riccati recursion, whose pivots tell the inertia of the whole system problem by problem.
"""

import dataclasses
import time

import numpy as np

from lowlift.controllers.optimiser.evaluation import Evaluator, SecondOrder, Values
from lowlift.controllers.optimiser.filters import Filters
from lowlift.controllers.optimiser.inequalities import Bounds, Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.newton import Newton, System
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.residuals import Residuals, residuals
from lowlift.controllers.optimiser.result import BatchResult, Outcome

KAPPA_EPSILON, KAPPA_MU, THETA_MU = 10.0, 0.2, 1.5
"""The barrier parameter falls when the error of its problem is below this many times itself; how far it falls."""
TAU = 0.99
"""Share of the way to a bound that a step may go, at least."""
KAPPA_SIGMA = 1e10
"""How far products of distances and multipliers may leave the barrier parameter."""
SHIFT_FIRST, SHIFT_LEAST, SHIFT_MOST = 1e-4, 1e-10, 1e8
SHIFT_UP_FIRST, SHIFT_UP, SHIFT_DOWN = 100.0, 8.0, 1.0 / 3.0
"""Inertia correction: first value, limits, growth and fall."""
BACKTRACKS = 30


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """Settings of a solve."""

    tolerance: float = 1e-6
    """Scaled KKT error at which a problem is solved."""
    max_iterations: int = 100
    mu: float = 0.1
    """First barrier parameter."""
    push: float = 1e-2
    """Distance from bounds to which the first point is moved."""
    real_time: int | None = None
    """Number of iterations after which every problem ends; ``None``: until it converges."""


class InteriorPoint:
    """Solver of the batches of one structure.

    Args:
        rows: the structure's inequalities.
        evaluator: evaluates stages.
        newton: finds directions.
    """

    def __init__(self, rows: Inequalities, evaluator: Evaluator, newton: Newton) -> None:
        self.rows, self.evaluator, self.newton = rows, evaluator, newton

    def solve(self, data: BatchData, start: Iterate, options: Options, *, dual: bool = False) -> BatchResult:
        """Solve a batch.

        Args:
            data: the problems.
            start: first point; its distances are computed anew. Its multipliers are used where ``dual`` is set.
            options: settings.
            dual: whether the start brings multipliers.
        """
        began = time.perf_counter()
        data.check(self.rows.problem)
        bounds = self.rows.bounds(data)
        run = _Run(self, data, bounds, self._first(data, bounds, start, options, dual), options)
        while run.live.size:
            run.iterate()
        result = run.result
        result.seconds = time.perf_counter() - began
        return result

    def _first(self, data: BatchData, bounds: Bounds, start: Iterate, options: Options, dual: bool) -> Iterate:
        """A point in the interior."""
        rows, mu = self.rows, options.mu
        u = rows.interior(start.u, bounds.u_low, bounds.u_high, (rows.u_low, rows.u_high), options.push)
        w = rows.interior(start.w, bounds.w_low, bounds.w_high, (rows.w_low, rows.w_high), options.push)
        s = np.maximum(start.s, options.push)
        x0 = data.x0.copy() if data.arrival is None else start.x0.copy()
        x = np.concatenate([x0[None], w[:-1]])
        G = rows.stack(self.evaluator.values(x, u, w, data.p).c, u, w, s, bounds)
        t = np.maximum(-G, options.push)
        t[..., rows.path.stop :] = -G[..., rows.path.stop :]
        lam = mu / t
        if dual:
            # Products of a shifted plan scatter; those far from the barrier parameter would only shorten the first steps.
            lam = np.clip(start.lam, 0.1 * lam, 10.0 * lam)
        return Iterate(x0, u, w, s, t, lam, start.y.copy() if dual else np.zeros_like(start.y))


class _Run:
    """One solve: the problems that are still in it."""

    def __init__(self, method: InteriorPoint, data: BatchData, bounds: Bounds, point: Iterate, options: Options) -> None:
        self.method, self.data, self.bounds, self.point, self.options = method, data, bounds, point, options
        b = data.size
        self.live = np.arange(b)
        self.mu = np.full(b, options.mu)
        self.shift = np.zeros(b)
        self.count = np.zeros(b, dtype=int)
        self.result = BatchResult(
            point=point.take(self.live), outcome=np.full(b, Outcome.ITERATIONS), mu=self.mu.copy(), iterations=np.zeros(b, dtype=int),
            **{name: np.full(b, np.nan) for name in ("kkt_error", "infeasibility", "stationarity", "complementarity", "objective")},
        )  # fmt: skip
        self._look()
        self.filters = Filters(self._theta(self.second.values, self.G, self.point))

    def iterate(self) -> None:
        """One iteration of all live problems."""
        found = self._residuals()
        error = found.error(0.0)
        o = self.options
        broken = ~np.isfinite(error)
        ended = np.full(self.live.size, -1)
        ended[error <= o.tolerance] = Outcome.CONVERGED
        last = o.max_iterations if o.real_time is None else o.real_time
        ended[(ended < 0) & (self.count >= last)] = Outcome.ITERATIONS if o.real_time is None else Outcome.REAL_TIME
        ended[broken] = Outcome.NOT_A_NUMBER
        if (ended >= 0).any():
            self._leave(ended, found)
            if not self.live.size:
                return
            found = self._residuals()
        self._lower_barrier(found)
        direction, good = self._direction(found)
        if not good.all():
            self._leave(np.where(good, -1, Outcome.SINGULAR), found)
            if not self.live.size:
                return
            direction = direction.take(np.flatnonzero(good))
            found = self._residuals()
        primal, dual = self._to_bounds(direction)
        stuck = None
        if o.real_time is None:
            primal, stuck = self._search(direction, primal)
        self.point = self.point.moved(direction, primal, dual)
        self._guard()
        self.count += 1
        self._look()
        if stuck is not None and stuck.any():
            self._give_up(stuck)

    # -- parts of an iteration --------------------------------------------------------------------------------------

    def _look(self) -> None:
        q = self.point
        self.second: SecondOrder = self.method.evaluator.second(q.x, q.u, q.w, self.data.p, q.y, q.lam[..., self.method.rows.path])
        self.G = self.method.rows.stack(self.second.values.c, q.u, q.w, q.s, self.bounds)

    def _residuals(self) -> Residuals:
        return residuals(self.method.rows, self.data, self.point, self.second.values, self.second.gradient, self.G)

    def _lower_barrier(self, found: Residuals) -> None:
        least = self.options.tolerance / (KAPPA_EPSILON + 1.0)
        for _ in range(8):
            solved = (found.error(self.mu) <= KAPPA_EPSILON * self.mu) & (self.mu > least)
            if not solved.any():
                return
            lower = np.maximum(least, np.minimum(KAPPA_MU * self.mu, self.mu**THETA_MU))
            self.mu = np.where(solved, lower, self.mu)
            self.filters.clear(np.flatnonzero(solved))

    def _direction(self, found: Residuals) -> tuple[Iterate, np.ndarray]:
        data, point = self.data, self.point
        arrival = None
        if data.arrival is not None:
            arrival = data.arrival, (data.arrival @ (point.x0 - data.x0)[..., None])[..., 0]
        system = System(point, self.second, self.G, found.slack_gradient, data.slack_quadratic, data.x0 - point.x0, arrival)
        direction, good = self.method.newton.direction(system, self.mu, np.zeros(self.live.size))
        bad = np.flatnonzero(~good)
        shift = np.where(self.shift[bad] > 0.0, np.maximum(SHIFT_LEAST, SHIFT_DOWN * self.shift[bad]), SHIFT_FIRST)
        fresh = self.shift[bad] == 0.0
        while bad.size:
            self.shift[bad] = shift
            again, well = self.method.newton.direction(system.take(bad), self.mu[bad], shift)
            done = np.flatnonzero(well)
            direction.put(bad[done], again.take(done))
            good[bad[done]] = True
            grown = shift * np.where(fresh, SHIFT_UP_FIRST, SHIFT_UP)
            keep = ~well & (grown <= SHIFT_MOST)
            bad, shift, fresh = bad[keep], grown[keep], fresh[keep]
        return direction, good

    def _to_bounds(self, d: Iterate) -> tuple[np.ndarray, np.ndarray]:
        tau = np.maximum(TAU, 1.0 - self.mu)

        def reach(v: np.ndarray, dv: np.ndarray) -> np.ndarray:
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where(dv < 0.0, -tau[None, :, None] * v / dv, np.inf)
            result: np.ndarray = np.minimum(1.0, np.min(ratio, axis=(0, 2), initial=1.0))
            return result

        return reach(self.point.t, d.t), reach(self.point.lam, d.lam)

    def _theta(self, values: Values, G: np.ndarray, q: Iterate) -> np.ndarray:
        result: np.ndarray = np.abs(values.F).sum(axis=(0, 2)) + np.abs(G + q.t).sum(axis=(0, 2))
        return result

    def _phi(self, values: Values, q: Iterate, data: BatchData, mu: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore", divide="ignore"):
            barrier = np.log(q.t).sum(axis=(0, 2))
        return objective(data, q, values) - mu * barrier

    def _search(self, d: Iterate, alpha: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Accepted step lengths, and which problems have none."""
        rows, data, q = self.method.rows, self.data, self.point
        p = rows.problem
        now = self._theta(self.second.values, self.G, q), self._phi(self.second.values, q, data, self.mu)
        z = np.concatenate([np.concatenate([d.x0[None], d.w[:-1]]), d.u, d.w], axis=-1)
        slope = (self.second.slope * z).sum(axis=(0, 2)) + ((data.slack_linear + 2.0 * data.slack_quadratic * q.s) * d.s).sum(axis=(0, 2))
        slope -= self.mu * (d.t / q.t).sum(axis=(0, 2))
        if data.arrival is not None:
            slope += ((data.arrival @ (q.x0 - data.x0)[..., None])[..., 0] * d.x0).sum(axis=1)
        everyone = np.arange(self.live.size)
        smallest = self.filters.smallest(everyone, slope, now[0])
        alpha = alpha.copy()
        waiting, stuck = everyone, np.zeros(self.live.size, dtype=bool)
        for _ in range(BACKTRACKS):
            all_wait = waiting.size == everyone.size
            part, dpart = (q, d) if all_wait else (q.take(waiting), d.take(waiting))
            some = data if all_wait else data.take(waiting)
            trial = part.moved(dpart, alpha[waiting], np.zeros(waiting.size))
            values = self.method.evaluator.values(trial.x, trial.u, trial.w, some.p)
            bounds = self.bounds if all_wait else self.bounds.take(waiting)
            G = rows.stack(values.c, trial.u, trial.w, trial.s, bounds)
            there = self._theta(values, G, trial), self._phi(values, trial, some, self.mu[waiting])
            here = now[0][waiting], now[1][waiting]
            accepted, corner = self.filters.accept(waiting, alpha[waiting], slope[waiting], here, there)
            self.filters.add(waiting[corner], here[0][corner], here[1][corner])
            waiting = waiting[~accepted]
            alpha[waiting] *= 0.5
            hopeless = alpha[waiting] < smallest[waiting]
            stuck[waiting[hopeless]] = True
            waiting = waiting[~hopeless]
            if not waiting.size:
                break
        stuck[waiting] = True
        alpha[stuck] = 0.0
        assert p is rows.problem
        return alpha, stuck

    def _guard(self) -> None:
        """Keep products of distances and multipliers near the barrier parameter."""
        q, mu = self.point, self.mu[None, :, None]
        np.clip(q.lam, mu / (KAPPA_SIGMA * q.t), KAPPA_SIGMA * mu / q.t, out=q.lam)

    # -- leaving ------------------------------------------------------------------------------------------------------

    def _give_up(self, stuck: np.ndarray) -> None:
        found = self._residuals()
        outcome = np.where(found.infeasibility > 1e3 * self.options.tolerance, Outcome.INFEASIBLE, Outcome.STALLED)
        self._leave(np.where(stuck, outcome, -1), found)

    def _leave(self, ended: np.ndarray, found: Residuals) -> None:
        gone, stay = np.flatnonzero(ended >= 0), np.flatnonzero(ended < 0)
        at, r = self.live[gone], self.result
        r.point.put(at, self.point.take(gone))
        r.outcome[at] = ended[gone]
        r.mu[at], r.iterations[at] = self.mu[gone], self.count[gone]
        r.kkt_error[at], r.complementarity[at] = found.error(0.0)[gone], found.complementarity(0.0)[gone]
        r.infeasibility[at], r.stationarity[at] = found.infeasibility[gone], found.stationarity[gone]
        r.objective[at] = objective(self.data, self.point, self.second.values)[gone]
        self.live = self.live[stay]
        self.mu, self.shift, self.count = self.mu[stay], self.shift[stay], self.count[stay]
        self.point, self.data, self.bounds = self.point.take(stay), self.data.take(stay), self.bounds.take(stay)
        self.second, self.G = self.second.take(stay), self.G[:, stay]
        if hasattr(self, "filters"):
            self.filters.keep(stay)


def objective(data: BatchData, q: Iterate, values: Values) -> np.ndarray:
    """Cost of all problems ``(B,)``, slacks and arrival included."""
    result: np.ndarray = values.cost.sum(axis=0) + (data.slack_linear * q.s + data.slack_quadratic * q.s**2).sum(axis=(0, 2))
    if data.arrival is not None:
        off = q.x0 - data.x0
        result = result + 0.5 * (off * (data.arrival @ off[..., None])[..., 0]).sum(axis=1)
    return result
