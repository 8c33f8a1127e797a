"""Guideline36: plant resets after ASHRAE Guideline 36-2021 for a liquid hall, every five minutes.

Each group of CDUs has one plant reset (section 5.20.5.2) that requests raise and time lowers: its first half raises the secondary flow from
least to full, its second half then lowers the supply temperature from the rated one to the coldest, so that the two never work against each
other. A second trim-and-respond loop holds the pressure of the facility water on valve requests. Tower water follows wet bulb plus an
approach by load when a chiller runs, and otherwise is only as cold as the supply setpoints need; supply air, chilled water and CRAH fans
follow their own requests.
"""

import dataclasses

import numpy as np

from lowlift.controllers.interface import Decision, Forecast, Measurement, Status, setpoint_table
from lowlift.controllers.tower_law import (
    approach_by_load,
    exchanger_approaches,
    load_ratio,
    proportional_flow,
)
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.site import Site


@dataclasses.dataclass(frozen=True, kw_only=True)
class G36Constants:
    """Constants of the sequences; defaults after ASHRAE Guideline 36-2021, section 5.20."""

    near_limit: float = 1.0
    """A chip or rack outlet this near to its limit is a request [K]."""
    override: float = 0.02
    """A pump override above this is a request [1]."""
    valve_request: float = 0.95
    valve_release: float = 0.85
    air_excess: float = 1.05
    """CRAH air over what the servers draw [1]."""
    valves_ignored: int = 2
    """Valve requests of a group that are not answered."""
    reset_trim: float = -0.02
    """Step of the plant reset every tick [1]."""
    reset_respond: float = 0.03
    """Its step for each temperature request; all are answered, because a group has few CDUs [1]."""
    reset_most: float = 0.07
    """Its largest response of one tick [1]."""
    flow_first: float = 0.5
    """Plant reset at which flow is full and supply temperature begins to fall [1]."""


OFF_DESIGN = 0.3
"""Growth of the tower's approach for each kelvin of wet bulb below design [1]: cold air carries less heat."""


class Requests:
    """Who asks for more, per group: limits, valves with hysteresis, air."""

    def __init__(self, site: Site, constants: G36Constants) -> None:
        self.site, self.c = site, constants
        self.groups = np.eye(site.n_groups)[site.group_of_cdu]
        self._open = np.zeros((0, 0), dtype=bool)

    def reset(self, batch: int) -> None:
        """Forget latched requests."""
        self._open = np.zeros((batch, self.site.n_cdu), dtype=bool)

    def limits(self, m: Measurement) -> np.ndarray:
        """CDUs of each group whose hottest rack is near a limit or whose pump protects itself, ``(b, g)``."""
        lim = self.site.limits
        hot = (m["T_chip"] > lim.T_chip_max - self.c.near_limit) | (m["T_return_hot"] > lim.T_return_max - self.c.near_limit)
        result: np.ndarray = (hot | (m["override"] > self.c.override)).astype(float) @ self.groups
        return result

    def valves(self, m: Measurement) -> np.ndarray:
        """CDUs of each group whose valve has opened beyond 95 % and not yet fallen below 85 %, ``(b, g)``."""
        v = m["v_cdu"]
        self._open = (v > self.c.valve_request) | (self._open & (v > self.c.valve_release))
        result: np.ndarray = self._open.astype(float) @ self.groups
        return result


class AirSide:
    """Supply air, chilled water and CRAH fans by request, for sites with a chilled branch."""

    def __init__(self, site: Site, constants: G36Constants) -> None:
        self.site, self.c = site, constants
        chilled = site.chilled
        assert chilled is not None and site.limits.T_inlet_max is not None  # noqa: S101 - built for such sites only
        self.air = TrimRespond(initial=297.15, low=291.15, high=site.limits.T_inlet_max - 0.5, trim=0.1, respond=-0.3, most=-0.9)
        low = chilled.T_chw_min
        self.water = TrimRespond(initial=low + 4.0, low=low, high=low + 12.0, trim=0.15, respond=-0.3, most=-0.9)
        self._air = self._water = np.zeros((0, 1))

    def reset(self, batch: int) -> None:
        """Initial setpoints."""
        self._air, self._water = self.air.start((batch, 1)), self.water.start((batch, 1))

    def decide(self, m: Measurement) -> dict[str, np.ndarray]:
        """Setpoints of the air side."""
        c, limit = self.site.chilled, self.site.limits.T_inlet_max
        assert c is not None and limit is not None  # noqa: S101 - built for such sites only
        hot = np.clip(np.ceil((m["T_inlet"] - (limit - self.c.near_limit * 0.5)) / 0.25), 0.0, 3.0)
        self._air = self.air.tick(self._air, hot)
        # Coil requests of section 5.20.5.2: three when supply air is 3 K above its setpoint, two at 2 K, one when the valve (pump) is open.
        above = m["T_air"] - self._air
        starved = np.where(above > 3.0, 3.0, np.where(above > 2.0, 2.0, ((m["y_chw"] > 0.95) | (above > 1.0)).astype(float)))
        # A setpoint above the water that arrives asks for nothing: it may not drift further away.
        self._water = np.minimum(self.water.tick(self._water, starved), np.maximum(m["T_plant"], self.water.low))
        ratio = np.full_like(self._air, self.c.air_excess)
        return {
            "split": np.zeros_like(self._air),
            "T_chw_set": self._water,
            "T_air_set": self._air,
            "air_ratio_set": ratio,
        }


