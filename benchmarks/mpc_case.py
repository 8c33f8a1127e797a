"""The optimal control problems that all solvers of ``mpc.py`` are given.

A: consecutive moments of one day of ``gb200_hall``, 15 min apart, each a plan of 96 stages of 15 min with forecasts from the past.
B: moments of several days of a Frontier of two subloops, each a plan of 48 stages of half an hour; loads are scaled and initial states
moved at random, so that no two are alike. Measurements of A come from the full plant under the rule-based Guideline36, those of B from
the full plant at rest under the load and weather of the moment.
"""

import dataclasses
import re
import tempfile
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from lowlift.controllers import Measurement
from lowlift.controllers.chiller_day import Mode, held
from lowlift.controllers.forecast import History, Persistence
from lowlift.controllers.interface import Decision, Forecast
from lowlift.controllers.ocp import DT_REFERENCE, T_REFERENCE, T_SCALE, Ocp
from lowlift.controllers.operation import regulator_of
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols
from lowlift.controllers.plan_problem import PlanProblem
from lowlift.models import load
from lowlift.models.liquid_hall import LiquidHall
from lowlift.sim.closed_loop import HORIZON, Run, simulate
from lowlift.sim.entrants import make_run
from lowlift.sim.scenario import build_scenario

MARGIN = 1.7
"""Distance of plans to limits, as in the default MPC [K]."""
DAY_A, SEED_A = "05-14", 3
DAYS_B = ("01-14", "02-20", "03-08", "04-17", "05-11", "06-05", "06-26", "07-13", "07-29", "08-16", "09-02", "09-21", "10-09", "11-04", "11-27",
          "12-15")  # fmt: skip
