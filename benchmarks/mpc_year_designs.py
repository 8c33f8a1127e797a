"""Designs of a liquid hall and the year that they live through: load, weather, and what a controller may know of both.

A design is the hall of a site file (``gb200_hall``) with data of its own, all of which enter a plan as numbers, so that one structure and
one batch serve them all: how much IT is installed, how many tower cells and pumps run, how far plans keep away from the limits of chips
and rack outlets, what electricity and water cost, and the climate.
"""

import dataclasses
import functools
import itertools

import numpy as np

from lowlift.controllers.forecast import DAY, History, Persistence
from lowlift.controllers.interface import Forecast
from lowlift.controllers.plan_problem import PlanProblem
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.plant import Loads
from lowlift.sim.scenario import Scenario, build_scenario

GRID = 300.0
"""Grid of loads and weather [s], that of forecasts."""
PERIOD = 900.0
"""Time between plans [s]."""
HORIZON = 86400.0
GRIDS = {
    "growing": (PERIOD,) * 8 + (1800.0,) * 4 + (3600.0,) * 20,
    "uniform": (PERIOD,) * 96,
}
"""Stages of plans [s]: as fine as the period for two hours, then as coarse as forecasts are; or all alike."""
PER_STEP = round(PERIOD / GRID)
CLIMATES = ("tucson", "dulles", "chicago", "san_francisco")
LOADS = (1.0, 0.6)
"""Share of the racks' rated power that is installed."""
MACHINES = (1.0, 2.0 / 3.0)
"""Share of tower cells and tower pumps that run."""
MARGINS = (1.7, 4.7)
"""Distance kept to limits of chips and rack outlets [K]."""
LOAD_MEMORY, LOAD_SHARE = 7200.0, 0.9
"""Load is forecast as what was not exceeded in this share of this time past [s]: controls are held for a quarter of an hour, so pauses of a
job, from which it comes back in seconds, are no reason to plan for less."""
WATER = 0.0375
"""Price of a cubic metre of water over that of a megawatt hour: 3 over 80."""
NIGHT, DAYTIME = 0.65, 1.25
"""Price of electricity by night and from 8 to 22 h over its mean."""


@dataclasses.dataclass(frozen=True)
class Design:
    """What differs between the plants of the batch."""

    climate: str
    load: float
    machines: float
    margin: float
    tariff: str
    """``energy``: every megawatt hour counts the same, water nothing; ``time of use``: dearer by day, and water has a price."""

    @property
    def words(self) -> str:
        """The design in a few words."""
        return f"{self.climate}, {self.load:.0%} load, {self.machines:.0%} machines, {self.margin:g} K, {self.tariff}"


def designs(n: int, seed: int) -> list[Design]:
    """``n`` different designs, the first ones as mixed as all of them."""
    every = [Design(*v) for v in itertools.product(CLIMATES, LOADS, MACHINES, MARGINS, ("energy", "time of use"))]
    if not 1 <= n <= len(every):
        raise ValueError(f"designs = {n}: must be from 1 to {len(every)}")
    return [every[i] for i in np.random.default_rng(seed).permutation(len(every))[:n]]


