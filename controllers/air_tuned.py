"""SiteTuned of an air hall: the economiser sequence of Guideline 36 on a supply law of load and wet bulb, tuned for each half of the year.

Equations
    With ``load`` over rated::

        T_supply = clip(T_wb + offset + slope (load - 0.7), coldest, warmest) + relief                       (1)

    (1) is the law of wet-bulb-linked supply resets. Colder air saves the servers' fans and is cheap as far as outdoor air and pads give it;
    beyond it costs indirect coolers and compressors. Requests for colder air lower ``relief`` and time takes it back to zero. The
    dew points up to which outdoor air is taken and pads stay wet, how much warmer than return air it may be (dry air behind pads is colder
    yet), and the least pressure between the aisles, are tuned as well.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.controllers.air_rules import AirG36Constants, AirSequences
from lowlift.controllers.half_year import Half, both_halves, half_of
from lowlift.controllers.interface import Decision, Forecast, Measurement
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.air_site import AirSite
from lowlift.models.site import ZERO_C

LOAD_MIDDLE = 0.7
"""Load at which an offset is what it says."""
INLET_NEAR = 1.0
"""An inlet this near to its limit is a request [K]: the law comes nearer to it than trim and respond does."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class AirTuning:
    """The tuned constants."""

    supply_offset: float = 5.0
    """``offset`` of (1) [K]."""
    supply_slope: float = 0.0
    """``slope`` of (1) [K]."""
    supply_min: float = 20.0 + ZERO_C
    """``coldest`` of (1) [K]."""
    supply_max: float = 24.5 + ZERO_C
    """``warmest`` of (1) [K]."""
    dew_high: float = 17.0 + ZERO_C
    """Dew point of outdoor air up to which it is taken [K]."""
    pad_dew: float = 18.0 + ZERO_C
    """Dew point at the servers from which pads are asked to dry [K]."""
    changeover: float = -8.0
    """Outdoor air must be this much colder than return air [K]; below zero, because pads cool what is warmer."""
    dp_least: float = 3.0
    """Least pressure between the aisles [Pa]."""


RANGES = {
    "supply_offset": (1.0, 12.0), "supply_slope": (-6.0, 6.0), "supply_min": (292.15, 296.15), "supply_max": (293.15, 298.65),
    "dew_high": (287.15, 293.15), "pad_dew": (286.15, 293.15), "changeover": (-12.0, 2.0),
    "dp_least": (2.0, 8.0),
}  # fmt: skip
"""Where the tuner looks; pressure as little as keeps hot air back."""

TUNINGS: Mapping[str, Mapping[Half, AirTuning]] = {
    "air_hall": {
        "warm": AirTuning(supply_offset=8.878, supply_slope=3.894, supply_min=292.822, supply_max=296.853, dew_high=290.147,
                          pad_dew=291.701, changeover=-9.164, dp_least=3.784),
        "cool": AirTuning(supply_offset=8.964, supply_slope=3.156, supply_min=293.507, supply_max=296.2, dew_high=290.145,
                          pad_dew=292.069, changeover=-11.607, dp_least=3.474),
    },
}  # fmt: skip
"""Tuned constants of the packaged site."""


class AirSiteTuned:
    """The economiser sequence on a tuned supply law.

    Args:
        site: the site.
        tuning: constants for the whole year; those of the site for each half of the year if none.
        name: name in tables.
    """

    period = 300.0

    def __init__(self, site: AirSite, tuning: AirTuning | None = None, name: str = "SiteTuned") -> None:
        self.site, self.name = site, name
        own = TUNINGS.get(site.name, both_halves(AirTuning()))
        self.tunings = own if tuning is None else both_halves(tuning)
        self.sequences = AirSequences(site)
        self.relief = TrimRespond(initial=0.0, low=-6.0, high=0.0, trim=0.1, respond=-0.3, most=-0.9)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` halls."""
        self.sequences.reset(batch)
        self._relief = self.relief.start((batch, 1))

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """The law first, then what the requests have learned."""
        m, k, lim = measurement, self.tunings[half_of(measurement.time.month)], self.site.limits
        c = AirG36Constants(T_dew_high=k.dew_high, pad_dew=k.pad_dew, dp_least=k.dp_least, changeover=k.changeover, near_limit=INLET_NEAR)
        self._relief = self.relief.tick(self._relief, self.sequences.requests(m, c))
        law = m["T_wb"] + k.supply_offset + k.supply_slope * (m["q_air"] / self.site.P_it_nominal - LOAD_MIDDLE)
        supply = np.maximum(np.clip(law, k.supply_min, max(k.supply_max, k.supply_min)) + self._relief, lim.T_inlet_min)
        return self.sequences.decide(m, c, supply)
