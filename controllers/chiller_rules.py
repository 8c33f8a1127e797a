"""Rule-based controllers of a chilled-water plant: the reference's setpoints, and the resets of ASHRAE Guideline 36.

There is nothing to stage: one chiller, one tower, one pump a loop. Below its least load the chiller cycles by its own curves.
"""

import numpy as np

from lowlift.controllers.guideline36 import OFF_DESIGN, G36Constants
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status
from lowlift.controllers.tower_law import approach_by_load
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.chiller_site import ChillerSite

T_CHW_FIXED = 282.15
"""Chilled-water setpoint of the hourly EnergyPlus reference, 9 C [K]."""
OFFSET_FIXED = 4.0
"""Offset of its tower setpoint over the wet bulb [K]."""


class ChillerFixedSetpoint:
    """The setpoints of the EnergyPlus reference: chilled water at 9 C, full flow, tower water 4 K above the wet bulb within its range."""

    period = 300.0

    def __init__(self, site: ChillerSite, name: str = "FixedSetpoint") -> None:
        self.site, self.name = site, name

    def reset(self, batch: int) -> None:
        """Start a run; nothing is remembered."""

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """The constants, and the tower's offset."""
        parts = self.site.parts
        tower = parts.T_cw_set(measurement["T_wb"], np.array(OFFSET_FIXED))
        return rule(self.site, T_CHW_FIXED, tower, parts.pump_chw.V_dot_nominal)


class ChillerGuideline36:
    """Plant reset by requests of the return (section 5.20.5.2), tower water by wet bulb and load.

    The reset rises with requests and falls with time; its first half raises the flow from least to full, its second half lowers the chilled
    water from its warmest setpoint to its coldest.
    """

    period = 300.0

    def __init__(self, site: ChillerSite, constants: G36Constants | None = None, name: str = "Guideline36") -> None:
        self.site, self.name = site, name
        self.c = constants or G36Constants()
        c = self.c
        self.plant_reset = TrimRespond(initial=c.flow_first, low=0.0, high=1.0, trim=c.reset_trim, respond=c.reset_respond,
                                       most=c.reset_most)  # fmt: skip
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` plants."""
        self._reset = self.plant_reset.start((batch, 1))

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """One tick of all sequences."""
        m, s, c = measurement, self.site, self.c
        lim, V = s.limits, s.parts.pump_chw.V_dot_nominal
        self._reset = self.plant_reset.tick(self._reset, return_requests(s, c, m))
        flow = np.interp(self._reset, (0.0, c.flow_first), (s.y_chw_min * V, V))
        chilled = np.interp(self._reset, (c.flow_first, 1.0), (lim.T_chw_set_max, lim.T_chw_set_min))
        return rule(s, chilled, tower_setpoint(s, m["T_wb"], m["q_air"]), flow)


def return_requests(site: ChillerSite, c: G36Constants, m: Measurement) -> np.ndarray:
    """What coils ask for, as they do by supply air: one request near the limit of the return, two and three above it."""
    above = m["T_return"] - site.limits.T_return_max
    asked = np.where(above > 1.0, 3.0, np.where(above > 0.0, 2.0, (above > -c.near_limit).astype(float)))
    result: np.ndarray = np.maximum(asked, m["boost"] > c.override)
    return result


def tower_setpoint(site: ChillerSite, T_wb: np.ndarray, q: np.ndarray) -> np.ndarray:
    """Tower water [K]: wet bulb plus the rated approach, less at part load, more in colder air than rated; within its range."""
    tower = site.parts.tower
    colder = OFF_DESIGN * np.maximum(tower.T_wb_nominal - T_wb, 0.0)
    offset = approach_by_load(tower.approach_nominal, q / site.P_it_nominal) + colder
    return site.parts.T_cw_set(T_wb, offset)


def rule(site: ChillerSite, T_chw: float | np.ndarray, T_tower: np.ndarray, V_chw: float | np.ndarray) -> Decision:
    """Setpoints (b, n) of a rule within their limits."""
    table = site.sheet.setpoints
    shape = T_tower.shape
    values = {"T_chw_set": np.broadcast_to(T_chw, shape), "T_tower_set": T_tower, "V_chw_set": np.broadcast_to(V_chw, shape)}
    return Decision(setpoints=np.clip(np.asarray(table.pack(values)), table.low, table.high), status=Status.RULE)