class Guideline36:
    """The reference baseline."""

    period = 300.0

    def __init__(self, site: Site, constants: G36Constants | None = None, name: str = "Guideline36") -> None:
        self.site, self.name = site, name
        self.c = constants or G36Constants()
        self.table = setpoint_table(site)
        self.requests = Requests(site, self.c)
        self.air = None if site.chilled is None else AirSide(site, self.c)
        V, dp, lim = site.cdu.pump.V_dot_nominal, self.table.high[self.table.slices["dp_set"]][0], site.limits
        self.plant_reset = TrimRespond(initial=self.c.flow_first, low=0.0, high=1.0, trim=self.c.reset_trim, respond=self.c.reset_respond,
                                       most=self.c.reset_most)  # fmt: skip
        self.pressure = TrimRespond(initial=0.5 * dp, low=5e3, high=dp, trim=-0.02 * dp, respond=0.03 * dp, most=0.07 * dp,
                                    ignored=self.c.valves_ignored)  # fmt: skip
        hx = site.cdu.exchanger
        rated = hx.T_hot_in_nominal - hx.Q_dot_nominal / (hx.m_hot_nominal * hx.cp_hot)
        self.flow_range = (0.25 * V, V)
        self.supply_range = (min(rated, lim.T_supply_max - 1.0), lim.T_supply_min)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` plants."""
        shape = (batch, self.site.n_groups)
        self._reset, self._pressure = self.plant_reset.start(shape), self.pressure.start(shape)
        self.requests.reset(batch)
        if self.air is not None:
            self.air.reset(batch)

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """One tick of all sequences."""
        m, site = measurement, self.site
        hot, starved = self.requests.limits(m), self.requests.valves(m)
        self._reset = self.plant_reset.tick(self._reset, hot)
        self._pressure = self.pressure.tick(self._pressure, starved)
        turn = self.c.flow_first
        flow = np.interp(self._reset, (0.0, turn), self.flow_range)
        supply = np.interp(self._reset, (turn, 1.0), self.supply_range)
        load = load_ratio(site, m["q_cdu"], m["q_air"])
        air = {} if self.air is None else self.air.decide(m)
        values = air | {
            "T_supply_set": supply,
            "V_sec_set": flow,
            "dp_set": self._pressure,
            "T_tower_set": tower_setpoint(site, m, load, supply, air.get("T_chw_set")),
            "m_cw_set": proportional_flow(site, load),
        }
        setpoints = np.clip(np.asarray(self.table.pack(values)), self.table.low, self.table.high)
        return Decision(setpoints=setpoints, status=Status.RULE)


CONDENSER_MIN = 291.15
"""Coldest water sent to a running chiller [K] (guess: head pressure of a variable-speed machine)."""


def tower_setpoint(site: Site, m: Measurement, load: np.ndarray, supply: np.ndarray, chilled: np.ndarray | None) -> np.ndarray:
    """Tower leaving water [K].

    With a chiller running: wet bulb plus approach by load, not below what its condenser takes. On the economiser alone: as cold as the
    supply setpoints of the liquid need, and where air is cooled too, as cold as the chilled-water setpoint needs; never colder than the
    towers can make it.
    """
    chase = m["T_wb"] + approach_by_load(site.tower.approach_nominal, load) + OFF_DESIGN * np.maximum(
        site.T_wb_design - m["T_wb"], 0.0
    )  # fmt: skip
    cdu, wse = exchanger_approaches(site)
    needed = supply.min(axis=-1, keepdims=True) - cdu - wse
    if chilled is None:
        return np.maximum(chase, needed)
    free = np.maximum(chase, np.minimum(needed, chilled - wse))
    return np.where(m["n_chillers"] > 0.5, np.maximum(chase, CONDENSER_MIN), free)
