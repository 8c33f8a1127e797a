"""StaticOptimal of a hybrid hall: at every decision the steady-state optimum for the weather and load of the moment.

The plant's own equations at rest are the constraints, so nothing of the physics is written twice::

    minimise  P_cooling(x, u, d) + price_w makeup + price_s (s_liquid + s_air)
    s.t.      dx/dt(x, u, d) = 0,  limits of chips, rack outlets, supplies, server inlets with margins,  ranges of setpoints,
              actuator bounds                                                                                      (1)

Wet or dry pads and the number of chillers are whole: (1) is solved for wet and for dry pads, with as few chillers as keep the air. Liquid
and air side share nothing but the weather, so the better of each is taken on its own.

Load is the highest seen at the decisions of the last hour: jobs pause and come back in seconds, dry coolers take minutes.
"""

import dataclasses
import functools
import time
from collections import deque
from typing import Any

import numpy as np

from lowlift.controllers.hybrid_protection import T_FROST
from lowlift.controllers.hybrid_rules import HybridGuideline36
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status
from lowlift.controllers.optimum_at_rest import OptimumAtRest, refused
from lowlift.controllers.solution import ACCEPTABLE, TOLERANCE
from lowlift.controllers.steady_solver import Point, SteadySolver
from lowlift.models.hybrid_hall import HybridHall, cooling
from lowlift.models.hybrid_tables import T_PAD_RANGE
from lowlift.thermal import ops

DECIDED = ("y_cdu", "y_warm", "v_warm", "y_warm_fan", "y_cold", "v_cold", "y_cold_fan", "y_chw", "y_crah", "T_chw_set")
"""Actuators that the optimum decides, all CDUs alike; pads and chillers are given."""
T_REFERENCE, T_SCALE = 303.15, 10.0
SLACK_PRICE = 0.5
"""Of a kelvin beyond limits, in MW: above what a kelvin is ever worth."""
KEPT = 0.02
"""Slack that counts as none [K]."""
VALVE_PRICE = 1e-4
"""Of a mixing valve away from its end, in MW: without fans nothing else decides its place."""
ABOVE_FREE = 0.3
"""Chilled-water setpoint over the water that free cooling alone delivers, less than what calls a chiller [K]."""
DEPRESSION_LEAST = 1.0
"""Wet pads are looked at where the air is this much above its wet bulb [K]."""
HOURS_SEEN = 12
"""Decisions whose highest load counts."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HybridMargins:
    """Distance to limits at the optimum [K]: weather and load move until the next decision."""

    chip: float = 3.0
    outlet: float = 3.0
    supply: float = 3.0
    inlet: float = 1.0
    dew: float = 1.0
    """Of chilled water, which chillers or the economiser's valve hold closely."""
    dew_warm: float = 8.0
    """Of warm water, which swings with the load."""
    cold: float = 6.0
    """Of the condenser coolant over its lowest."""


@dataclasses.dataclass(frozen=True)
class Side:
    """What one of the two sides costs at an optimum [MW], and by how much its limits are broken [K]."""

    cost: float
    slack: float


@dataclasses.dataclass(frozen=True)
class Candidate:
    """A solution for given pads and chillers."""

    point: Point
    wet: bool
    n: int
    liquid: Side
    air: Side
    T_chw: float
    """Chilled water delivered [K]."""
    at: dict[str, float]
    """Setpoints by name."""