LOADS_B = (0.45, 1.0)
"""Factor on all loads of a problem."""
MOVED_B = 1.5
"""Initial states are moved by up to this [K]."""
TWO_SUBLOOPS = ("groups = [9, 8, 8]", "groups = [13, 12]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """Problems of one structure, in the order in which they are solved."""

    name: str
    problem: StageProblem
    continuous: Any
    """CasADi function ``(x, u, p) -> (dx/dt, path, cost)`` of the same model in continuous time, for peers that discretise it themselves."""
    stage_seconds: float
    data: BatchData
    ocp: Ocp

    @property
    def size(self) -> int:
        """Number of problems."""
        return self.data.size


def case_a(moments: int, stages: int = 96, seconds: float = 900.0) -> Case:
    """Consecutive moments of ``gb200_hall``."""
    plant = load("gb200_hall")
    found = _moments(plant, {}, DAY_A, SEED_A, moments, seconds)
    return _case("A", PlanProblem(plant, (seconds,) * stages, None, MARGIN), found, seconds, None)


def case_b(problems: int, stages: int = 48, seconds: float = 1800.0) -> Case:
    """Different problems of a Frontier of two subloops."""
    text = resources.files("lowlift.models.sites").joinpath("frontier.toml").read_text(encoding="utf-8")
    if TWO_SUBLOOPS[0] not in text:
        raise ValueError(f"site frontier has no line {TWO_SUBLOOPS[0]!r} to replace")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "two_subloops.toml"
        path.write_text(re.sub(re.escape(TWO_SUBLOOPS[0]), TWO_SUBLOOPS[1], text), encoding="utf-8")
        plant = load(path)
    days = min(len(DAYS_B), max(1, problems // 16))
    each = -(-problems // days)
    found = []
    for seed, day in enumerate(DAYS_B[:: len(DAYS_B) // days][:days]):
        scene = {"weather": "dulles", "workload": "frontier_like"}
        found += _at_rest(plant, scene, day, seed, each)
    return _case("B", PlanProblem(plant, (seconds,) * stages, None, MARGIN), found[:problems], seconds, np.random.default_rng(7))


class _Recorded:
    """A controller that notes what it is shown."""

    def __init__(self, controller: Any, every: float, wanted: int, first: float) -> None:
        self.name, self.period = controller.name, controller.period
        self.controller, self.every, self.wanted, self.first = controller, every, wanted, first
        self.seen: list[tuple[Measurement, Forecast]] = []

    def reset(self, batch: int) -> None:
        self.controller.reset(batch)
        self.seen = []

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        due = self.first + len(self.seen) * self.every
        if forecast is not None and len(self.seen) < self.wanted and measurement.t >= due - 1e-6:
            self.seen.append((measurement, forecast))
        return self.controller.decide(measurement, forecast)


def _moments(plant: LiquidHall, scene: dict[str, str], day: str, seed: int, count: int, every: float) -> list[tuple[Measurement, Forecast]]:
    days = min(1.0, (count * every + 600.0) / 86400.0)
    scenario = build_scenario(plant, start=day, days=days, seed=seed, **scene)
    recorded = _Recorded(make_run("Guideline36", plant, scenario).controller, every, count, scenario.warm_up)
    simulate(plant, scenario, [Run(recorded, Persistence())])
    if len(recorded.seen) != count:
        raise ValueError(f"{plant.site.name} on {day}: {len(recorded.seen)} moments recorded: must be {count}")
    return recorded.seen


def _at_rest(plant: LiquidHall, scene: dict[str, str], day: str, seed: int, count: int) -> list[tuple[Measurement, Forecast]]:
    scenario = build_scenario(plant, start=day, seed=seed, **scene)
    at = np.linspace(scenario.warm_up / scenario.step, scenario.n - 1, count).astype(int)
    loads, d = scenario.loads(plant), scenario.disturbances(plant)[at]
    u = np.tile(plant.initial_actuators(), (count, 1))
    x = plant.steady(u, d)
    own = regulator_of(plant, scenario.step).idle(count)
    read = plant.measure(x, u, d, plant.flux_vector(x, u, d), own, plant.flows(u))
    before = scenario.weather_past
    day_before = None if before is None else before[["T_wb", "T_db"]].to_numpy()
    found = []
    for i, k in enumerate(at):
        t, past = float(k * scenario.step), slice(0, int(k))
        known = History(scenario.step, t, loads.q_cdu[past], loads.q_rack[past], loads.q_air[past], scenario.T_wb[past], scenario.T_db[past],
                        day_before)  # fmt: skip
        values = {name: v[i : i + 1] for name, v in read.items()}
        found.append((Measurement(t=t, time=scenario.index[k], values=values), Persistence().predict(known, HORIZON)))
    return found


def _case(name: str, plans: PlanProblem, moments: list[tuple[Measurement, Forecast]], seconds: float, rng: Any) -> Case:
    ocp, g = plans.ocp, plans.site.n_groups
    n, b = len(ocp.stages), len(moments)
    x0 = np.empty((b, ocp.sizes.nx))
    p = np.empty((n, b, ocp.n_data + ocp.n_counts + 2))
    for i, (measurement, forecast) in enumerate(moments):
        posed = plans.pose(measurement, forecast)
        on = int(np.round(measurement["n_chillers"][0, 0])) if plans.site.chilled is not None else 0
        data = posed.data(held(Mode(on, on), n))
        x0[i] = posed.x0
        if rng is not None:
            data[:, : 5 * g + 2] *= rng.uniform(*LOADS_B)
            x0[i] += rng.uniform(-MOVED_B, MOVED_B, x0.shape[1])
        p[:, i] = np.hstack([data, np.tile(np.concatenate([posed.counts, [MARGIN, posed.floor]]), (n, 1))])
    problem, continuous = _structure(name, ocp, seconds)
    weight = np.ones((n, b, ocp.sizes.ns))
    data = BatchData(x0=(x0 - T_REFERENCE) / T_SCALE, p=p, slack_linear=ocp.weights.slack * weight,
                     slack_quadratic=ocp.weights.slack_quadratic * weight)  # fmt: skip
    return Case(name=name, problem=problem, continuous=continuous, stage_seconds=seconds, data=data, ocp=ocp)


def _structure(name: str, ocp: Ocp, dt: float) -> tuple[StageProblem, Any]:
    """Stages of one length: their cost is counted per stage length, so all weights are one."""
    import casadi as ca

    z, table, g = ocp.sizes, ocp.model.controls, ocp.model.site.n_groups
    edges = np.cumsum([ocp.n_data, ocp.n_counts])
    moving = [*range(g, 2 * g), ocp.model.nodes.index("T_basin")]
    wear = ocp.weights.wear / (dt / 3600.0)

    def at(w: Any, u: Any, p: Any) -> Any:
        return ocp.stage(w, u, p[: edges[0]], p[edges[0] : edges[1]], p[edges[1] :])

    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        f, path, cost, _ = at(w, u, p)
        return StageSymbols(dynamics=(w - x - dt * f) / (1.0 + dt / DT_REFERENCE), path=path, cost=cost + wear * ca.sumsqr((w - x)[moving]))

    size = ocp.n_data + ocp.n_counts + 2
    x, u, p = ca.SX.sym("x", z.nx), ca.SX.sym("u", z.nu), ca.SX.sym("p", size)
    f, path, cost, _ = at(x, u, p)
    outputs = [ca.densify(v) for v in (f, path, cost + wear * ca.sumsqr(dt * f[moving]))]
    continuous = ca.Function("continuous", [x, u, p], outputs, {"cse": True})
    rows, units = tuple(f"row_{i}" for i in range(z.n_path)), ("1",) * z.n_path
    problem = StageProblem(
        name=name, n_stages=len(ocp.stages), states=tuple(ocp.model.nodes), controls=tuple(f"u_{i}" for i in range(z.nu)), rows=rows,
        row_scale=(1.0,) * z.n_path, row_units=units, slack_of_row=tuple(ocp._slack_of_row()), n_parameters=size,
        u_low=table.low / ocp.u_scale, u_high=table.high / ocp.u_scale, w_low=np.full(z.nx, -np.inf), w_high=np.full(z.nx, np.inf),
        stage=stage,
    )  # fmt: skip
    return problem, continuous


def cold_start(case: Case, index: np.ndarray) -> Iterate:
    """Where there is no plan before: states stay, actuators in the upper middle of their range."""
    p, rows = case.problem, Inequalities(case.problem)
    shape = (p.n_stages, index.size)
    x0 = case.data.x0[index]
    u = np.broadcast_to(p.u_low + 0.6 * (p.u_high - p.u_low), (*shape, p.nu)).copy()
    w = np.broadcast_to(x0, (*shape, p.nx)).copy()
    ones = np.ones((*shape, rows.size))
    return Iterate(x0.copy(), u, w, np.full((*shape, p.ns), 0.1), ones, ones.copy(), np.zeros((*shape, p.nx)))


def shifted(point: Iterate, x0: np.ndarray) -> Iterate:
    """A solution moved on by one stage; the last stage is held."""
    moved = {name: np.concatenate([v[1:], v[-1:]]) for name in ("u", "w", "s", "t", "lam", "y") for v in (getattr(point, name),)}
    return Iterate(x0=x0.copy(), **moved)
