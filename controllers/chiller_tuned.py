"""SiteTuned of a chilled-water plant: Guideline 36 with laws for tower and flow, their constants tuned for each half of the year.

Equations
    With ``load`` over rated and ``cold = max(T_wb,r - T_wb, 0)`` below the tower's rated wet bulb::

        T_tower = T_wb + max(offset + slope (load - 0.7) + rise cold + bend cold^2, 1 K)                     (1)
        T_chw   = T_chw,max + relief                                                                         (2)
        V_chw   = margin V_least(load, T_chw)                                                                (3)

    (1) stands for the near-optimal fan law: this tower takes a setpoint, and the fan follows from it. At rest its optimal offset bends
    upwards in cold air, where a straight line asks for more fan than it saves. (2) has no wet bulb in it: no water is cooled without the
    chiller, and the warmest water is the cheapest in all weather. Requests of the return lower ``relief``, time takes it back to zero.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.controllers.chiller_regulator import least_flow
from lowlift.controllers.chiller_rules import return_requests, rule
from lowlift.controllers.guideline36 import G36Constants
from lowlift.controllers.half_year import Half, both_halves, half_of
from lowlift.controllers.interface import Decision, Forecast, Measurement
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.chiller_site import ChillerSite

APPROACH_LEAST = 1.0
"""Least offset of the tower's setpoint over the wet bulb [K]."""
RETURN_GUARD, RETURN_NEAR = 0.6, 0.3
"""Distance to the return limit for which the flow is chosen, and from which it is a request [K]: the law itself is none."""
LOAD_MIDDLE = 0.7
"""Load at which an offset is what it says."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChillerTuning:
    """The tuned constants."""

    tower_offset: float = 4.1
    """``offset`` of (1) [K]."""
    tower_slope: float = 2.0
    """``slope`` of (1) [K]."""
    tower_rise: float = 0.14
    """``rise`` of (1) [K/K]."""
    tower_bend: float = 0.0085
    """``bend`` of (1) [1/K]."""
    flow_margin: float = 1.0
    """``margin`` of (3) [1]."""


RANGES = {
    "tower_offset": (1.0, 8.0), "tower_slope": (-2.0, 6.0), "tower_rise": (-0.2, 0.6), "tower_bend": (-0.01, 0.02),
    "flow_margin": (1.0, 1.2),
}  # fmt: skip
"""Where the tuner looks."""

TUNINGS: Mapping[str, Mapping[Half, ChillerTuning]] = {
    "chiller_plant": {
        "warm": ChillerTuning(tower_offset=4.141, tower_slope=3.032, tower_rise=0.128, tower_bend=0.009, flow_margin=1.03),
        "cool": ChillerTuning(tower_offset=4.249, tower_slope=1.686, tower_rise=0.134, tower_bend=0.01, flow_margin=1.018),
    },
}  # fmt: skip
"""Tuned constants of the packaged site."""


class ChillerSiteTuned:
    """Guideline 36 with tuned laws.

    Args:
        site: the site.
        tuning: constants for the whole year; those of the site for each half of the year if none.
        name: name in tables.
    """

    period = 300.0

    def __init__(self, site: ChillerSite, tuning: ChillerTuning | None = None, name: str = "SiteTuned") -> None:
        self.site, self.name = site, name
        own = TUNINGS.get(site.name, both_halves(ChillerTuning()))
        self.tunings = own if tuning is None else both_halves(tuning)
        self.c = G36Constants(near_limit=RETURN_NEAR)
        lim = site.limits
        span = lim.T_chw_set_max - lim.T_chw_set_min
        self.relief = TrimRespond(initial=0.0, low=-span, high=0.0, trim=0.1, respond=-0.3, most=-0.9)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` plants."""
        self._relief = self.relief.start((batch, 1))

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """Laws first, then what the requests have learned."""
        m, s, k = measurement, self.site, self.tunings[half_of(measurement.time.month)]
        lim, tower = s.limits, s.parts.tower
        self._relief = self.relief.tick(self._relief, return_requests(s, self.c, m))
        more = m["q_air"] / s.P_it_nominal - LOAD_MIDDLE
        colder = np.maximum(tower.T_wb_nominal - m["T_wb"], 0.0)
        offset = np.maximum(k.tower_offset + k.tower_slope * more + (k.tower_rise + k.tower_bend * colder) * colder, APPROACH_LEAST)
        chilled = lim.T_chw_set_max + self._relief
        flow = k.flow_margin * least_flow(s, m["q_air"], chilled, RETURN_GUARD) * s.parts.pump_chw.V_dot_nominal
        return rule(s, chilled, s.parts.T_cw_set(m["T_wb"], offset), flow)