class HybridStaticOptimal(OptimumAtRest):
    """A very good setpoint table.

    Args:
        plant: the plant; its equations are the model.
        margins: distances kept to limits.
        water_price: electricity that a kilogram of make-up water is worth [J/kg]; by default 3 kWh/m^3, that of pumped and treated
            water in a dry country (guess).
        name: name in tables.
    """

    def __init__(
        self, plant: HybridHall, margins: HybridMargins | None = None, *, water_price: float = 1.08e4, name: str = "StaticOptimal"
    ) -> None:
        self.plant = plant
        self.problem = SteadyProblem(plant, margins or HybridMargins(), water_price)
        super().__init__(plant.site, HybridGuideline36(plant.site), name)

    def forget(self) -> None:
        """Drop past loads and solutions."""
        self._seen: deque[list[np.ndarray]] = deque(maxlen=HOURS_SEEN)
        self._last: dict[tuple[bool, int], np.ndarray] = {}

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """The optimum for what is measured now."""
        begun = time.perf_counter()
        m = measurement
        rule = self.fallback.decide(m, forecast)
        load, weather = [m[k][0] for k in ("q_cdu", "q_rack", "q_air")], [float(m[k][0, 0]) for k in ("T_wb", "T_db", "p")]
        if not np.isfinite(np.concatenate([*load, weather])).all():
            return refused(rule)
        self._seen.append(load)
        q_cdu, q_rack, q_air = (np.max([seen[k] for seen in self._seen], axis=0) for k in range(3))
        found = self._candidates(self.problem.disturbances(q_cdu, q_rack, float(q_air[0]), *weather))
        ms = 1e3 * (time.perf_counter() - begun)
        good = [c for c in found if c.point.kkt_error <= ACCEPTABLE]
        if not good:
            error = min(c.point.kkt_error for c in found)
            reason = f"ended with KKT error {error:.1e}; {self.fallback.name} took over"
            return dataclasses.replace(rule, status=Status.FALLBACK, message=reason, solve_ms=ms, kkt_error=error)
        liquid, air = min(good, key=lambda c: c.liquid.cost), min(good, key=lambda c: c.air.cost)
        values = {name: (air if name in AIR_SIDE else liquid).at[name] for name in self.problem.setpoint_names}
        if air.n == 0:
            # Free cooling alone: a setpoint above the water lets staging stop the last machine; the economiser's valve then holds that.
            values["T_chw_set"] = air.T_chw + ABOVE_FREE
        values |= {"T_pad_warm_set": T_PAD_RANGE[not liquid.wet], "T_pad_cold_set": T_PAD_RANGE[not air.wet]}
        error = max(liquid.point.kkt_error, air.point.kkt_error)
        pads = f"pads {'wet' if liquid.wet else 'dry'} / {'wet' if air.wet else 'dry'}, {air.n} chillers"
        note = f"ipopt, {len(found)} solutions, KKT error {error:.1e}, {1e3 * (liquid.liquid.cost + air.air.cost):.0f} kW, {pads}"
        status = Status.OPTIMAL if error <= TOLERANCE else Status.SUBOPTIMAL
        return Decision(setpoints=self.packed(values), status=status, message=note, solve_ms=ms, kkt_error=error)

    def _candidates(self, d: np.ndarray) -> list[Candidate]:
        """Solutions for dry and wet pads, each with chillers added until the air is kept."""
        w = self.plant.disturbances.unpack(d)
        T_db, T_wb = float(w["T_db"][0]), float(w["T_wb"][0])
        pads = [False] + [True] * (T_db >= T_FROST and T_db - T_wb > DEPRESSION_LEAST)
        found: list[Candidate] = []
        for wet in pads:
            T_air = T_db - wet * self.plant.site.cold.pad.eff * (T_db - T_wb)
            # Water is never colder than the air of the dry coolers: beyond the inlet limit no free cooling is left to look at.
            first = 0 if T_air < self.plant.site.limits.T_inlet_max else 1
            for n in range(first, self.plant.site.n_chillers + 1):
                candidate = self.problem.solve(d, wet, n, self._last.get((wet, n)))
                self._last.pop((wet, n), None)
                if candidate.point.kkt_error <= ACCEPTABLE:
                    self._last[wet, n] = candidate.point.z
                found.append(candidate)
                if candidate.point.kkt_error <= ACCEPTABLE and candidate.air.slack < KEPT:
                    break
        return found


AIR_SIDE = ("T_cold_set", "m_cold_set", "T_pad_cold_set", "T_chw_set", "T_air_set", "air_ratio_set")
"""Setpoints of the air side; the others are of the liquid side."""


