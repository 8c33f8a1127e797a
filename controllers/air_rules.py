"""Rule-based controllers of an air hall: constant setpoints, and the economiser sequence of ASHRAE Guideline 36."""

import dataclasses

import numpy as np

from lowlift.controllers.constant import Constant
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.air_site import AirSite
from lowlift.models.site import ZERO_C
from lowlift.thermal import psychrometrics as psy


class AirFixedSetpoint(Constant):
    """Supply air 20 C, 12 Pa between the aisles, recirculated air: indirect coolers first, DX for the rest. No economiser logic at all."""

    def __init__(self, site: AirSite, name: str = "FixedSetpoint") -> None:
        values = {"T_supply_set": 20.0 + ZERO_C, "dp_set": 12.0, "oa_min": site.x_min, "oa_max": site.x_min, "iec_max": 1.0, "pad_max": 0.0}
        super().__init__(site, name, values)


@dataclasses.dataclass(frozen=True, kw_only=True)
class AirG36Constants:
    """Constants of the sequences; those of the economiser after ASHRAE Guideline 36-2021, dew points the recommended ones of TC 9.9."""

    T_dew_high: float = 15.0 + ZERO_C
    """High limit of outdoor air, dew point [K]."""
    T_dew_low: float = -9.0 + ZERO_C
    """Its low limit [K]."""
    changeover: float = 1.0
    """Outdoor air must be this much colder than return air [K]."""
    hysteresis: float = 1.0
    """Of all limits on outdoor air [K]."""
    pad_dew: float = 14.0 + ZERO_C
    """Dew point at the servers from which pads are asked to dry [K]."""
    near_limit: float = 1.5
    """An inlet this near to its limit is a request [K]."""
    near_dew: float = 0.5
    """A hall this near to its dew-point limit is a request for colder supply air, which dries on the evaporators [K]."""
    dp_least: float = 5.0
    """Least pressure between the aisles [Pa] (guess: what sensors hold)."""
    recirculated: float = 1.2
    """Inlet this much above supply means recirculation: a request for more pressure [K]."""


class AirSequences:
    """Economiser, pads and aisle pressure, and who asks for colder supply air, for any supply setpoint.

    With outdoor air permitted and warmer than the supply setpoint, all of it is taken; colder, the damper modulates. Pads are wetted only
    on outdoor air, as far as trim and respond on the hall's dew point lets them. Indirect coolers are always permitted. Limits on outdoor
    air latch.
    """

    def __init__(self, site: AirSite) -> None:
        self.site = site
        high = {s.name: s.high for s in site.sheet.setpoints.signals}["dp_set"]
        self.pressure = TrimRespond(initial=8.0, low=0.0, high=high, trim=-0.3, respond=0.6, most=1.8)
        self.pads = TrimRespond(initial=0.5, low=0.0, high=1.0, trim=0.05, respond=-0.1, most=-0.3)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` halls."""
        self._pressure, self._pads = self.pressure.start((batch, 1)), self.pads.start((batch, 1))
        self._outdoor = np.zeros((batch, 1), dtype=bool)

    def requests(self, m: Measurement, c: AirG36Constants) -> np.ndarray:
        """Requests for colder supply air: hot inlets, protection at work, a damp hall, (b, 1)."""
        lim = self.site.limits
        hot = np.clip(np.ceil((m["T_inlet"] - (lim.T_inlet_max - c.near_limit)) / 0.3), 0.0, 3.0)
        damp = m["T_dew_hall"] > lim.T_dew_max - c.near_dew
        result: np.ndarray = np.maximum.reduce([hot, 2.0 * (m["boost"] > 0.02), 1.0 * damp])
        return result

    def decide(self, m: Measurement, c: AirG36Constants, supply: np.ndarray) -> Decision:
        """One tick, for a supply setpoint [K]."""
        s = self.site
        short = np.clip(np.ceil((m["T_inlet"] - m["T_supply"] - c.recirculated) / 0.3), 0.0, 3.0)
        self._pressure = np.maximum(self.pressure.tick(self._pressure, short), c.dp_least)
        w = psy.humidity_ratio_from_wet_bulb(m["T_db"], np.minimum(m["T_wb"], m["T_db"]), m["p"])
        T_dew = psy.dew_point(np.maximum(w, 1e-6), m["p"])
        margins = [c.T_dew_high - T_dew, T_dew - c.T_dew_low, m["T_return"] - c.changeover - m["T_db"]]
        self._outdoor = latched(self._outdoor, np.minimum.reduce(margins), c.hysteresis)
        wet = np.clip(np.ceil((m["T_dew_hall"] - c.pad_dew) / 0.5), 0.0, 3.0)
        self._pads = self.pads.tick(self._pads, wet)
        full = self._outdoor & (m["T_db"] > supply)
        values = {
            "T_supply_set": supply,
            "dp_set": self._pressure,
            "oa_min": np.where(full, 1.0, s.x_min),
            "oa_max": np.where(self._outdoor, 1.0, s.x_min),
            "iec_max": np.ones_like(supply),
            "pad_max": np.where(full, self._pads, 0.0),
        }
        table = s.sheet.setpoints
        return Decision(setpoints=np.clip(np.asarray(table.pack(values)), table.low, table.high), status=Status.RULE)


class AirGuideline36:
    """Economiser by changeover and dew-point limits; supply air temperature and aisle pressure by trim and respond."""

    period = 300.0

    def __init__(self, site: AirSite, constants: AirG36Constants | None = None, name: str = "Guideline36") -> None:
        self.site, self.name = site, name
        self.c = constants or AirG36Constants()
        self.sequences = AirSequences(site)
        lim = site.limits
        table = {s.name: s for s in site.sheet.setpoints.signals}
        high = min(lim.T_inlet_max - 0.5, table["T_supply_set"].high)
        self.supply = TrimRespond(initial=22.0 + ZERO_C, low=lim.T_inlet_min, high=high, trim=0.1, respond=-0.3, most=-0.9)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` halls."""
        self.sequences.reset(batch)
        self._supply = self.supply.start((batch, 1))

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """One tick of all sequences."""
        self._supply = self.supply.tick(self._supply, self.sequences.requests(measurement, self.c))
        return self.sequences.decide(measurement, self.c, self._supply)


def latched(before: np.ndarray, margin: np.ndarray, hysteresis: float) -> np.ndarray:
    """On from a margin of ``hysteresis`` on, off below zero, unchanged between."""
    result: np.ndarray = (margin > hysteresis) | (before & (margin > 0.0))
    return result
