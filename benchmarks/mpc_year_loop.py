"""The closed loop of ``mpc_year``: every quarter of an hour one batched solve for all designs; plants hold the first controls."""

import dataclasses
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from mpc_year_designs import PERIOD, World
from mpc_year_plant import Meters, StageMap

from lowlift.controllers.ocp import T_REFERENCE, T_SCALE
from lowlift.controllers.optimiser import BatchData, BatchResult, CoreSolver, Iterate, Options, StageProblem, cold_start, core_parts
from lowlift.controllers.optimiser.start import joined
from lowlift.controllers.optimiser.store import structure_key
from lowlift.controllers.solution import ACCEPTABLE

DWELL = 4
"""Plans for which a chiller at least runs or rests: an hour."""
SOON, LATER = 4, 8
"""Stages that decide on a chiller more, and on one less."""
LACK = 0.2
"""Mean slack over the coming hour that calls a chiller [K]."""
IDLE, ENOUGH = 0.03, 0.8
"""Planned heat over nominal capacity: below the first the last chiller stops; below the second for those that are left, one of several."""
TOLERANCE = 1e-5
"""KKT error of plans that are solved to the end: costs of closed loops are compared to a tenth of a percent."""
END = 7200.0
"""Last part of a plan that stays where it is when it is moved on [s]: what is cheap just before a horizon ends is so at its end only."""
STEADY = Options(mu=1e-5, push=1e-3, max_iterations=30)
"""Where plans begin: the barrier is hardly raised from plan to plan."""


class Threads:
    """A solver that shares a batch among threads, each with a core of its own."""

    def __init__(self, problem: StageProblem, threads: int, real_time: int | None, tolerance: float = TOLERANCE) -> None:
        key = structure_key(problem)
        self._solvers = [
            CoreSolver(
                core_parts(problem, key if k == 0 else f"{key}, thread {k + 1}"),
                tolerance=tolerance,
                real_time=real_time,
                warm=STEADY,
            )
            for k in range(threads)
        ]
        self.how = self._solvers[0].parts.how

    def solve(self, data: BatchData, start: Iterate, *, dual: bool) -> BatchResult:
        """All problems; results in their order."""
        parts = [v for v in np.array_split(np.arange(data.size), len(self._solvers)) if v.size]
        if len(parts) == 1:
            return self._solvers[0].solve(data, start, dual=dual)
        began = time.perf_counter()
        with ThreadPoolExecutor(len(parts)) as pool:
            jobs = [pool.submit(s.solve, data.take(v), start.take(v), dual=dual) for s, v in zip(self._solvers, parts, strict=False)]
            answers = [job.result() for job in jobs]
        arrays = {
            f.name: np.concatenate([getattr(a, f.name) for a in answers])
            for f in dataclasses.fields(BatchResult) if f.name not in ("point", "seconds")
        }  # fmt: skip
        return BatchResult(point=joined([a.point for a in answers]), seconds=time.perf_counter() - began, **arrays)


class Chillers:
    """How many chillers run: one more where plans lack cold, one less where it is not needed; an hour between changes."""

    def __init__(self, b: int, installed: int, nominal: float) -> None:
        self.on, self._since, self._installed, self._nominal = np.full(b, min(1, installed)), np.full(b, DWELL), installed, nominal

    def decide(self, slack: np.ndarray, Q: np.ndarray) -> None:
        """From slacks ``(n, B, n_s)`` [K] and chillers' heat ``(n, B)`` [W] of the last plans."""
        lack = slack[:SOON].max(axis=2).mean(axis=0) > LACK
        most = Q[:LATER].max(axis=0) / self._nominal
        spare = most < np.where(self.on > 1, ENOUGH * (self.on - 1), IDLE)
        change = np.where(lack & (self.on < self._installed), 1, np.where(spare & ~lack & (self.on > 0), -1, 0))
        change[self._since < DWELL] = 0
        self.on = self.on + change
        self._since = np.where(change != 0, 1, self._since + 1)


@dataclasses.dataclass
class Record:
    """What a run came to; arrays over plans and designs ``(n, B)`` where nothing else is said."""

    meters: dict[str, np.ndarray]
    """Of :class:`~mpc_year_plant.Meters`, by name."""
    kkt_error: np.ndarray
    """Of the answer that was used, before the next one."""
    rescued: np.ndarray
    """Plans that were solved again to the end, because the agreed iterations left too much of an error."""
    flagged: np.ndarray
    """Plans that could not be solved: the plan before was followed on."""
    chillers: np.ndarray
    seconds: dict[str, float]
    """By part of the loop."""
    processor_seconds: float
    kept: dict[int, tuple[BatchData, Iterate]]
    """Problems and starts of the plans that were asked for."""


