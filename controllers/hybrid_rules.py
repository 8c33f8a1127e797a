"""Rule-based controllers of a hybrid hall: constant setpoints, and resets after ASHRAE Guideline 36."""

import dataclasses

import numpy as np

from lowlift.controllers.constant import Constant
from lowlift.controllers.hybrid_regulator import loads
from lowlift.controllers.interface import Decision, Forecast, Measurement, Status
from lowlift.controllers.tower_law import approach_by_load
from lowlift.controllers.trim_respond import TrimRespond
from lowlift.models.hybrid_site import Bank, HybridSite
from lowlift.models.site import ZERO_C


class HybridFixedSetpoint(Constant):
    """Warm water 30 C, condenser coolant 25 C, pads from 25 C on, chilled water 18 C, supply air 22 C, flows near full."""

    def __init__(self, site: HybridSite, name: str = "FixedSetpoint") -> None:
        values = {
            "V_sec_set": 0.95 * site.cdu_pump.V_dot_nominal, "T_warm_set": 30.0 + ZERO_C, "m_warm_set": 0.95 * site.warm.m_nominal,
            "T_pad_warm_set": 25.0 + ZERO_C, "T_cold_set": 25.0 + ZERO_C, "m_cold_set": 0.95 * site.cold.m_nominal,
            "T_pad_cold_set": 25.0 + ZERO_C, "T_chw_set": 18.0 + ZERO_C, "T_air_set": 22.0 + ZERO_C, "air_ratio_set": 1.2,
        }  # fmt: skip
        super().__init__(site, name, values)


@dataclasses.dataclass(frozen=True, kw_only=True)
class HybridG36Constants:
    """Constants of the sequences; defaults after ASHRAE Guideline 36-2021, section 5.20, for pads and dry coolers own choices."""

    near_limit: float = 1.0
    """A chip or rack outlet this near to its limit is a request [K]."""
    override: float = 0.02
    """A pump override above this is a request [1]."""
    reset_trim: float = -0.02
    """Step of the plant reset every tick [1]."""
    reset_respond: float = 0.03
    """Its step for each request [1]."""
    reset_most: float = 0.07
    """Its largest response of one tick [1]."""
    flow_first: float = 0.5
    """Plant reset at which flow is full and warm water begins to get colder [1]."""
    air_excess: float = 1.05
    """CRAH air over what the servers draw [1]."""
    pad_reserve: float = 1.0
    """Pads are wetted when dry coolers have this much less than their approach by load [K]."""
    pad_chiller: float = 20.0 + ZERO_C
    """Dry bulb from which the cold dry coolers are wet while a chiller runs: colder condensers save more than pads cost [K]."""
    condenser_least: float = 10.0 + ZERO_C
    """Coldest coolant asked for while a chiller runs: the economiser before it warms it, and may make the chiller superfluous [K]."""
    condenser_approach: float = 1.0
    """Coolant over the air of the dry coolers, share of the approach by load [1]."""
    cold_flow: float = 1.0
    """Condenser coolant over nominal at rated load [1]."""
    pump_request: float = 0.95
    """A chilled-water pump faster than this is a request for colder water [1]."""
    air_warmest: float = 26.5 + ZERO_C
    """Warmest supply air asked for [K]."""
    free_rise: float = 0.15
    """Largest rise of the coolant's setpoint in free cooling every tick [K]; it falls at once."""


