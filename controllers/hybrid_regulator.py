"""The shared regulatory layer of a hybrid hall: loops, laws, staging, pads and protection, the same for every controller.

All loops are PI in velocity form, followed by stroke and ramp limits. Each bank's temperature is held by one loop whose travel opens the
mixing valve first and turns the fans then, fed forward by the travel at which the dry coolers would reject the measured load at rest: load
comes and goes in seconds, and how much a step of travel cools depends on the weather. With the fans off the little air that rises through
the coolers takes no more heat from all of the coolant than from a part of it: there the loop passes quickly.

Pads are wetted above the dry bulb that the controller asks for and dry again ``pad_band`` kelvin below it. CDUs protect their racks with
flow: a feed-forward from measured heat (the smallest safe flow) and a PI on the hottest chip and outlet can only raise the pump speed;
where that is used up, the warm water is set colder.

Gains follow lambda tuning on the packaged site; they are per unit of the actuator and kelvin.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.controllers.staging import HOT_INLET, ChillerStages, Timers
from lowlift.models.hybrid_hall import HybridHall
from lowlift.models.hybrid_site import Bank, HybridSite
from lowlift.models.safe_flow import minimum_safe_flow

KNEE, FANS = 0.3, 0.4
"""Travel, and opening of the mixing valve, from which more of it changes little; travel at which it is open and the fans start [1]."""
BISECTIONS = 12
"""Of the travel at rest, to half a thousandth of a stroke."""
FLOW_SMALL = 0.05
"""Least coolant over nominal for which a travel is sought [1]."""
WORK = 1.15
"""Heat of the cold bank over heat to air: CRAH fans, pumps, compressors [1] (guess)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class HybridGains:
    """Constants of the layer."""

    guard: float = 1.5
    """Distance to a limit at which a CDU starts to protect itself [K]."""
    k_override: float = 0.02
    """Pump override, proportional [1/K]."""
    t_override: float = 60.0
    """Pump override, integral time [s]."""
    k_boost: float = 0.3
    """Warm water set colder, proportional [K/K]."""
    t_boost: float = 120.0
    """Warm water set colder, integral time [s]."""
    boost_max: float = 15.0
    """Most that the warm water is set colder [K]."""
    full_speed: float = 0.98
    """Pump speed from which a CDU near its limits needs colder water [1]."""
    k_bank: float = 0.05
    """Mixing valve and fans of a bank, proportional, where coolant enters :attr:`span` above the outdoor air [1/K]."""
    span: float = 20.0
    """Coolant entering over outdoor air up to which that gain holds; beyond it falls inversely, because every step then cools more [K]."""
    t_bank: float = 120.0
    """The same, integral time [s]."""
    bank_ahead: float = 0.9
    """Share of the change of the travel at rest that is fed forward [1]."""
    flow_ahead: float = 0.5
    """Feed-forward of a bank's flow: least flow over nominal for each rated heat, for loads that are back in seconds [1]."""
    pad_band: float = 2.0
    """Hysteresis of the pads [K]."""
    inversion: float = 0.5
    """Share of a flow error corrected each step [1]."""
    k_chw: float = 0.05
    """Chilled-water pump, proportional [1/K]."""
    t_chw: float = 60.0
    """Chilled-water pump, integral time [s]."""
    chw_ahead: float = 0.5
    """Feed-forward of the chilled-water pump: speed for each rated heat by which the measured heat has risen [1]."""
    chw_floor: float = 0.6
    """Least chilled-water pump speed over CRAH fan speed: the load may be back in seconds [1]."""
    t_air: float = 21600.0
    """Time in which CRAH air runs down from full flow: it rises at once, but does not follow the pauses of a job [s]."""