class SteadyProblem:
    """Problem (1) of one plant."""

    def __init__(self, plant: HybridHall, margins: HybridMargins, water_price: float) -> None:
        self.plant, self.margins, self.water_price = plant, margins, water_price
        self.free = [s for s in plant.states.signals if not s.name.endswith("_sensor")]
        edges = np.cumsum([0, *(s.size for s in self.free)])
        self.n_states = int(edges[-1])
        self._T_chw = int(edges[[s.name for s in self.free].index("T_chw")])
        at = plant.actuators.slices
        self.u_low, self.u_high = (np.array([bound[at[n]][0] for n in DECIDED]) for bound in (plant.actuators.low, plant.actuators.high))
        self.setpoint_names = [n for n in plant.site.sheet.setpoints.slices if not n.startswith("T_pad")]
        self.g_low, self.g_high = self._path_bounds()

    def _path_bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Bounds of the equations of rest, of setpoints over their range and of limits."""
        table = {s.name: s for s in self.plant.site.sheet.setpoints.signals}
        ranges = np.array([(table[n].low, table[n].high) for n in self.setpoint_names])
        self.offset, self.span = ranges[:, 0], ranges[:, 1] - ranges[:, 0]
        k, n = len(self.setpoint_names), self.n_states
        limits = 2 * self.plant.site.n_racks + self.plant.site.n_cdu + 4
        low = np.concatenate([np.zeros(n + k), np.full(limits, -np.inf)])
        return low, np.concatenate([np.zeros(n), np.ones(k), np.zeros(limits)])

    @functools.cached_property
    def functions(self) -> tuple[SteadySolver, Any]:
        """The solver, and ``(z, p) -> setpoints, costs, slacks``."""
        import casadi as ca

        p, s, lim, margin = self.plant, self.plant.site, self.plant.site.limits, self.margins
        k = len(DECIDED)
        z, d, given = ca.SX.sym("z", self.n_states + k + 2), ca.SX.sym("d", p.disturbances.size), ca.SX.sym("given", 2)
        T = dict(zip([q.name for q in self.free], ops.split(z[: self.n_states], [q.size for q in self.free]), strict=True))
        T = {name: T_REFERENCE + T_SCALE * value for name, value in T.items()}
        decided = dict(
            zip(DECIDED, ca.vertsplit(self.u_low + (self.u_high - self.u_low) * z[self.n_states : self.n_states + k]), strict=True)
        )
        a = {
            **decided,
            "y_cdu": ca.repmat(decided["y_cdu"], s.n_cdu, 1),
            "n_chillers": given[1],
            "wet_warm": given[0],
            "wet_cold": given[0],
        }
        w = p.disturbances.unpack(d)
        net, fluxes = p.equations.evaluate(T, a, w)
        f = p.equations.flows(a)
        chip, out = p.equations.rack_temperatures(T["T_plate"], T["T_supply"], w["q_liquid"], f)
        rest = ca.vertcat(*(net[q.name] / (p.equations.capacities[q.name] / 300.0 * T_SCALE) for q in self.free))
        shown = {
            "V_sec_set": f.V_sec[0], "T_warm_set": T["T_warm"], "m_warm_set": f.m_warm, "T_cold_set": T["T_cold"], "m_cold_set": f.m_cold,
            "T_chw_set": decided["T_chw_set"], "T_air_set": fluxes.T_air, "air_ratio_set": f.m_air / p.equations.air_drawn(w["q_air"]),
        }  # fmt: skip
        values = ca.vertcat(*(shown[name] for name in self.setpoint_names))
        s_liquid, s_air = z[-2], z[-1]
        limits = ca.vertcat(
            chip - lim.T_chip_max + margin.chip - s_liquid,
            out - lim.T_return_max + margin.outlet - s_liquid,
            T["T_supply"] - lim.T_supply_max + margin.supply - s_liquid,
            s.T_dew_hall + lim.dew_point_margin + margin.dew_warm - T["T_warm"] - s_liquid,
            T["T_air_cold"] - lim.T_inlet_max + margin.inlet - s_air,
            s.T_dew_hall + lim.dew_point_margin + margin.dew - T["T_chw"] - s_air,
            lim.T_cold_min + margin.cold - T["T_cold"] - s_air,
        )
        liquid = f.P_cdu_pumps + f.P_warm_pumps + f.P_warm_fans
        total = cooling(f, fluxes.P_chillers)
        water = [self.water_price * bank.pad.makeup(e) for bank, e in
                 ((s.warm, fluxes.evaporation_warm), (s.cold, fluxes.evaporation - fluxes.evaporation_warm))]  # fmt: skip
        costs = ca.vertcat(liquid + water[0], total - liquid + water[1]) / 1e6
        costs = costs + SLACK_PRICE * ca.vertcat(s_liquid, s_air)
        tidy = VALVE_PRICE * ((1.0 - decided["v_warm"]) ** 2 + (1.0 - decided["v_cold"]) ** 2)
        g = ca.vertcat(rest, (values - self.offset) / self.span, limits)
        parameters = ca.vertcat(d, given)
        solver = SteadySolver(z, parameters, costs[0] + costs[1] + tidy + 1e-3 * (s_liquid**2 + s_air**2), g, (self.g_low, self.g_high))
        return solver, ca.Function("shown", [z, parameters], [values, costs, z[-2:]], {"cse": True})

    def disturbances(self, q_cdu: np.ndarray, q_rack: np.ndarray, q_air: float, T_wb: float, T_db: float, p: float) -> np.ndarray:
        """Packed disturbances (nd,): one hottest rack in each CDU, the others share the rest."""
        s = self.plant.site
        others = (q_cdu - q_rack) / max(s.racks_per_cdu - 1, 1)
        racks = np.repeat(others, s.racks_per_cdu)
        racks[:: s.racks_per_cdu] = q_rack
        values = {"q_liquid": racks, "q_air": q_air, "T_wb": min(T_wb, T_db), "T_db": T_db, "p": p}
        return np.asarray(self.plant.disturbances.pack(values))

    def solve(self, d: np.ndarray, wet: bool, n: int, last: np.ndarray | None = None) -> Candidate:
        """The optimum at rest for packed disturbances, pads and chillers; ``last`` is where to begin."""
        solver, shown = self.functions
        k = len(DECIDED)
        low = np.concatenate([np.full(self.n_states, -10.0), np.zeros(k + 2)])
        high = np.concatenate([np.full(self.n_states, 20.0), np.ones(k), [np.inf, np.inf]])
        parameters = np.concatenate([d, [float(wet), float(n)]])
        point = solver.solve(parameters, self._start() if last is None else last, low, high)
        values, costs, slack = (np.asarray(v).ravel() for v in shown(point.z, parameters))
        liquid, air = (Side(float(c), float(s)) for c, s in zip(costs, slack, strict=True))
        T_chw = T_REFERENCE + T_SCALE * float(point.z[self._T_chw])
        return Candidate(point, wet, n, liquid, air, T_chw, dict(zip(self.setpoint_names, map(float, values), strict=True)))

    def _start(self) -> np.ndarray:
        guess = {"T_plate": 330.0, "T_return": 318.0, "T_supply": 310.0, "T_warm": 306.0, "T_warm_return": 312.0, "T_air_cold": 298.0,
                 "T_air_hot": 309.0, "T_chw": 293.0, "T_chw_return": 299.0, "T_cold": 303.0, "T_cold_return": 307.0}  # fmt: skip
        states = np.concatenate([np.full(q.size, (guess[q.name] - T_REFERENCE) / T_SCALE) for q in self.free])
        share = {"v_warm": 1.0, "v_cold": 1.0, "T_chw_set": 0.4}
        return np.concatenate([states, [share.get(name, 0.6) for name in DECIDED], [0.0, 0.0]])
