"""SiteTuned: the baseline for the headline, Guideline 36 with near-optimal laws whose few constants are tuned for each half of the year.

Tower water and fans follow laws of load and wet bulb instead of a fixed approach, secondary flow follows the load, supply temperature
follows the wet bulb. Limit requests still trim the outcome. Constants are tuned by batch simulation on other days than those scored
(``benchmarks/tune_site.py``), for the warm and the cool half of the year apart: one set for both gives away energy in either.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.controllers.guideline36 import AirSide, G36Constants, Requests
from lowlift.controllers.half_year import Half, both_halves, half_of
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status, setpoint_table
from lowlift.controllers.tower_law import exchanger_approaches, load_ratio
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.safe_flow import minimum_safe_flow
from lowlift.models.site import Site


@dataclasses.dataclass(frozen=True, kw_only=True)
class SiteTuning:
    """The tuned constants; a number, or an array ``(b, 1)`` when many tunings run as one batch."""

    supply_offset: float | np.ndarray = 14.0
    """``c`` of ``T_supply = T_wb + c + k (load - 0.7)`` [K]."""
    supply_slope: float | np.ndarray = 0.0
    """``k`` of the same [K]."""
    supply_max: float | np.ndarray = 308.0
    """Warmest supply [K]."""
    flow_margin: float | np.ndarray = 1.15
    """Secondary flow over the smallest safe flow at the present load [1]."""
    tower_share: float | np.ndarray = 1.0
    """Tower setpoint: share of the exchangers' nominal approaches below the supply setpoint [1]; small means cold water."""
    tower_approach: float | np.ndarray = 0.0
    """Least approach of the tower setpoint to the wet bulb at rated load, in proportion to load [K]: colder water is not worth its fans."""
    water_scale: float | np.ndarray = 0.8
    """Tower water at rated load over nominal [1]."""
    water_exponent: float | np.ndarray = 0.7
    """Tower water: exponent of load [1]."""
    dp_scale: float | np.ndarray = 0.5
    """Facility pressure at rated load over its upper limit [1]."""
    air_excess: float | np.ndarray = 1.05
    """CRAH air over what the servers draw [1]; without effect where air is not cooled here."""


RANGES = {
    "supply_offset": (6.0, 44.0), "supply_slope": (-6.0, 8.0), "supply_max": (301.0, 314.0), "flow_margin": (1.0, 1.8),
    "tower_share": (0.4, 3.5), "tower_approach": (0.0, 10.0), "water_scale": (0.4, 1.0), "water_exponent": (0.3, 1.2),
    "dp_scale": (0.08, 0.9), "air_excess": (0.97, 1.25),
}  # fmt: skip
"""Where the tuner looks."""

TUNINGS: Mapping[str, Mapping[Half, SiteTuning]] = {
    "frontier": {
        "warm": SiteTuning(supply_offset=31.217, supply_slope=2.22, supply_max=313.98, flow_margin=1.04, tower_share=1.27,
                           tower_approach=1.269, water_scale=0.678, water_exponent=0.507, dp_scale=0.338),
        "cool": SiteTuning(supply_offset=37.79, supply_slope=-0.063, supply_max=308.127, flow_margin=1.0, tower_share=1.2,
                           tower_approach=0.94, water_scale=0.624, water_exponent=0.59, dp_scale=0.293),
    },
    "gb200_hall": {
        "warm": SiteTuning(supply_offset=24.683, supply_slope=-2.438, supply_max=307.935, flow_margin=1.033, tower_share=2.359,
                           tower_approach=4.897, water_scale=0.749, water_exponent=0.848, dp_scale=0.428, air_excess=1.026),
        "cool": SiteTuning(supply_offset=24.683, supply_slope=-2.438, supply_max=307.935, flow_margin=1.033, tower_share=2.359,
                           tower_approach=4.897, water_scale=0.749, water_exponent=0.848, dp_scale=0.428, air_excess=1.026),
    },
}  # fmt: skip
"""Tuned constants of the packaged sites."""


class SiteTuned:
    """Guideline 36 with tuned laws.

    Args:
        site: the site.
        tuning: constants for the whole year; those of the site for each half of the year if none.
        name: name in tables.
    """

    period = 300.0

    def __init__(self, site: Site, tuning: SiteTuning | None = None, name: str = "SiteTuned") -> None:
        self.site, self.name = site, name
        own = TUNINGS.get(site.name, both_halves(SiteTuning()))
        self.tunings = own if tuning is None else both_halves(tuning)
        self.table = setpoint_table(site)
        self.requests = Requests(site, G36Constants())
        self.air = None if site.chilled is None else AirSide(site, G36Constants())
        # Requests trim the laws: warmer or colder, more or less pressure, around what the laws say.
        self.relief = TrimRespond(initial=0.0, low=-6.0, high=0.0, trim=0.1, respond=-0.3, most=-0.9)
        self.boost = TrimRespond(initial=0.0, low=-0.1, high=0.5, trim=-0.03, respond=0.03, most=0.07,
                                 ignored=2)  # fmt: skip
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` plants."""
        shape = (batch, self.site.n_groups)
        self._relief, self._boost = self.relief.start(shape), self.boost.start(shape)
        self.requests.reset(batch)
        if self.air is not None:
            self.air.reset(batch)

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """Laws first, then what the requests have learned."""
        m, site, k = measurement, self.site, self.tunings[half_of(measurement.time.month)]
        lim, V_max = site.limits, site.cdu.pump.V_dot_nominal
        load = load_ratio(site, m["q_cdu"], m["q_air"])
        self._relief = self.relief.tick(self._relief, self.requests.limits(m))
        self._boost = self.boost.tick(self._boost, self.requests.valves(m))
        cdu, wse = exchanger_approaches(site)
        # Where towers cannot go lower, supply rises with them instead of asking for what they do not give.
        coldest_tower = m["T_wb"] + k.tower_approach * load
        law = np.maximum(m["T_wb"] + k.supply_offset + k.supply_slope * (load - 0.7), coldest_tower + k.tower_share * (cdu + wse))
        law = np.minimum(law, k.supply_max)
        floor = np.maximum(lim.T_supply_min, m["T_dew_hall"] + lim.dew_point_margin)
        supply = np.clip(law + self._relief, floor, lim.T_supply_max - 1.0)
        of_cdu = supply[:, site.group_of_cdu]
        safe = minimum_safe_flow(site, m["q_rack"], of_cdu, guard=1.5)
        starts = np.searchsorted(site.group_of_cdu, np.arange(site.n_groups))
        flow = np.clip(k.flow_margin * np.maximum.reduceat(safe, starts, axis=-1), 0.25 * V_max, V_max)
        dp_high = self.table.high[self.table.slices["dp_set"]]
        water = site.m_tower_nominal * k.water_scale * np.maximum(load, 0.05) ** k.water_exponent
        tower = supply.min(axis=-1, keepdims=True) - k.tower_share * (cdu + wse)
        values = {
            "T_supply_set": supply,
            "V_sec_set": flow,
            "dp_set": dp_high * np.maximum(k.dp_scale * np.maximum(load, 0.1) + self._boost, 0.05),
            "T_tower_set": np.maximum(tower, coldest_tower),
            "m_cw_set": water,
        }
        if self.air is not None:
            values |= self.air.decide(m) | {"air_ratio_set": np.broadcast_to(k.air_excess, load.shape)}
        setpoints = np.clip(np.asarray(self.table.pack(values)), self.table.low, self.table.high)
        return Decision(setpoints=setpoints, status=Status.RULE)
