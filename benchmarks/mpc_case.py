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
from lowlift.controllers.ocp import Ocp
from lowlift.controllers.operation import regulator_of
from lowlift.controllers.optimiser.problem import BatchData, StageProblem
from lowlift.controllers.plan_problem import PlanProblem
from lowlift.models import load
from lowlift.models.liquid_hall import LiquidHall
from lowlift.sim.closed_loop import HORIZON, Run, simulate
from lowlift.sim.entrants import make_run
from lowlift.sim.scenario import build_scenario

MARGIN = 1.7
"""Distance of plans to limits, as in the default MPC [K]."""
DAY_A, SEED_A = "06-09", 4
DAYS_B = (
    "01-14", "02-20", "03-08", "04-17", "05-11", "06-05", "06-26", "07-13", "07-29", "08-16", "09-02", "09-21", "10-09", "11-04", "11-27",
    "12-15",
)  # fmt: skip
LOADS_B = (0.75, 1.05)
"""Factor on all loads of a problem."""
MOVED_B = 1.5
"""Initial states are moved by up to this [K]."""
WET_BULB_AT_REST = 286.15
"""Lowest wet bulb in which plants are at rest before a problem begins [K]."""
TWO_SUBLOOPS = ("groups = [9, 8, 8]", "groups = [13, 12]")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """Problems of one structure, in the order in which they are solved."""

    name: str
    data: BatchData
    ocp: Ocp

    @property
    def problem(self) -> StageProblem:
        """The structure."""
        return self.ocp.structure

    @property
    def size(self) -> int:
        """Number of problems."""
        return self.data.size

    @property
    def stage_seconds(self) -> float:
        """Length of the stages, which are all equal [s]."""
        return float(self.ocp.stages[0])

    def one(self, i: int, x0: np.ndarray | None = None) -> BatchData:
        """Problem ``i``, from another (scaled) initial state where one is given."""
        data = self.data.take(np.array([i]))
        return data if x0 is None else dataclasses.replace(data, x0=x0[None])


def case_a(moments: int, stages: int = 96, seconds: float = 900.0) -> Case:
    """Consecutive moments of ``gb200_hall``."""
    plant = load("gb200_hall")
    found = _moments(plant, {}, DAY_A, SEED_A, moments, seconds)
    return _case("A", PlanProblem(plant, (seconds,) * stages, None, MARGIN), found, None)


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
    return _case("B", PlanProblem(plant, (seconds,) * stages, None, MARGIN), found[:problems], np.random.default_rng(7))


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
    index = np.linspace(scenario.warm_up / scenario.step, scenario.n - 1, count).astype(int)
    loads, d = scenario.loads(plant), scenario.disturbances(plant)[index]
    # Fans at their initial speed would freeze the towers in winter.
    wet_bulb = plant.disturbances.slices["T_wb"]
    d[:, wet_bulb] = np.maximum(d[:, wet_bulb], WET_BULB_AT_REST)
    u = np.tile(plant.initial_actuators(), (count, 1))
    x = plant.steady(u, d)
    own = regulator_of(plant, scenario.step).idle(count)
    read = plant.measure(x, u, d, plant.flux_vector(x, u, d), own, plant.flows(u))
    before = scenario.weather_past
    day_before = None if before is None else before[["T_wb", "T_db"]].to_numpy()
    found = []
    for i, k in enumerate(index):
        t, past = float(k * scenario.step), slice(0, int(k))
        load = loads.q_cdu[past], loads.q_rack[past], loads.q_air[past]
        known = History(scenario.step, t, *load, scenario.T_wb[past], scenario.T_db[past], day_before)
        values = {name: v[i : i + 1] for name, v in read.items()}
        found.append((Measurement(t=t, time=scenario.index[k], values=values), Persistence().predict(known, HORIZON)))
    return found


def _case(name: str, plans: PlanProblem, moments: list[tuple[Measurement, Forecast]], rng: np.random.Generator | None) -> Case:
    ocp, g = plans.ocp, plans.site.n_groups
    posed = [plans.pose(measurement, forecast) for measurement, forecast in moments]
    x0, data = [], []
    for one, (measurement, _) in zip(posed, moments, strict=True):
        on = int(np.round(measurement["n_chillers"][0, 0])) if plans.site.chilled is not None else 0
        values, state = one.data(held(Mode(on, on), len(ocp.stages))), one.x0
        if rng is not None:
            values[:, : 5 * g + 2] *= rng.uniform(*LOADS_B)
            state = state + rng.uniform(-MOVED_B, MOVED_B, state.size)
        x0.append(state)
        data.append(values)
    floors = np.array([one.floor for one in posed])
    batch = ocp.batch(np.array(x0), np.array(data), np.array([one.counts for one in posed]), MARGIN, floors)
    return Case(name=name, data=batch, ocp=ocp)