class HybridRegulator:
    """PI loops, pads, staging and protection for a batch of hybrid halls."""

    def __init__(self, plant: HybridHall, step: float, gains: HybridGains | None = None) -> None:
        self.plant, self.step = plant, step
        self.gains = gains or HybridGains()
        self.setpoints = plant.site.sheet.setpoints
        self.timers = Timers(step)
        self.stages = ChillerStages(self.timers, plant.site.n_chillers)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run."""
        self._errors: dict[str, np.ndarray] = {}
        self._wet: dict[str, np.ndarray] = {}
        self._load: dict[str, np.ndarray] = {}
        self._protection = np.zeros((batch, self.plant.site.n_cdu))
        self._boost = np.zeros((batch, 1))
        self._drawn = np.zeros((batch, 1))
        self.timers.clear()

    def idle(self, batch: int) -> np.ndarray:
        """No CDU's override, ``(b, n)``."""
        return np.zeros((batch, self.plant.site.n_cdu))

    def act(self, readings: Mapping[str, np.ndarray], setpoints: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Next actuators ``(b, nu)`` and each CDU's override ``(b, n)``."""
        r, s = readings, self.plant.site
        sp, a = self.setpoints.unpack(setpoints), self.plant.actuators.unpack(u)
        y_cdu, override = self._cdus(r, sp)
        liquid, air = loads(s, r)
        new = {
            "y_cdu": y_cdu, "T_chw_set": sp["T_chw_set"],
            **self._bank("warm", liquid, s.P_it_nominal * s.liquid_share, sp["T_warm_set"] - self._boost, r, sp, a),
            **self._bank("cold", air, s.P_it_nominal * (1.0 - s.liquid_share) * WORK, sp["T_cold_set"], r, sp, a),
            **self._hall(air, r, sp, a),
        }  # fmt: skip
        capacity = s.chiller.capacity(r["T_chw"], r["T_cold"])
        hot = r["T_inlet"] > s.limits.T_inlet_max - HOT_INLET
        new["n_chillers"] = self.stages.decide(a["n_chillers"], r["Q_chiller"], capacity, r["T_plant"] - sp["T_chw_set"], hot)
        table = self.plant.actuators
        target = np.clip(np.asarray(table.pack(new)), table.low, table.high)
        reach = table.rate * self.step
        return np.clip(target, u - reach, u + reach), override

    def _cdus(self, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Pump speeds and overrides; moves the boost."""
        s, g, lim = self.plant.site, self.gains, self.plant.site.limits
        V_max = s.cdu_pump.V_dot_nominal
        asked = sp["V_sec_set"] / V_max
        safe = minimum_safe_flow(s, r["q_rack"], r["T_supply"], g.guard) / V_max
        excess = np.maximum(r["T_chip"] - lim.T_chip_max, r["T_return_hot"] - lim.T_return_max) + g.guard
        self._protection = np.clip(self._protection + self._pi("override", excess, g.k_override, g.t_override), 0.0, 1.0)
        y = np.minimum(np.maximum(asked, np.minimum(safe, 1.0)) + self._protection, 1.0)
        short = np.where(y > g.full_speed, excess, -g.guard)
        warm = r["T_supply"] - lim.T_supply_max + g.guard
        worst = np.maximum(short, warm).max(axis=-1, keepdims=True)
        self._boost = np.clip(self._boost + self._pi("boost", worst, g.k_boost, g.t_boost), 0.0, g.boost_max)
        return y, np.maximum(y - asked, 0.0)

    def _bank(
        self, name: str, load: np.ndarray, Q_rated: float, T_set: np.ndarray, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray],
        a: Mapping[str, np.ndarray],
    ) -> dict[str, np.ndarray]:  # fmt: skip
        """Pump, mixing valve, fans and pads of one bank."""
        g, bank = self.gains, getattr(self.plant.site, name)
        pump, valve, fan, wet = f"y_{name}", f"v_{name}", f"y_{name}_fan", f"wet_{name}"
        gain = g.k_bank * g.span / np.maximum(r[f"T_{name}_return"] - r["T_db"], g.span)
        ahead = self._rise(f"travel {name}", self._travel(bank, Q_rated * load, T_set, r[f"m_{name}"], r, a[wet]))
        travel = travel_of(a[valve], a[fan]) + self._pi(name, r[f"T_{name}"] - T_set, gain, g.t_bank) + g.bank_ahead * ahead
        threshold = sp[f"T_pad_{name}_set"]
        before = self._wet.get(name, a[wet] > 0.5)
        self._wet[name] = (r["T_db"] > threshold) | (before & (r["T_db"] > threshold - g.pad_band))
        flow = np.maximum(sp[f"m_{name}_set"], g.flow_ahead * load * bank.m_nominal)
        return {
            pump: a[pump] + g.inversion * (flow - r[f"m_{name}"]) / bank.m_nominal,
            valve: valve_at(travel), fan: fan_at(travel), wet: self._wet[name].astype(float),
        }  # fmt: skip

    @staticmethod
    def _travel(
        bank: Bank, Q: np.ndarray, T_set: np.ndarray, m: np.ndarray, r: Mapping[str, np.ndarray], wet: np.ndarray
    ) -> np.ndarray:  # fmt: skip
        """Travel at which dry coolers reject ``Q`` [W] at rest with coolant leaving at ``T_set`` [K], by bisection."""
        m = np.maximum(m, FLOW_SMALL * bank.m_nominal)
        air = bank.pad.leave(r["T_db"], r["T_wb"], r["p"], 1.0, wet)
        drive = T_set + Q / (m * bank.cp) - air.T_out
        low, high = np.zeros(Q.shape), np.full(Q.shape, FANS + 1.0)
        for _ in range(BISECTIONS):
            middle = 0.5 * (low + high)
            G = bank.cooler.conductance(valve_at(middle) * m, air.T_out, r["p"], fan_at(middle), air.w_out)
            enough = G * drive > Q
            low, high = np.where(enough, low, middle), np.where(enough, middle, high)
        return 0.5 * (low + high)

    def _hall(
        self, air: np.ndarray, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray], a: Mapping[str, np.ndarray]
    ) -> dict[str, np.ndarray]:  # fmt: skip
        """CRAH fans and chilled-water pump."""
        s, g = self.plant.site, self.gains
        full = float(s.crah.m_air(1.0))
        self._drawn = np.maximum(self.plant.equations.air_drawn(r["q_air"]), self._drawn - self.step / g.t_air * full)
        y_crah = sp["air_ratio_set"] * self._drawn / full
        y_chw = a["y_chw"] + self._pi("chw", r["T_air"] - sp["T_air_set"], g.k_chw, g.t_chw) + g.chw_ahead * self._rise("air", air)
        return {"y_crah": y_crah, "y_chw": np.maximum(y_chw, g.chw_floor * np.minimum(y_crah, 1.0))}

    def _rise(self, name: str, load: np.ndarray) -> np.ndarray:
        """Change of a measured load since the last step."""
        rise = load - self._load.get(name, load)
        self._load[name] = load
        return rise

    def _pi(self, loop: str, error: np.ndarray, gain: float | np.ndarray, integral_time: float) -> np.ndarray:
        previous = self._errors.get(loop, error)
        self._errors[loop] = error
        result: np.ndarray = gain * (error - previous + error * self.step / integral_time)
        return result


def valve_at(travel: np.ndarray) -> np.ndarray:
    """Opening of the mixing valve [1]; below zero where the loop would close it further than it can."""
    return np.where(travel < KNEE, travel, np.minimum(KNEE + (travel - KNEE) * (1.0 - KNEE) / (FANS - KNEE), 1.0))


def fan_at(travel: np.ndarray) -> np.ndarray:
    """Fan speed [1]."""
    return np.maximum(travel - FANS, 0.0)


def travel_of(valve: np.ndarray, fan: np.ndarray) -> np.ndarray:
    """The inverse of both."""
    return np.where(valve < KNEE, valve, KNEE + (valve - KNEE) * (FANS - KNEE) / (1.0 - KNEE)) + fan


def loads(site: HybridSite, r: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Measured heat to liquid and to air over their rated heat, each ``(b, 1)``."""
    liquid = r["q_cdu"].sum(axis=-1, keepdims=True) / (site.P_it_nominal * site.liquid_share)
    return liquid, r["q_air"] / (site.P_it_nominal * (1.0 - site.liquid_share))
