"""The shared regulatory layer of a chilled-water plant: setpoints to the machines' own controls, flow, and protection of the return.

Chiller and tower have capacity and fan controls of their own; the layer hands them their setpoints at the rates of the table. Chilled water
flows as asked, and never less than what carries the measured load to the return limit (a feed-forward: loads are back in seconds). A PI
loop on the return in velocity form raises flow further; what it asks beyond full flow lowers the chilled-water setpoint. What is added is
reported as ``boost``. The same for every controller.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.models.chiller_loops import ChillerLoops
from lowlift.models.chiller_site import ChillerSite
from lowlift.thermal.chiller_eir import CP_WATER


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChillerGains:
    """Constants of the layer."""

    guard: float = 0.5
    """Distance to the return limit at which it is protected [K]."""
    k_boost: float = 0.1
    """Boost, proportional [1/K]."""
    t_boost: float = 120.0
    """Boost, integral time: about four times a half loop's [s]."""
    colder: float = 4.0
    """What the chilled-water setpoint is lowered by at full boost [K]."""


class ChillerRegulator:
    """Flow, setpoints and protection for a batch of chilled-water plants."""

    def __init__(self, plant: ChillerLoops, step: float, gains: ChillerGains | None = None) -> None:
        self.plant, self.step = plant, step
        self.gains = gains or ChillerGains()
        self.setpoints = plant.site.sheet.setpoints
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run."""
        self._boost = np.zeros((batch, 1))
        self._excess: np.ndarray | None = None

    def idle(self, batch: int) -> np.ndarray:
        """No boost, ``(b, 1)``."""
        return np.zeros((batch, 1))

    def act(self, readings: Mapping[str, np.ndarray], setpoints: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Next actuators ``(b, nu)`` and the boost ``(b, 1)``."""
        s, g, r = self.plant.site, self.gains, readings
        sp = self.setpoints.unpack(setpoints)
        excess = r["T_return"] - s.limits.T_return_max + g.guard
        before = excess if self._excess is None else self._excess
        self._excess = excess
        self._boost = np.clip(self._boost + g.k_boost * (excess - before + excess * self.step / g.t_boost), 0.0, 1.0)
        asked = np.maximum(sp["V_chw_set"] / s.parts.pump_chw.V_dot_nominal, least_flow(s, r["q_air"], r["T_chw"], g.guard))
        # The first half of the boost opens the flow, the second cools the water.
        flow, cold = np.minimum(2.0 * self._boost, 1.0), np.maximum(2.0 * self._boost - 1.0, 0.0)
        target = {
            "T_chw_set": sp["T_chw_set"] - g.colder * cold,
            "T_tower_set": sp["T_tower_set"],
            "y_chw": asked + flow * np.maximum(1.0 - asked, 0.0),
            "n_chillers": np.ones_like(excess),
        }
        table = self.plant.actuators
        wanted = np.clip(np.asarray(table.pack(target)), table.low, table.high)
        reach = table.rate * self.step
        return np.clip(wanted, u - reach, u + reach), self._boost


def least_flow(site: ChillerSite, q: np.ndarray, T_chw: np.ndarray, guard: float) -> np.ndarray:
    """Chilled water over nominal that carries the heat ``q`` [W] up to ``guard`` [K] below the return limit, within the pump's range."""
    rise = np.maximum(site.limits.T_return_max - guard - T_chw, 0.5)
    result: np.ndarray = np.clip(q / (rise * site.parts.m_chw * CP_WATER), site.y_chw_min, 1.0)
    return result