def run(
    world: World, *, real_time: int | None, accept: float = ACCEPTABLE, tolerance: float = TOLERANCE, threads: int = 1,
    keep: tuple[int, ...] = (), progress: Callable[[int, int], None] | None = None,
) -> Record:  # fmt: skip
    """Simulate.

    Args:
        world: designs and their year.
        real_time: iterations of a plan; ``None``: until it converges.
        accept: KKT error of a plan above which it is solved again to the end, from the same start.
        tolerance: KKT error to which plans are solved where they are solved to the end.
        threads: that share a batch.
        keep: plans whose problems are handed out.
        progress: told how many plans of how many are done.
    """
    ocp, b, n = world.plans.ocp, len(world.designs), world.n
    site, problem = world.plans.site, world.plans.ocp.structure
    quick, full = Threads(problem, threads, real_time, tolerance), Threads(problem, threads, None, tolerance)
    plant = StageMap(world)
    assert site.chilled is not None  # noqa: S101 - the hall of the designs has chillers
    chillers, heat = Chillers(b, site.chilled.n_chillers, site.chilled.chiller.Q_dot_nominal), problem.controls.index("Q_chiller")
    floor = np.full(b, site.T_dew_hall + site.limits.dew_point_margin)
    x = _first_state(world)
    taken: list[Meters] = []
    record = Record(
        {}, np.empty((n, b)), np.zeros((n, b), dtype=bool), np.zeros((n, b), dtype=bool),
        np.empty((n, b), dtype=int), dict.fromkeys(("forecasts and data", "shift", "plans", "plans solved again", "plants"), 0.0), 0.0, {},
    )  # fmt: skip
    last: Iterate | None = None
    end = int(np.searchsorted(ocp.edges, ocp.edges[-1] - END))
    processor = time.process_time()
    for k in range(n):
        clock = _Clock(record.seconds)
        data = world.expected(k)
        data[..., -2:] = chillers.on[:, None, None]
        batch = ocp.batch(T_REFERENCE + T_SCALE * x, data, world.counts, 0.0, floor)
        batch.p[..., ocp.n_data + ocp.n_counts] = world.margin
        clock.stop("forecasts and data")
        if last is None:
            start = cold_start(problem, batch)
            answer = full.solve(batch, start, dual=False)
        else:
            start = _with_end_of(last, ocp.shift(last, PERIOD, batch.x0), end)
            clock.stop("shift")
            if k in keep:
                record.kept[k] = batch, start
            answer = quick.solve(batch, start, dual=True)
        clock.stop("plans")
        bad = np.flatnonzero(~(answer.kkt_error <= accept))
        if bad.size and last is not None:
            again = full.solve(batch.take(bad), start.take(bad), dual=True)
            answer.put(bad, again)
            record.rescued[k, bad] = True
            lost = bad[~(again.kkt_error <= max(accept, ACCEPTABLE))]
            record.flagged[k, lost] = True
            answer.point.put(lost, start.take(lost))
        clock.stop("plans solved again")
        last = answer.point
        u = np.clip(last.u[0], problem.u_low, problem.u_high)
        record.kkt_error[k], record.chillers[k] = answer.kkt_error, chillers.on
        x, meters = plant.advance(k, x, u, chillers.on)
        taken.append(meters)
        chillers.decide(last.s, last.u[..., heat] * ocp.u_scale[heat])
        clock.stop("plants")
        if progress is not None:
            progress(k + 1, n)
    record.meters = {f.name: np.array([getattr(m, f.name) for m in taken]) for f in dataclasses.fields(Meters)}
    record.processor_seconds = time.process_time() - processor
    return record


class _Clock:
    def __init__(self, into: dict[str, float]) -> None:
        self._into, self._since = into, time.perf_counter()

    def stop(self, name: str) -> None:
        now = time.perf_counter()
        self._into[name] += now - self._since
        self._since = now


def _with_end_of(last: Iterate, moved: Iterate, end: int) -> Iterate:
    """The plan moved on, with the end of the one that was not."""
    parts = {
        f.name: moved.x0 if f.name == "x0" else np.concatenate([getattr(moved, f.name)[:end], getattr(last, f.name)[end:]])
        for f in dataclasses.fields(Iterate)
    }
    return Iterate(**parts)


def _first_state(world: World) -> np.ndarray:
    """All plants begin in the same state, between the seasons: plans bring each to its own."""
    rise = {"T_return": 8.0, "T_supply": 0.0, "T_fws_supply": -3.0, "T_fws_return": 6.0, "T_cw_return": 2.0, "T_basin": -5.0,
            "T_cw_supply": -5.0, "T_chw": -7.0, "T_crah_return": -3.0, "T_air_cold": -4.0, "T_air_hot": 8.0}  # fmt: skip
    T = [299.0 + next(v for begin, v in rise.items() if name.startswith(begin)) for name in world.plans.model.nodes]
    return np.tile((np.array(T) - T_REFERENCE) / T_SCALE, (len(world.designs), 1))
