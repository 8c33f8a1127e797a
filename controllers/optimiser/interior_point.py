"""A primal-dual interior-point method for a batch of optimal control problems.

All problems of a batch take their steps together; each has its own barrier parameter, inertia correction, step length and filter, and
leaves when it has converged or cannot go on. Barrier strategy and line search follow Waechter and Biegler (see :mod:`.filters`); the
linear algebra is a Riccati recursion, whose pivots tell the inertia of the whole system problem by problem.
"""

import dataclasses
import time

import numpy as np

from lowlift.controllers.optimiser.checks import check_settings, check_start
from lowlift.controllers.optimiser.evaluation import Evaluator, SecondOrder, Values
from lowlift.controllers.optimiser.filters import Filters
from lowlift.controllers.optimiser.inequalities import Bounds, Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.line_search import Place, Searched, search
from lowlift.controllers.optimiser.measures import Measures
from lowlift.controllers.optimiser.newton import Newton, System
from lowlift.controllers.optimiser.problem import BatchData
from lowlift.controllers.optimiser.regularisation import Trusted, trusted_direction
from lowlift.controllers.optimiser.residuals import Residuals
from lowlift.controllers.optimiser.result import BatchResult, Outcome
from lowlift.controllers.optimiser.scaling import cost_scale, scaled_data, scaled_multipliers
from lowlift.controllers.optimiser.warm import warm_point