class Year:
    """Load and weather of one climate on a grid of five minutes, a day before the start included.

    Args:
        plant: the hall.
        climate: name of an embedded weather file.
        days: length.
        start: first day, ``MM-DD``.
        seed: of the generated load.
    """

    def __init__(self, plant: LiquidHall, climate: str, *, days: float, start: str, seed: int) -> None:
        scenario: Scenario = build_scenario(
            plant, weather=climate, workload="llm_training", start=start, days=days, step=GRID, warm_up=DAY, seed=seed
        )
        self.climate, self._forecaster = climate, Persistence()
        self.loads: Loads = scenario.loads(plant)
        self.T_wb, self.T_db, self.p = scenario.T_wb, scenario.T_db, float(scenario.p.mean())
        self.hour = (scenario.index.hour + scenario.index.minute / 60.0).to_numpy()
        self.first = round(DAY / GRID)
        """Row of the first moment."""

    def forecast(self, k: int) -> Forecast:
        """What is known before plan ``k``: rows up to now, and nothing else.

        :class:`~lowlift.controllers.forecast.Persistence`, with a steadier load, see :data:`LOAD_MEMORY`.
        """
        past = slice(self.first + PER_STEP * k - round(DAY / GRID), self.first + PER_STEP * k)
        history = History(
            step=GRID, t=DAY, q_cdu=self.loads.q_cdu[past], q_rack=self.loads.q_rack[past], q_air=self.loads.q_air[past],
            T_wb=self.T_wb[past], T_db=self.T_db[past], day_before=None,
        )  # fmt: skip
        found = self._forecaster.predict(history, HORIZON)
        rows, memory = len(found.q_cdu), round(LOAD_MEMORY / GRID)

        def usual(values: np.ndarray) -> np.ndarray:
            return np.tile(np.quantile(values[-memory:], LOAD_SHARE, axis=0), (rows,) + (1,) * (values.ndim - 1))

        return dataclasses.replace(found, q_cdu=usual(history.q_cdu), q_rack=usual(history.q_rack), q_air=usual(history.q_air))

    def truth(self, k: int) -> Forecast:
        """What happens from plan ``k`` to the next one."""
        now = slice(self.first + PER_STEP * k, self.first + PER_STEP * (k + 1))
        q = self.loads
        return Forecast(
            step=GRID, q_cdu=q.q_cdu[now], q_cdu_high=q.q_cdu[now], q_rack=q.q_rack[now], q_rack_high=q.q_rack[now],
            q_air=q.q_air[now], q_air_high=q.q_air[now], T_wb=self.T_wb[now], T_db=self.T_db[now],
        )  # fmt: skip

    def price(self, k: int, hours: np.ndarray) -> np.ndarray:
        """Price of electricity by time of use at ``hours`` from plan ``k`` on."""
        at = (self.hour[self.first + PER_STEP * k] + hours) % 24.0
        return np.where((at >= 8.0) & (at < 22.0), DAYTIME, NIGHT)


class World:
    """All designs with their years: stage data of plans and of what then happens.

    Args:
        plans: the planning problem, 24 h.
        steps: the same structure over the steps between two plans.
        plant: the hall.
        chosen: the designs.
        days: length.
        start: first day.
        seed: of the load.
    """

    def __init__(
        self, plans: PlanProblem, steps: PlanProblem, plant: LiquidHall, chosen: list[Design], *, days: float, start: str, seed: int
    ) -> None:
        names = sorted({d.climate for d in chosen})
        self.designs, self.plans, self.steps, self.n = chosen, plans, steps, round(days * DAY / PERIOD)
        self.years = [Year(plant, name, days=days, start=start, seed=seed) for name in names]
        self._year = np.array([names.index(d.climate) for d in chosen])
        self._load = np.array([d.load for d in chosen])
        self._tariff = np.array([d.tariff == "time of use" for d in chosen])
        self.margin = np.array([d.margin for d in chosen])
        table = plans.model.counts
        share = np.array([d.machines for d in chosen])
        most = np.tile(table.high, (len(chosen), 1))
        for name in ("n_cells", "n_cw"):
            at = table.slices[name]
            most[:, at] = np.ceil(most[:, at] * share[:, None])
        self.counts = most
        """Machines that run ``(B, n_counts)``."""

    def expected(self, k: int) -> np.ndarray:
        """Stage data of plan ``k`` ``(B, n, n_data)``, the chillers left at zero."""
        ocp = self.plans.ocp
        rows = np.array([self.plans.stage_data(year.forecast(k), year.p) for year in self.years])
        hours = 0.5 * (ocp.edges[1:] + ocp.edges[:-1]) / 3600.0
        return self._priced(rows, np.array([year.price(k, hours) for year in self.years]))

    def happens(self, k: int) -> np.ndarray:
        """Data of the plant's steps after plan ``k``, ``(B, steps, n_data)``."""
        ocp = self.steps.ocp
        rows = np.array([self.steps.stage_data(year.truth(k), year.p) for year in self.years])
        hours = 0.5 * (ocp.edges[1:] + ocp.edges[:-1]) / 3600.0
        return self._priced(rows, np.array([year.price(k, hours) for year in self.years]))

    @functools.cached_property
    def _heat(self) -> np.ndarray:
        """Which stage data are heat."""
        n = 5 * self.plans.site.n_groups + 2
        return np.arange(self.plans.ocp.n_data) < n

    def _priced(self, rows: np.ndarray, by_time: np.ndarray) -> np.ndarray:
        data = rows[self._year]
        data[..., self._heat] *= self._load[:, None, None]
        tariff = self._tariff[:, None]
        price, water = self.plans.ocp.n_data - 4, self.plans.ocp.n_data - 3
        data[..., price] = np.where(tariff, by_time[self._year], 1.0)
        data[..., water] = np.where(tariff, WATER, 0.0)
        return data
