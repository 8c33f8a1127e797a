"""SiteTuned of a hybrid hall: Guideline 36 with laws for warm water and flows, and constants tuned for each half of the year.

Equations
    With ``load_l`` and ``load_a`` over rated, and the air behind the warm pads ``T_air``::

        T_warm = clip(T_air + offset + slope (load_l - 0.7), T_min, warmest) + relief                         (1)
        V_sec  = margin V_safe(load of the hottest rack, T_warm + approach of the CDU)                        (2)
        m_warm = m_nominal scale load_l^exponent,    m_cold = m_nominal cold_flow load_a                      (3)

    (1) and (3) stand for the near-optimal law of fans and flows: the approach decides what fans do, the flow what pumps do. CDUs near their
    limits lower ``relief`` and time takes it back to zero. The air side is the sequence of Guideline 36 with its constants tuned; pads are
    wetted from a dry bulb on.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.controllers.half_year import Half, both_halves, half_of
from lowlift.controllers.hybrid_regulator import loads
from lowlift.controllers.hybrid_rules import HybridAirSide, HybridG36Constants, air_behind_pads, rack_requests, within
from lowlift.controllers.interface import Decision, Forecast, Measurement
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.hybrid_site import HybridSite
from lowlift.models.safe_flow import minimum_safe_flow
from lowlift.models.site import ZERO_C

LOAD_MIDDLE = 0.7
"""Load at which an offset is what it says."""
LOAD_LEAST = 0.05
"""Load below which flows do not fall further [1]."""
FLOW_GUARD = 1.5
"""Distance to the racks' limits for which (2) is asked [K]: that of the regulatory layer."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HybridTuning:
    """The tuned constants."""

    warm_offset: float = 8.0
    """``offset`` of (1) [K]."""
    warm_slope: float = 4.0
    """``slope`` of (1) [K]."""
    warm_max: float = 38.0 + ZERO_C
    """``warmest`` of (1) [K]."""
    flow_margin: float = 1.05
    """``margin`` of (2) [1]."""
    warm_flow: float = 0.8
    """``scale`` of (3) [1]."""
    warm_exponent: float = 0.8
    """``exponent`` of (3) [1]."""
    pad_warm: float = 32.0 + ZERO_C
    """Dry bulb from which the warm pads are wet [K]."""
    pad_cold: float = 20.0 + ZERO_C
    """Dry bulb from which the cold pads are wet while a chiller runs [K]."""
    cold_approach: float = 1.0
    """Condenser coolant over the air of the dry coolers, share of the approach by load [1]."""
    cold_flow: float = 0.8
    """``cold_flow`` of (3) [1]."""
    pump_request: float = 0.8
    """Speed of the chilled-water pump from which colder water is requested [1]."""
    air_warmest: float = 25.5 + ZERO_C
    """Warmest supply air [K]."""
    air_excess: float = 1.02
    """CRAH air over what the servers draw [1]."""


RANGES = {
    "warm_offset": (2.0, 45.0), "warm_slope": (-4.0, 12.0), "warm_max": (303.15, 317.15), "flow_margin": (1.0, 1.5),
    "warm_flow": (0.4, 1.0), "warm_exponent": (0.4, 1.2), "pad_warm": (293.15, 320.15), "pad_cold": (285.15, 308.15),
    "cold_approach": (0.5, 2.0), "cold_flow": (0.5, 1.0), "pump_request": (0.5, 0.98), "air_warmest": (295.15, 299.65),
    "air_excess": (0.97, 1.15),
}  # fmt: skip
"""Where the tuner looks."""

TUNINGS: Mapping[str, Mapping[Half, HybridTuning]] = {
    "hybrid_hall": {
        "warm": HybridTuning(warm_offset=19.523, warm_slope=11.235, warm_max=311.341, flow_margin=1.105, warm_flow=0.491,
                             warm_exponent=0.819, pad_warm=300.69, pad_cold=289.246, cold_approach=1.001, cold_flow=0.783,
                             pump_request=0.84, air_warmest=298.551, air_excess=0.988),
        "cool": HybridTuning(warm_offset=20.607, warm_slope=8.108, warm_max=310.464, flow_margin=1.092, warm_flow=0.583,
                             warm_exponent=0.699, pad_warm=300.69, pad_cold=291.183, cold_approach=1.249, cold_flow=0.735,
                             pump_request=0.892, air_warmest=298.971, air_excess=0.989),
    },
}  # fmt: skip
"""Tuned constants of the packaged site."""


class HybridSiteTuned:
    """Guideline 36 with tuned laws.

    Args:
        site: the site.
        tuning: constants for the whole year; those of the site for each half of the year if none.
        name: name in tables.
    """

    period = 300.0

    def __init__(self, site: HybridSite, tuning: HybridTuning | None = None, name: str = "SiteTuned") -> None:
        self.site, self.name = site, name
        own = TUNINGS.get(site.name, both_halves(HybridTuning()))
        self.tunings = own if tuning is None else both_halves(tuning)
        self.warm_range = next((s.low, s.high) for s in site.sheet.setpoints.signals if s.name == "T_warm_set")
        hx = site.exchanger
        self.cdu_approach = hx.T_hot_in_nominal - hx.Q_dot_nominal / (hx.m_hot_nominal * hx.cp_hot) - hx.T_cold_in_nominal
        self.air_side = HybridAirSide(site)
        self.relief = TrimRespond(initial=0.0, low=-8.0, high=0.0, trim=0.1, respond=-0.3, most=-0.9)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` halls."""
        self.air_side.reset(batch)
        self._relief = self.relief.start((batch, 1))

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """Laws first, then what the requests have learned."""
        m, s, k = measurement, self.site, self.tunings[half_of(measurement.time.month)]
        c = HybridG36Constants(
            air_excess=k.air_excess, pad_chiller=k.pad_cold, condenser_approach=k.cold_approach, cold_flow=k.cold_flow,
            pump_request=k.pump_request, air_warmest=k.air_warmest,
        )  # fmt: skip
        self._relief = self.relief.tick(self._relief, rack_requests(s, c, m))
        liquid, air = loads(s, m.values)
        low, high = self.warm_range
        law = air_behind_pads(s.warm, m, "warm") + k.warm_offset + k.warm_slope * (liquid - LOAD_MIDDLE)
        warm = np.clip(np.clip(law, low, min(k.warm_max, high)) + self._relief, low, high)
        supply = np.repeat(warm + self.cdu_approach, s.n_cdu, axis=-1)
        safe = minimum_safe_flow(s, m["q_rack"], supply, guard=FLOW_GUARD).max(axis=-1, keepdims=True)
        values = {
            "V_sec_set": k.flow_margin * safe,
            "T_warm_set": warm,
            "m_warm_set": s.warm.m_nominal * k.warm_flow * np.maximum(liquid, LOAD_LEAST) ** k.warm_exponent,
            "T_pad_warm_set": np.full_like(warm, k.pad_warm),
        }
        return within(s, values | self.air_side.decide(m, c, air))