KAPPA_EPSILON, KAPPA_MU, THETA_MU = 10.0, 0.2, 1.5
"""The barrier parameter falls when the error of its problem is below this many times itself; how far it falls."""
FALLS = 8
"""Most falls of the barrier parameter at one point."""
KAPPA_SIGMA = 1e10
"""How far products of distances and multipliers may leave the barrier parameter."""
FIRST_MULTIPLIER = 1.0
"""Multipliers of inequalities at a cold start, as in IPOPT. ``mu / t`` would be large at all limits that the first point breaks, and what
is concave in them would leave no direction without inertia correction."""
NAME = "core"
"""Of the solver, in results."""
PATIENCE, IMPROVED = 8, 0.9
"""After so many iterations without an error below this share of the best one, a feasible problem is as solved as its kinks let it be: where
limits of equipment meet inside a model, gradients jump, and no point of the seam is stationary. The barrier then goes on regardless, and at
its end the problem leaves with the error it has."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """Settings of a solve.

    Raises:
        ValueError: a number of iterations below one, or another setting that is no positive number.
    """

    tolerance: float = 1e-6
    """KKT error, of the objective as :mod:`.scaling` scales it, at which a problem is solved."""
    max_iterations: int = 100
    mu: float = 0.1
    """First barrier parameter."""
    push: float = 1e-2
    """Distance from bounds to which the first point is moved."""
    real_time: int | None = None
    """Number of iterations after which every problem ends; ``None``: until it converges."""

    def __post_init__(self) -> None:
        check_settings(**dataclasses.asdict(self))


class InteriorPoint:
    """Solver of the batches of one structure.

    Args:
        rows: the structure's inequalities.
        evaluator: evaluates stages.
        newton: finds directions.
        measures: measures points and directions.
    """

    def __init__(self, rows: Inequalities, evaluator: Evaluator, newton: Newton, measures: Measures) -> None:
        self.rows, self.evaluator, self.newton, self.measures = rows, evaluator, newton, measures

    def solve(self, data: BatchData, start: Iterate, options: Options, *, dual: bool = False) -> BatchResult:
        """Solve a batch.

        Args:
            data: the problems.
            start: first point; its distances are computed anew. Its multipliers are used where ``dual`` is set.
            options: settings.
            dual: whether the start brings multipliers.

        Raises:
            ValueError: something does not fit the structure or is not a number.
        """
        began = time.perf_counter()
        data.check(self.rows.problem)
        check_start(self.rows.problem, data, start, dual=dual, inequalities=self.rows.size)
        bounds, scale = self.rows.bounds(data), cost_scale(self.rows.problem, self.evaluator, data, start)
        if (scale != 1.0).any():
            data, start = scaled_data(data, scale), scaled_multipliers(start, scale) if dual else start
        run = _Run(self, data, bounds, self._first(data, bounds, start, options, dual), options, scale)
        while run.live.size:
            run.iterate()
        result = run.result
        result.solver = np.full(data.size, NAME, dtype="<U16")
        result.seconds = time.perf_counter() - began
        return result

    def _first(self, data: BatchData, bounds: Bounds, start: Iterate, options: Options, dual: bool) -> Iterate:
        """A point in the interior."""
        rows = self.rows
        if dual:
            return warm_point(rows, self.evaluator, data, bounds, start, mu=options.mu, push=options.push)
        u = rows.interior(start.u, bounds.u_low, bounds.u_high, (rows.u_low, rows.u_high), options.push)
        w = rows.interior(start.w, bounds.w_low, bounds.w_high, (rows.w_low, rows.w_high), options.push)
        x0 = data.x0.copy() if data.arrival is None else start.x0.copy()
        x = np.concatenate([x0[None], w[:-1]])
        c = self.evaluator.values(x, u, w, data.p).c
        # Slacks take up what soft rows lack, or the first steps go no further than they can grow.
        lack = np.full(start.s.shape, -np.inf)
        for i, j in zip(rows.softened, rows.slack, strict=True):
            np.maximum(lack[..., j], c[..., i], out=lack[..., j])
        s = np.maximum(np.maximum(start.s, options.push), lack + options.push)
        G = rows.stack(c, u, w, s, bounds)
        t = np.maximum(-G, options.push)
        t[..., rows.path.stop :] = -G[..., rows.path.stop :]
        return Iterate(x0, u, w, s, t, np.full_like(t, FIRST_MULTIPLIER), np.zeros((*u.shape[:2], rows.problem.ny)))


class _Run:
    """One solve: the problems that are still in it."""

    def __init__(self, method: InteriorPoint, data: BatchData, bounds: Bounds, point: Iterate, options: Options, scale: np.ndarray) -> None:
        self.method, self.data, self.bounds, self.point, self.options = method, data, bounds, point, options
        self.scale = scale
        """Of the objective, which data and multipliers here have in them, and results do not."""
        self.plain = bool((scale == 1.0).all())
        b = data.size
        self.live = np.arange(b)
        self.mu = np.full(b, options.mu)
        self.shift = np.zeros(b)
        self.count = np.zeros(b, dtype=int)
        self.best, self.waited = np.full(b, np.inf), np.zeros(b, dtype=int)

        def unknown() -> np.ndarray:
            return np.full(b, np.nan)

        self.result = BatchResult(
            point=point.take(self.live), outcome=np.full(b, Outcome.ITERATIONS), kkt_error=unknown(), infeasibility=unknown(),
            stationarity=unknown(), complementarity=unknown(), objective=unknown(), iterations=np.zeros(b, dtype=int), mu=self.mu.copy(),
            stage=np.full(b, -1), cost_scale=scale,
        )  # fmt: skip
        self._look()
        self.filters = Filters(self.merit.theta)

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
        vain = self._lower_barrier(found)
        if vain.any() and o.real_time is None:
            self._leave(np.where(vain, Outcome.STALLED, -1), found)
            if not self.live.size:
                return
            found = self._residuals()
        direction, primal, dual, singular = self._direction(found)
        if (singular >= 0).any():
            self.result.stage[self.live] = singular
            stay = np.flatnonzero(singular < 0)
            self._leave(np.where(singular >= 0, Outcome.SINGULAR, -1), found)
            if not self.live.size:
                return
            direction, primal, dual = direction.take(stay), primal[stay], dual[stay]
        searched = None
        if o.real_time is None:
            searched = self._search(direction, primal)
            primal = searched.alpha
        self.point = self.method.measures.moved(self.point, direction, primal, dual)
        self._guard()
        self.count += 1
        self._look()
        if searched is not None and searched.stuck.any():
            self._give_up(searched.stuck, searched.unseen)

    # -- parts of an iteration --------------------------------------------------------------------------------------

    def _look(self) -> None:
        q, m = self.point, self.method
        if self.plain:
            self.second: SecondOrder = m.evaluator.second(q.x, q.u, q.w, self.data.p, q.y, q.lam[..., m.rows.path])
        else:
            of = scaled_multipliers(q, 1.0 / self.scale)
            self.second = m.evaluator.second(q.x, q.u, q.w, self.data.p, of.y, of.lam[..., m.rows.path]).scaled(self.scale)
        self.G = m.measures.stack(self.second.values.c, q, self.bounds)
        self.merit = m.measures.merit(self.data, q, self.second.values, self.G)

    def _residuals(self) -> Residuals:
        return self.method.measures.residuals(self.data, self.point, self.second, self.G)

    def _lower_barrier(self, found: Residuals) -> np.ndarray:
        """Lower the barrier where its problem is solved. Returns which problems wait in vain at its end."""
        least = self.options.tolerance / (KAPPA_EPSILON + 1.0)
        error = found.error(self.mu)
        improved = error < IMPROVED * self.best
        self.best = np.where(improved, error, self.best)
        self.waited = np.where(improved | (found.infeasibility > self.options.tolerance), 0, self.waited + 1)
        vain = self.waited >= PATIENCE
        ended = vain & (self.mu <= least)
        before = self.mu
        for _ in range(FALLS):
            solved = ((found.error(self.mu) <= KAPPA_EPSILON * self.mu) | (vain & (self.mu == before))) & (self.mu > least)
            if not solved.any():
                break
            lower = np.maximum(least, np.minimum(KAPPA_MU * self.mu, self.mu**THETA_MU))
            self.mu = np.where(solved, lower, self.mu)
        fell = self.mu != before
        self.best, self.waited = np.where(fell, np.inf, self.best), np.where(fell, 0, self.waited)
        self.filters.clear(np.flatnonzero(fell))
        return ended

    def _direction(self, found: Residuals) -> Trusted:
        data, point, method = self.data, self.point, self.method
        arrival = None
        if data.arrival is not None:
            arrival = data.arrival, (data.arrival @ (point.x0 - data.x0)[..., None])[..., 0]
        system = System(point, self.second, self.G, found.slack_gradient, data.slack_quadratic, data.x0 - point.x0, arrival)
        return trusted_direction(method.newton, method.measures, system, self.mu, self.shift)

    def _search(self, direction: Iterate, longest: np.ndarray) -> Searched:
        measures = self.method.measures
        here = Place(self.point, self.data, self.bounds, self.merit)
        slopes = measures.slope(self.data, self.point, direction, self.second)
        return search(measures, self.filters, self._values, here, direction, longest, slopes, self.mu)

    def _values(self, trial: Iterate, data: BatchData, problems: np.ndarray) -> Values:
        values = self.method.evaluator.values(trial.x, trial.u, trial.w, data.p)
        return values if self.plain else values.scaled(self.scale[problems])

    def _guard(self) -> None:
        """Keep products of distances and multipliers near the barrier parameter."""
        q, mu = self.point, self.mu[None, :, None]
        np.clip(q.lam, mu / (KAPPA_SIGMA * q.t), KAPPA_SIGMA * mu / q.t, out=q.lam)

    # -- leaving ------------------------------------------------------------------------------------------------------

    def _give_up(self, stuck: np.ndarray, unseen: np.ndarray) -> None:
        """Those without a step leave; where not even the shortest one could be evaluated, it is the model that has no value."""
        found = self._residuals()
        outcome = np.where(found.infeasibility > 1e3 * self.options.tolerance, Outcome.INFEASIBLE, Outcome.STALLED)
        outcome[unseen] = Outcome.NOT_A_NUMBER
        self._leave(np.where(stuck, outcome, -1), found)

    def _leave(self, ended: np.ndarray, found: Residuals) -> None:
        gone, stay = np.flatnonzero(ended >= 0), np.flatnonzero(ended < 0)
        at, r, scale = self.live[gone], self.result, self.scale[gone]
        r.point.put(at, scaled_multipliers(self.point.take(gone), 1.0 / scale))
        r.outcome[at] = ended[gone]
        r.mu[at], r.iterations[at] = self.mu[gone], self.count[gone]
        r.kkt_error[at], r.complementarity[at] = found.error(0.0)[gone], found.complementarity(0.0)[gone] / scale
        r.infeasibility[at], r.stationarity[at] = found.infeasibility[gone], found.stationarity[gone] / scale
        r.objective[at] = self.merit.cost[gone] / scale
        self.live = self.live[stay]
        self.mu, self.shift, self.count, self.scale = self.mu[stay], self.shift[stay], self.count[stay], self.scale[stay]
        self.best, self.waited = self.best[stay], self.waited[stay]
        self.point, self.data, self.bounds = self.point.take(stay), self.data.take(stay), self.bounds.take(stay)
        self.second, self.G, self.merit = self.second.take(stay), np.take(self.G, stay, axis=1), self.merit.take(stay)
        self.filters.keep(stay)
