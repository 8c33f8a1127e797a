"""StaticOptimal of an air hall: at every decision the steady-state optimum for the weather and load of the moment.

The model is the plant's own at rest (:mod:`lowlift.models.air_rest`); what is minimised is facility power, server fans and losses included,
plus a price on every kelvin beyond limits with their margins. Recirculated, outdoor and mixed air are valleys of their own, condensing
evaporators bend the model, and a dew point can only be lowered once they do: so the optimum is searched for, not descended to. A coarse
grid over damper, indirect coolers, pads and DX finds the valley, now and then; a pattern search finds its bottom: neighbours along
each direction at one spacing, which shrinks where none is better, and at the last spacing all neighbours.
"""

import dataclasses
import itertools
import time

import numpy as np

from lowlift.controllers.air_protection import T_FROST
from lowlift.controllers.air_rules import AirGuideline36
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status
from lowlift.controllers.optimum_at_rest import OptimumAtRest, refused
from lowlift.models.air_hall import AirHall
from lowlift.models.air_rest import CHOSEN, AirRest, at_rest
from lowlift.models.plant import Conditions
from lowlift.thermal import psychrometrics as psy

COARSE = ((0.0, 0.3, 0.6, 1.0), (0.0, 0.5, 1.0), (0.0, 0.5, 1.0), (0.0, 0.3, 0.6, 1.0))
"""Grid of damper, indirect coolers, pads and DX, in shares of their range."""
WIDE, NEAR, FINE = 0.15, 0.04, 0.01
"""First spacing from the grid and from the last optimum, and the last one."""
ROUNDS = 40
"""Most rounds of a pattern search."""
LOOK_AROUND = 3600.0
"""Time after which the whole grid is looked at again [s]."""
WORTH = 1e-6
"""Least gain that counts, share of the cost [1]."""
PRICE = 0.5
"""Of a kelvin beyond a limit, in MW: above what a kelvin is ever worth."""
NO_REST = 1e3
"""Cost of a choice without a state of rest [MW]."""
DAMP_MARGIN = 0.5
"""Outdoor air this near to the hall's dew-point limit is left out [K]: weather moves until the next decision."""
DP_LEAST = 2.0
"""Pressure between the aisles: as little as keeps hot air back [Pa] (guess)."""
ROOM = 0.05
"""What the sequence may do beyond the optimum before the next decision [1]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Margins:
    """Distance to limits at the optimum [K]: weather and load move until the next decision."""

    inlet: float = 1.2
    dew: float = 1.0


@dataclasses.dataclass(frozen=True)
class Now:
    """Load and weather of the moment."""

    q_air: float
    """Electronics [W]."""
    T_wb: float
    T_db: float
    p: float


@dataclasses.dataclass(frozen=True)
class Optimum:
    """The best choice found."""

    v: np.ndarray
    """Damper, indirect coolers, pads and DX, in shares of their range (4,)."""
    cost: float
    """Facility power and priced violations [MW]."""
    gain: float
    """What the last round still gained, share of the cost; zero where no neighbour at the last spacing is better."""
    looked_at: int
    """Choices evaluated."""
    rest: AirRest
    """Its state; another start may find another one, because a hall can be at rest humid or dried by its evaporators."""


class AirStaticOptimal(OptimumAtRest):
    """A very good setpoint table.

    Args:
        plant: the plant; its equations are the model.
        margins: distances kept to limits.
        name: name in tables.
    """

    def __init__(self, plant: AirHall, margins: Margins | None = None, name: str = "StaticOptimal") -> None:
        self.plant = plant
        self.search = RestSearch(plant, margins or Margins())
        super().__init__(plant.site, AirGuideline36(plant.site), name)

    def forget(self) -> None:
        """Drop the last optimum."""
        self._last: np.ndarray | None = None
        self._looked = -np.inf

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """The optimum for what is measured now."""
        begun = time.perf_counter()
        m = measurement
        rule = self.fallback.decide(m, forecast)
        now = Now(*(float(m[name][0, 0]) for name in ("q_air", "T_wb", "T_db", "p")))
        if not np.isfinite(dataclasses.astuple(now)).all():
            return refused(rule)
        if m.t - self._looked >= LOOK_AROUND:
            self._last, self._looked = None, m.t
        found = self.search.solve(now, self._last)
        ms = 1e3 * (time.perf_counter() - begun)
        if found.cost >= NO_REST:
            self._last, self._looked = None, -np.inf
            message = f"no choice has a state of rest; {self.fallback.name} took over"
            return dataclasses.replace(rule, status=Status.FALLBACK, message=message, solve_ms=ms)
        self._last = found.v
        note = f"pattern search, {found.looked_at} choices, {1e3 * found.cost:.0f} kW"
        status = Status.OPTIMAL if found.gain <= WORTH else Status.SUBOPTIMAL
        return Decision(setpoints=self.packed(self._setpoints(found)), status=status, message=note, solve_ms=ms,
                        kkt_error=max(found.gain, 0.0))  # fmt: skip

    def _setpoints(self, found: Optimum) -> dict[str, float]:
        """Mixed air is modulated by the sequence around the optimum, full outdoor or recirculated air is commanded."""
        s, (x, iec, pad, _) = self.plant.site, found.v
        damper = s.x_min + (1.0 - s.x_min) * x
        full = x > 1.0 - ROOM
        return {
            "T_supply_set": float(found.rest.T_supply[0]),
            "dp_set": DP_LEAST,
            "oa_min": 1.0 if full else s.x_min,
            "oa_max": min(damper + ROOM, 1.0) if x > 0.5 * ROOM else s.x_min,
            "iec_max": min(iec + ROOM, 1.0) if iec > 0.5 * ROOM else 0.0,
            "pad_max": min(pad + ROOM, 1.0) if pad > 0.5 * ROOM else 0.0,
        }


class RestSearch:
    """Search for the best state of rest of one plant."""

    def __init__(self, plant: AirHall, margins: Margins) -> None:
        self.plant = plant
        lim = plant.site.limits
        self.inlet = (lim.T_inlet_min + margins.inlet, lim.T_inlet_max - margins.inlet)
        self.dew = (lim.T_dew_min + margins.dew, lim.T_dew_max - margins.dew)
        supply = next(k for k in plant.site.sheet.setpoints.signals if k.name == "T_supply_set")
        self.supply = (supply.low, supply.high)
        self.grid = np.array(list(itertools.product(*COARSE)))
        self.all = np.array(list(itertools.product((-1.0, 0.0, 1.0), repeat=4)))
        self.along = self.all[np.abs(self.all).sum(axis=1) <= 1.0]

    def highest(self, now: Now) -> np.ndarray:
        """Largest shares (4,): outdoor air that the regulatory layer would keep out is no choice."""
        T_wb = min(now.T_wb, now.T_db)
        w = psy.humidity_ratio_from_wet_bulb(now.T_db, T_wb, now.p)
        damp = psy.dew_point(np.maximum(w, 1e-6), now.p) > self.plant.site.limits.T_dew_max - DAMP_MARGIN
        return np.array([0.0 if damp else 1.0, 1.0, 1.0, 1.0])

    def rest(self, v: np.ndarray, now: Now, near: AirRest | None = None) -> AirRest:
        """States of rest for choices ``v`` (b, 4) in shares of range, from one ``near`` them if there is one."""
        s, one = self.plant.site, np.ones(1)
        d = self.plant.disturbances_from(
            Conditions(q_liquid=np.zeros((1, s.n_racks)), q_air=now.q_air * one, T_wb=min(now.T_wb, now.T_db) * one, T_db=now.T_db * one,
                       p=now.p * one)
        )[0]  # fmt: skip
        wet = float(now.T_db >= T_FROST)
        columns = {
            "y_damper": s.x_min + (1.0 - s.x_min) * v[:, 0], "y_iec": v[:, 1], "v_spray": np.where(v[:, 1] > 0.0, wet, 0.0),
            "v_pad": v[:, 2], "n_dx": s.n_dx * v[:, 3], "y_dx": np.ones(len(v)),
        }  # fmt: skip
        return at_rest(self.plant, np.column_stack([columns[name] for name in CHOSEN]), DP_LEAST, d, near)

    def cost(self, r: AirRest) -> np.ndarray:
        """Facility power and priced violations (b,) [MW]."""
        beyond = sum(
            np.maximum(low - T, 0.0) + np.maximum(T - high, 0.0)
            for T, (low, high) in ((r.T_inlet, self.inlet), (r.T_dew, self.dew), (r.T_supply, self.supply))
        )
        result: np.ndarray = np.where(r.converged, r.P_facility / 1e6 + PRICE * beyond, NO_REST)
        return result

    def solve(self, now: Now, last: np.ndarray | None = None) -> Optimum:
        """The best choice, near ``last`` or anywhere if there is none."""
        high = self.highest(now)
        if last is not None and (last <= high).all():
            found = self._pattern(now, last, NEAR, high)
            if found.cost < NO_REST:
                return found
        grid = np.unique(np.minimum(self.grid, high), axis=0)
        best = grid[int(self.cost(self.rest(grid, now)).argmin())]
        found = self._pattern(now, best, WIDE, high)
        return dataclasses.replace(found, looked_at=found.looked_at + len(grid))

    def _pattern(self, now: Now, centre: np.ndarray, spacing: float, high: np.ndarray) -> Optimum:
        """From a choice to the bottom of its valley."""
        at = self.rest(centre[None], now)
        cost, gain, looked_at = float(self.cost(at)[0]), np.inf, 1
        for _ in range(ROUNDS):
            steps = self.along if FINE < spacing < WIDE else self.all
            around = np.clip(centre + spacing * steps, 0.0, high)
            # Each from the state of the centre: states of rest that lie close are found again.
            rests = self.rest(around, now, at if at.converged[0] else None)
            costs = self.cost(rests)
            looked_at += len(around)
            best = int(costs.argmin())
            gain = (cost - float(costs[best])) / cost
            if gain > WORTH:
                centre, cost, at = around[best], float(costs[best]), rests.pick(best)
            elif spacing <= FINE:
                break
            else:
                spacing = max(0.4 * spacing, FINE)
        return Optimum(centre, cost, gain, looked_at, at)
