"""The shared regulatory layer of an air hall: one sequence of cooling stages, fans on aisle pressure, DX staging, protection.

Supply air is held by a PI loop in velocity form whose output is a change of temperature asked for [K]. It is given to the stages in
sequence, each up to what the controller allows: outdoor-air damper, wetted pads, indirect coolers, DX (a pad takes a pump,
an indirect cooler a fan as well); and taken back in reverse order, at
last by closing the damper below its commanded least share, because air that is too cold helps nobody. The change is divided by what a full
stroke of the stage is worth now, so that all stages have one loop gain. A stage that cannot cool now (a damper towards hotter air) is
passed over.

Fans hold the pressure between the aisles, ahead of what servers will draw when the load moves; the square root of the pressure is
proportional to the surplus of air, so the loop is linear. DX units are
counted by the load that is left for them when the stages before are used up: at once more, one at a time fewer, with dwell times.

Protection, the same for every controller: where server inlets come near their limit, the supply setpoint is lowered (``boost``) and
indirect coolers are permitted whatever the controller says; pads dry up before the hall's dew point reaches its limit, and outdoor air more
humid than that is kept out, unless inlets are hot: temperature comes first.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.models.air_equations import T_FLOW, W_FLOW
from lowlift.models.air_hall import AirHall
from lowlift.models.air_site import AirSite
from lowlift.thermal import psychrometrics as psy

CP_AIR = 1006.0


@dataclasses.dataclass(frozen=True, kw_only=True)
class AirGains:
    """Constants of the layer."""

    k_supply: float = 0.25
    """Share of a supply air error that is asked for at once [1]."""
    t_supply: float = 75.0
    """Its integral time: about twice the lag of volume, sensor and stroke [s]."""
    fan_ahead: float = 0.4
    """Feed-forward of the fans: speed for each rated load by which the measured load has risen [1]."""
    k_fan: float = 0.5
    """Share of a surplus error corrected each step [1]."""
    guard: float = 0.7
    """Distance to the inlet limit at which the supply is lowered [K]."""
    k_boost: float = 0.5
    """Lowering, proportional [K/K]."""
    t_boost: float = 120.0
    """Lowering, integral time [s]."""
    boost_max: float = 6.0
    """Largest lowering [K]."""
    boost_full: float = 1.0
    """Lowering from which indirect coolers may run at full speed, whatever the controller permits [K]."""
    dew_guard: float = 1.0
    """Distance to the dew-point limit over which pads dry up [K]."""
    cooler: float = 0.5
    """Outdoor air must be this much colder than return air for the damper to count as cooling [K]."""
    used_up: float = 0.02
    """A stage this near its cap is used up [1]."""
    share_full: float = 0.85
    """Load of a running DX unit at which another joins, over its capacity [1]."""


CONFIRM_UP, CONFIRM_HOT, CONFIRM_DOWN = 120.0, 30.0, 900.0
"""Time for which more DX is needed, is needed with inlets at their limit, and for which less would do [s]."""
EFFECT_LEAST, EFFECT_MOST = 2.0, 25.0
"""Bounds on what a full stroke of a stage counts for [K]."""
EVAPORATIVE_SHARE = 0.6
"""Share of the distance to the wet bulb that an evaporative stage gives at full stroke [1]."""
ON = 0.01
"""Secondary fan speed above which the indirect coolers are wetted [1]."""


class AirRegulator:
    """PI loops, sequence, staging and protection for a batch of air halls."""

    def __init__(self, plant: AirHall, step: float, gains: AirGains | None = None) -> None:
        self.plant, self.step = plant, step
        self.gains = gains or AirGains()
        self.setpoints = plant.site.sheet.setpoints
        self.staging = DxStaging(plant.site, step)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run."""
        self._boost = np.zeros((batch, 1))
        self._error: np.ndarray | None = None
        self._excess: np.ndarray | None = None
        self._load: np.ndarray | None = None
        self.staging.reset()

    def idle(self, batch: int) -> np.ndarray:
        """No lowering, ``(b, 1)``."""
        return np.zeros((batch, 1))

    def act(self, readings: Mapping[str, np.ndarray], setpoints: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Next actuators ``(b, nu)`` and the lowering of the supply setpoint over its most, ``(b, 1)``."""
        s, g, r = self.plant.site, self.gains, readings
        sp, a = self.setpoints.unpack(setpoints), self.plant.actuators.unpack(u)
        excess = r["T_inlet"] - s.limits.T_inlet_max + g.guard
        before = excess if self._excess is None else self._excess
        self._excess = excess
        self._boost = np.clip(self._boost + g.k_boost * (excess - before + excess * self.step / g.t_boost), 0.0, g.boost_max)
        T_set = sp["T_supply_set"] - self._boost

        new = dict(a)
        caps = self._caps(r, sp, excess > 0.0)
        error = r["T_supply"] - T_set
        last = error if self._error is None else self._error
        self._error = error
        asked = g.k_supply * (error - last + error * self.step / g.t_supply)
        new |= self._sequence(asked, r, sp, a, caps)
        new["v_spray"] = np.where(new["y_iec"] > ON, 1.0, 0.0)
        used = np.ones_like(error, dtype=bool)
        for name, cap in caps.items():
            used &= a[name] >= cap - g.used_up
        new["n_dx"] = self.staging.decide(r, T_set, a["n_dx"], used, excess > 0.0, g.share_full)
        # The same capacity on another number of units.
        new["y_dx"] = new["y_dx"] * np.where(new["n_dx"] > 0.0, a["n_dx"] / np.maximum(new["n_dx"], 1.0), 0.0)

        m_full = s.V_supply / psy.specific_volume(T_FLOW, W_FLOW, r["p"])
        have = np.sign(r["dp_aisle"]) * np.sqrt(np.abs(r["dp_aisle"]))
        rise = 0.0 if self._load is None else r["q_air"] - self._load
        self._load = r["q_air"]
        new["y_fan"] = a["y_fan"] + g.k_fan * s.C_leak * (np.sqrt(sp["dp_set"]) - have) / m_full + g.fan_ahead * rise / s.P_it_nominal
        table = self.plant.actuators
        target = np.clip(np.asarray(table.pack(new)), table.low, table.high)
        reach = table.rate * self.step
        return np.clip(target, u - reach, u + reach), self._boost / g.boost_max

    def _caps(self, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray], hot: np.ndarray) -> dict[str, np.ndarray]:
        """How far each stage may go now; ``hot`` where inlets are near their limit."""
        s, g = self.plant.site, self.gains
        w = psy.humidity_ratio_from_wet_bulb(r["T_db"], np.minimum(r["T_wb"], r["T_db"]), r["p"])
        too_damp = psy.dew_point(np.maximum(w, 1e-6), r["p"]) > s.limits.T_dew_max
        # Outdoor air that is no cooler than return air is only let in where the controller insists.
        useful = r["T_db"] < r["T_return"] - g.cooler
        damper = np.where(useful, np.maximum(sp["oa_max"], sp["oa_min"]), sp["oa_min"])
        dry = np.clip((s.limits.T_dew_max - r["T_dew_hall"]) / g.dew_guard, 0.0, 1.0)
        indirect = np.maximum(sp["iec_max"], np.minimum(self._boost / g.boost_full, 1.0))
        return {"y_damper": np.where(too_damp & ~hot, s.x_min, damper), "v_pad": sp["pad_max"] * dry, "y_iec": indirect}

    def _sequence(
        self, asked: np.ndarray, r: Mapping[str, np.ndarray], sp: Mapping[str, np.ndarray], a: Mapping[str, np.ndarray],
        caps: Mapping[str, np.ndarray],
    ) -> dict[str, np.ndarray]:  # fmt: skip
        """Stages after ``asked`` kelvin more (or less) of cooling have been given to them in order."""
        s = self.plant.site
        depression = EVAPORATIVE_SHARE * (r["T_mixed"] - r["T_wb"])
        capacity = a["n_dx"] * s.dx.Q_dot_nominal / (np.maximum(r["m_air"], 1.0) * CP_AIR)
        worth = {"y_damper": r["T_return"] - r["T_db"], "v_pad": depression, "y_iec": depression, "y_dx": capacity}
        effects = {name: np.clip(effect, EFFECT_LEAST, EFFECT_MOST) for name, effect in worth.items()}
        floors = {name: np.zeros_like(asked) for name in effects} | {"y_damper": np.minimum(sp["oa_min"], caps["y_damper"])}
        caps = dict(caps) | {"y_dx": np.where(a["n_dx"] > 0.0, 1.0, 0.0)}
        new = {name: np.clip(a[name], floors[name], caps[name]) for name in effects}
        more, less = np.maximum(asked, 0.0), np.maximum(-asked, 0.0)
        # A damper already below its commanded share stays there until cooling is wanted.
        new["y_damper"] = np.where(more > 0.0, np.minimum(a["y_damper"], caps["y_damper"]), np.minimum(a["y_damper"], new["y_damper"]))
        for name, effect in effects.items():
            given = np.minimum(more / effect, np.maximum(caps[name] - new[name], 0.0))
            new[name] = new[name] + given
            more = more - given * effect
        for name, floor in [*reversed([*floors.items()]), ("y_damper", np.full_like(asked, s.x_min))]:
            taken = np.minimum(less / effects[name], np.maximum(new[name] - floor, 0.0))
            new[name] = new[name] - taken
            less = less - taken * effects[name]
        return new


class DxStaging:
    """How many DX units run: what the load left for them needs, with dwell times."""

    def __init__(self, site: AirSite, step: float) -> None:
        self.site, self.step = site, step
        self.reset()

    def reset(self) -> None:
        """Forget all timers."""
        self._timers: dict[str, np.ndarray] = {}

    def decide(
        self, r: Mapping[str, np.ndarray], T_set: np.ndarray, n: np.ndarray, used_up: np.ndarray, hot: np.ndarray, share: float
    ) -> np.ndarray:  # fmt: skip
        """Units for the next step.

        Args:
            r: readings.
            T_set: supply air wanted [K].
            n: units running.
            used_up: where the stages before DX are at their caps.
            hot: where server inlets are near their limit.
            share: load of a unit at which another joins [1].
        """
        s = self.site
        T_wb = psy.wet_bulb(r["T_evaporative"], psy.humidity_ratio_from_dew_point(r["T_dew_hall"], r["p"]), r["p"])
        capacity = s.dx.capacity(r["T_db"], T_wb)
        left = r["m_air"] * CP_AIR * (r["T_evaporative"] - T_set) + s.fan.P_el(r["y_fan"])
        wanted = np.clip(np.ceil(left / (share * capacity)), 0.0, s.n_dx)
        short = self._held("short", used_up & (wanted > n)) >= CONFIRM_UP
        short |= self._held("hot", hot & (wanted > n)) >= CONFIRM_HOT
        over = self._held("over", wanted < n) >= CONFIRM_DOWN
        new: np.ndarray = np.where(short, wanted, np.where(over, n - 1.0, n))
        for name in ("short", "hot", "over"):
            self._timers[name] = np.where(new != n, 0.0, self._timers[name])
        return new

    def _held(self, name: str, condition: np.ndarray) -> np.ndarray:
        before = self._timers.get(name, np.zeros(condition.shape))
        self._timers[name] = np.where(condition, before + self.step, 0.0)
        return self._timers[name]
