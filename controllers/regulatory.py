"""The shared regulatory layer: what turns setpoints into actuator movements at every plant step, for everybody.

All loops are PI in velocity form (the limits on the actuator are the anti-windup) or direct inversions of a pump law, followed by
stroke and ramp limits. On top of the setpoints each CDU protects its own racks: a feed-forward from its measured heat (the smallest
safe flow) and a PI on its hottest chip and outlet can only *raise* its pump speed; where its valve is open as well, the pressure of its
group is raised. What the pumps add is measured as ``override``. Nobody wins by acting faster than a plant can: this layer is the same
for every controller, the oracle included.

Gains follow lambda tuning (closed-loop time constant about twice the loop's dead time and sampling) on the two packaged
sites; they are per unit of the actuator and kelvin.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.controllers.interface import setpoint_table
from lowlift.controllers.staging import Staging
from lowlift.controllers.tower_law import load_ratio
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.safe_flow import minimum_safe_flow
from lowlift.thermal import ops


@dataclasses.dataclass(frozen=True, kw_only=True)
class Gains:
    """Constants of the regulatory layer."""

    guard: float = 1.5
    """Distance to a limit at which a CDU starts to protect itself [K]."""
    k_override: float = 0.02
    """Pump override, proportional [1/K]."""
    t_override: float = 60.0
    """Pump override, integral time [s]."""
    valve_ahead: float = 0.5
    """Feed-forward of the valve: opening for each nominal heat by which the measured heat has risen [1]."""
    valve_open: float = 0.9
    """Opening from which a CDU near its limits asks for more pressure [1]."""
    supply_guard: float = 2.0
    """Supply this far above its setpoint and above what rated facility flow would give asks for more pressure [K]."""
    k_boost: float = 0.10
    """Pressure boost of a group, share of the highest pressure, proportional [1/K]."""
    t_boost: float = 30.0
    """Pressure boost, integral time [s]."""
    t_air: float = 21600.0
    """Time in which CRAH air runs down from full flow: it rises at once, but does not follow the pauses of a job, because fans need a
    minute to be back and air recirculates until they are [s]."""
    k_valve: float = 0.02
    """Primary valve, proportional [1/K]."""
    t_valve: float = 50.0
    """Primary valve, integral time [s]."""
    k_fan: float = 0.08
    """Tower fan, proportional [1/K]."""
    t_fan: float = 150.0
    """Tower fan, integral time [s]."""
    fan_ahead: float = 0.5
    """Feed-forward of the tower fan: speed for each rated heat by which the measured heat has risen [1]."""
    water_ahead: float = 0.5
    """Feed-forward of the tower water: least flow over nominal for each rated heat, for loads that are back in seconds [1]."""
    chw_floor: float = 0.6
    """Least chilled-water pump speed over CRAH fan speed: the load may be back in seconds [1]."""
    k_chw: float = 0.05
    """Chilled-water pump, proportional [1/K]."""
    t_chw: float = 60.0
    """Chilled-water pump, integral time [s]."""
    inversion: float = 0.6
    """Share of a pump-law correction applied each step [1]."""


class RegulatoryLayer:
    """PI loops, pump laws, protection, staging and ramps for a batch of plants."""

    def __init__(self, plant: LiquidHall, step: float, gains: Gains | None = None) -> None:
        self.plant = plant
        self.step = step
        self.gains = gains or Gains()
        self.setpoints = setpoint_table(plant.site)
        self.staging = Staging(plant.site, step)
        self._errors: dict[str, np.ndarray] = {}
        self._protection = self._boost = self._drawn = self._heat = self._load = np.zeros((0, 0))
        self._groups = np.eye(plant.site.n_groups)[plant.site.group_of_cdu] > 0.0

    def reset(self, batch: int) -> None:
        """Start a new run."""
        self._errors.clear()
        self._protection = np.zeros((batch, self.plant.site.n_cdu))
        self._boost = np.zeros((batch, self.plant.site.n_groups))
        self._heat = self._load = np.zeros((0, 0))
        self._drawn = np.zeros((batch, 1))
        self.staging.reset(batch)

    def idle(self, batch: int) -> np.ndarray:
        """No CDU's override, ``(b, n)``."""
        return np.zeros((batch, self.plant.site.n_cdu))

    def act(self, readings: Mapping[str, np.ndarray], setpoints: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Next actuators ``(b, nu)`` and each CDU's override ``(b, n)``, from readings, setpoints and actuators ``u``."""
        s, g, dt = self.plant.site, self.gains, self.step
        sp, a = self.setpoints.unpack(setpoints), self.plant.actuators.unpack(u)
        of_group = s.group_of_cdu
        new = dict(a)

        V_max = s.cdu.pump.V_dot_nominal
        asked = ops.gather(sp["V_sec_set"], of_group) / V_max
        safe = minimum_safe_flow(s, readings["q_rack"], readings["T_supply"], g.guard) / V_max
        excess = np.maximum(
            readings["T_chip"] - s.limits.T_chip_max, readings["T_return_hot"] - s.limits.T_return_max
        ) + g.guard  # fmt: skip
        step = self._pi("override", excess, g.k_override, g.t_override)
        self._protection = np.clip(self._protection + step, 0.0, 1.0)
        new["y_cdu"] = np.minimum(np.maximum(asked, np.minimum(safe, 1.0)) + self._protection, 1.0)
        override = np.maximum(new["y_cdu"] - asked, 0.0)

        error = readings["T_supply"] - ops.gather(sp["T_supply_set"], of_group)
        rise = readings["q_cdu"] - (self._heat if self._heat.shape == readings["q_cdu"].shape else readings["q_cdu"])
        self._heat = readings["q_cdu"]
        ahead = g.valve_ahead * rise / s.cdu.exchanger.Q_dot_nominal
        new["v_cdu"] = a["v_cdu"] + self._pi("valve", error, g.k_valve, g.t_valve) + ahead
        # A CDU near its limits, or whose supply more water would bring down, behind an open valve: its group's pressure rises at once.
        helped = readings["T_supply"] - np.maximum(ops.gather(sp["T_supply_set"], of_group), self._reachable(readings)) - g.supply_guard
        starved = np.where(a["v_cdu"] > g.valve_open, np.maximum(excess, helped), -g.guard)
        worst = np.max(np.where(self._groups, starved[:, :, None], -g.guard), axis=1)
        self._boost = np.clip(self._boost + self._pi("boost", worst, g.k_boost, g.t_boost), 0.0, 1.0)
        dp = sp["dp_set"] + self._boost * self.setpoints.high[self.setpoints.slices["dp_set"]]
        ratio = np.sqrt(dp / np.maximum(readings["dp_header"], 100.0))
        new["y_fws"] = a["y_fws"] * (1.0 + g.inversion * (np.clip(ratio, 0.5, 2.0) - 1.0))
        load = load_ratio(s, readings["q_cdu"], readings["q_air"])
        water = np.maximum(sp["m_cw_set"], g.water_ahead * s.m_tower_nominal * load)
        new["y_cw"] = a["y_cw"] + g.inversion * 0.5 * (water - readings["m_cw"]) / s.m_tower_nominal
        risen = load - (self._load if self._load.shape == load.shape else load)
        self._load = load
        new["y_fan"] = a["y_fan"] + self._pi("fan", readings["T_tower"] - sp["T_tower_set"], g.k_fan, g.t_fan) + g.fan_ahead * risen
        if s.chilled is not None:
            new["y_chw"] = a["y_chw"] + self._pi("chw", readings["T_air"] - sp["T_air_set"], g.k_chw, g.t_chw)
            slowest = self._drawn - dt / g.t_air * float(s.chilled.crah.m_air(1.0))
            self._drawn = np.maximum(s.chilled.server_air * readings["q_air"], slowest)
            new["y_crah"] = sp["air_ratio_set"] * self._drawn / float(s.chilled.crah.m_air(1.0))
            new["y_chw"] = np.maximum(new["y_chw"], g.chw_floor * np.minimum(new["y_crah"], 1.0))
            new["split"] = sp["split"]
            new["T_chw_set"] = sp["T_chw_set"]
        new |= self.staging.decide(readings, sp, a)
        table = self.plant.actuators
        target = np.clip(table.pack(new), table.low, table.high)
        reach = table.rate * dt
        return np.clip(target, u - reach, u + reach), override

    def _reachable(self, readings: Mapping[str, np.ndarray]) -> np.ndarray:
        """Supply of each CDU at its present flow and return if its exchanger had its rated facility flow [K], shape ``(b, n)``."""
        site, hx = self.plant.site, self.plant.site.cdu.exchanger
        m_sec = np.maximum(readings["V_sec"], 0.05 * site.cdu.pump.V_dot_nominal) * site.rho_secondary
        share = np.asarray(hx.conductance(m_sec, hx.m_cold_nominal)) / (m_sec * hx.cp_hot)
        reached: np.ndarray = readings["T_return"] - share * (readings["T_return"] - readings["T_fws"])
        return reached

    def _pi(self, loop: str, error: np.ndarray, gain: float, integral_time: float) -> np.ndarray:
        previous = self._errors.get(loop, error)
        self._errors[loop] = error
        result: np.ndarray = gain * (error - previous + error * self.step / integral_time)
        return result