class HybridAirSide:
    """Chilled water, supply air and condenser coolant with its pads, every five minutes.

    Coolant follows the air behind the pads plus an approach by load while chillers run; in free cooling it is only as cold as the
    chilled-water setpoint needs. Free cooling begins where the machines left off: its coolant gets warmer in small steps only, and the
    reserve that it has learned outlasts the machines. Otherwise the economiser would be given warmer coolant the moment the last machine
    goes, or a job pauses, and a machine would be called back for it. Chilled water and supply air follow requests of coils and of server
    inlets. Pads are wetted where the dry coolers could not hold their setpoint dry, and from a fixed dry bulb on while a chiller runs.
    """

    def __init__(self, site: HybridSite) -> None:
        self.site = site
        at = {s.name: s for s in site.sheet.setpoints.signals}
        self.water = TrimRespond(initial=site.T_chw_min + 4.0, low=site.T_chw_min, high=site.T_chw_max, trim=0.15, respond=-0.3, most=-0.9)
        self.air = TrimRespond(initial=24.0 + ZERO_C, low=at["T_air_set"].low, high=site.limits.T_inlet_max - 0.5, trim=0.1, respond=-0.3,
                               most=-0.9)  # fmt: skip
        self.free = TrimRespond(initial=1.0, low=0.0, high=5.0, trim=-0.05, respond=0.3, most=0.9)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` halls."""
        self._water, self._air, self._free = (loop.start((batch, 1)) for loop in (self.water, self.air, self.free))
        self._cold = np.full((batch, 1), np.inf)

    def decide(self, m: Measurement, c: HybridG36Constants, load: np.ndarray) -> dict[str, np.ndarray]:
        """One tick for a load to air over the rated one: setpoints of the air side by name."""
        s, lim = self.site, self.site.limits
        hot = np.clip(np.ceil((m["T_inlet"] - (lim.T_inlet_max - 0.5 * c.near_limit)) / 0.25), 0.0, 3.0)
        self._air = np.minimum(self.air.tick(self._air, hot), c.air_warmest)
        # Coil requests of section 5.20.5.2: three when supply air is 3 K above its setpoint, two at 2 K, one when the pump is at its end.
        above = m["T_air"] - self._air
        one = (m["y_chw"] > c.pump_request) | (above > 1.0)
        starved = np.where(above > 3.0, 3.0, np.where(above > 2.0, 2.0, one.astype(float)))
        # A setpoint above the water that arrives asks for nothing: it may not drift further away.
        self._water = np.minimum(self.water.tick(self._water, starved), np.maximum(m["T_plant"], self.water.low))
        self._cold = self._condenser(m, c, load)
        pads = dry_enough(s.cold, self._cold, load, c)
        return {
            "T_cold_set": self._cold, "m_cold_set": s.cold.m_nominal * c.cold_flow * load,
            "T_pad_cold_set": np.where(m["n_chillers"] > 0.5, c.pad_chiller, pads), "T_chw_set": self._water, "T_air_set": self._air,
            "air_ratio_set": np.full_like(self._air, c.air_excess),
        }  # fmt: skip

    def _condenser(self, m: Measurement, c: HybridG36Constants, load: np.ndarray) -> np.ndarray:
        """Coolant to economiser and condensers [K]; in free cooling with a reserve that chilled water above its setpoint asks for."""
        running = m["n_chillers"] > 0.5
        late = m["T_plant"] > self._water + 0.2
        self._free = np.where(running, self._free, self.free.tick(self._free, late.astype(float)))
        free, bank = self.site.economiser, self.site.cold
        chase = air_behind_pads(bank, m, "cold") + c.condenser_approach * approach(bank, load)
        out = free.T_return_nominal - free.Q_dot_nominal / (free.m_chw_nominal * free.cp_chw)
        # The economiser's approach grows with what it carries.
        needed = self._water - (out - free.T_cw_nominal) * m["q_air"] / free.Q_dot_nominal - self._free
        needed = np.minimum(needed, self._cold + c.free_rise)
        return np.maximum(chase, np.where(running, c.condenser_least, needed))


class HybridGuideline36:
    """The reference baseline, every five minutes.

    One plant reset, raised by CDUs near their limits and lowered by time, first raises the secondary flow and then makes the warm water
    colder; warm pads are wetted where the dry coolers could not hold it dry. The air side is that of :class:`HybridAirSide`.
    """

    period = 300.0

    def __init__(self, site: HybridSite, constants: HybridG36Constants | None = None, name: str = "Guideline36") -> None:
        self.site, self.name = site, name
        self.c = c = constants or HybridG36Constants()
        self.table = site.sheet.setpoints
        at = {s.name: s for s in self.table.signals}
        self.plant_reset = TrimRespond(
            initial=c.flow_first, low=0.0, high=1.0, trim=c.reset_trim, respond=c.reset_respond, most=c.reset_most
        )
        self.air_side = HybridAirSide(site)
        rated = site.exchanger.T_cold_in_nominal
        self.flow_range = (at["V_sec_set"].low, at["V_sec_set"].high)
        self.warm_range = (min(rated, at["T_warm_set"].high), at["T_warm_set"].low)
        self.reset(1)

    def reset(self, batch: int) -> None:
        """Start a run of ``batch`` halls."""
        self._reset = self.plant_reset.start((batch, 1))
        self.air_side.reset(batch)

    def decide(self, measurement: Measurement, forecast: Forecast | None) -> Decision:
        """One tick of all sequences."""
        m, c, s = measurement, self.c, self.site
        self._reset = self.plant_reset.tick(self._reset, rack_requests(s, c, m))
        liquid, air = loads(s, m.values)
        warm = np.interp(self._reset, (c.flow_first, 1.0), self.warm_range)
        values = {
            "V_sec_set": np.interp(self._reset, (0.0, c.flow_first), self.flow_range),
            "T_warm_set": warm, "m_warm_set": s.warm.m_nominal * liquid, "T_pad_warm_set": dry_enough(s.warm, warm, liquid, c),
        }  # fmt: skip
        return within(s, values | self.air_side.decide(m, c, air))


def rack_requests(site: HybridSite, c: HybridG36Constants, m: Measurement) -> np.ndarray:
    """CDUs with a chip or rack outlet near its limit, or whose pump protects it, (b, 1)."""
    lim = site.limits
    near = np.maximum(m["T_chip"] - lim.T_chip_max, m["T_return_hot"] - lim.T_return_max) > -c.near_limit
    result: np.ndarray = (near | (m["override"] > c.override)).sum(axis=-1, keepdims=True).astype(float)
    return result


def within(site: HybridSite, values: dict[str, np.ndarray]) -> Decision:
    """Setpoints (b, n) of a rule within their limits."""
    table = site.sheet.setpoints
    return Decision(setpoints=np.clip(np.asarray(table.pack(values)), table.low, table.high), status=Status.RULE)


def dry_enough(bank: Bank, T_set: np.ndarray, load: np.ndarray, c: HybridG36Constants) -> np.ndarray:
    """Dry bulb up to which dry coolers hold a temperature without water [K]."""
    return T_set - approach(bank, load) - c.pad_reserve


def approach(bank: Bank, load: np.ndarray) -> np.ndarray:
    """Coolant leaving over air entering a bank of dry coolers [K], at a load over the rated one."""
    return approach_by_load(bank.cooler.T_out_nominal - bank.cooler.T_air_nominal, load)


def air_behind_pads(bank: Bank, m: Measurement, name: str) -> np.ndarray:
    """Air entering a bank of dry coolers [K], from outdoor readings and its wetted share."""
    return m["T_db"] - m[f"wet_{name}"] * bank.pad.eff * np.maximum(m["T_db"] - m["T_wb"], 0.0)
