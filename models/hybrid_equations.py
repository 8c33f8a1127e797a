r"""The equations of a hybrid hall: liquid on warm water from dry coolers, air on chilled water with free cooling in series.

Flow diagram (temperatures in brackets are states)::

    racks [plate] <-> CDUs [return, supply] <-> [warm] <- mixing valve <- warm dry coolers <- [warm_return] <- CDUs

    servers' air: [air_hot] -> CRAHs -> [air_cold]                  outdoor air -> wetted pads -> both banks of dry coolers
                                ^
    [chw] -> CRAHs -> [chw_return] -> economiser -> chillers -> [chw]
                                          |            |
                          [cold] -> economiser -> condensers -> [cold_return] -> cold dry coolers, mixing valve -> [cold]

Equations
    A rack is one lump of all its chips, plates and the coolant in them, with coolant at rest at every instant::

        C dT_plate/dt = q - G (T_plate - T_supply),  G = UA m cp / (UA + m cp)                           (1)
        T_out = T_supply + G (T_plate - T_supply) / (m cp),  T_chip = T_plate + (q / plates) R_chip_plate   (2)

    which has the rest of the three lumps of :mod:`lowlift.thermal.coldplate`; the chip's own second is left out. All other nodes are
    well-mixed volumes, ``C dT/dt = sum(m cp T)_in - sum(m cp T)_out + Q``. Dry coolers take air that pads have cooled::

        Q = G(v m, m_air) (T_return - T_air),  T_air = T_db - wet eff (T_db - T_wb)                        (3)

    with the share ``v`` of the coolant through them, the rest mixed in behind. The economiser takes what it can of the heat between the
    chilled-water return and the setpoint, the chillers up to their capacity of what is left; what they cannot stays in ``T_chw``.

Assumptions
    1. CDU circuits are balanced: each takes the same share of the warm water. 2. Pump work heats the volume behind the pump; all
    compressor work reaches the condensers. 3. CRAH coils stay dry (their water is kept above the hall's dew point). 4. Pads do not
    change the heat balance: they humidify outdoor air at constant wet bulb. 5. Both banks draw outdoor air, none of each other's exhaust.
"""

import dataclasses
from collections.abc import Mapping

import numpy as np

from lowlift.models.hybrid_site import Bank, HybridSite
from lowlift.thermal import ops
from lowlift.thermal.chiller import CP_WATER
from lowlift.thermal.dry_cooler import CP_DRY_AIR, CP_VAPOUR
from lowlift.thermal.hall_air import CP_AIR
from lowlift.thermal.hydraulics import operating_flow
from lowlift.thermal.ops import Signal

RUNNING_SMALL = 1e-3
"""Floor of the number of running chillers where it divides [1]."""
CONDENSER_LEAST = 0.1
"""Least condenser coolant of a running chiller over its nominal: keeps its power finite where none flows [1]."""
SHARE_WIDTH = 0.02
"""Width of the blend between the chillers' load and their capacity, as a share of the load."""
LOAD_SMALL = 1.0
"""Load below which a share of it has no meaning [W]."""


@dataclasses.dataclass(frozen=True)
class HybridFlows:
    """What depends on actuators alone; ``n`` components for CDUs, else plant-level signals."""

    V_sec: Signal
    """Secondary flow of each CDU [m^3/s]."""
    m_sec: Signal
    """The same [kg/s]."""
    m_warm: Signal
    m_cold: Signal
    m_chw: Signal
    m_air: Signal
    """Air through the CRAHs [kg/s]."""
    Q_pump_cdu: Signal
    """Pump heat into each secondary loop [W]."""
    Q_pump_warm: Signal
    Q_pump_cold: Signal
    Q_pump_chw: Signal
    P_cdu_pumps: Signal
    P_warm_pumps: Signal
    P_cold_pumps: Signal
    P_chw_pumps: Signal
    P_crah_fans: Signal
    P_warm_fans: Signal
    P_cold_fans: Signal


@dataclasses.dataclass(frozen=True)
class HybridFluxes:
    """Heat, power, water and readings of one instant, each a plant-level signal."""

    Q_cdu: Signal
    """From the secondary loops to the warm water [W]."""
    Q_warm: Signal
    """From the warm dry coolers to outdoor air [W]."""
    Q_cold: Signal
    """From the cold dry coolers to outdoor air [W]."""
    Q_wse: Signal
    Q_chiller: Signal
    P_chillers: Signal
    Q_crah: Signal
    """From hall air to chilled water [W]."""
    evaporation: Signal
    """Of both banks' pads [kg/s]."""
    evaporation_warm: Signal
    """Of the warm bank's alone [kg/s]."""
    blowdown: Signal
    T_air: Signal
    """Air leaving the CRAHs [K]."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Field names in order."""
        return tuple(f.name for f in dataclasses.fields(cls))


@dataclasses.dataclass(frozen=True)
class Rejected:
    """A bank of dry coolers at work."""

    Q: Signal
    """Heat to outdoor air [W]."""
    T_air: Signal
    """Air behind the pads [K]."""
    evaporation: Signal
    """[kg/s]."""


def reject(bank: Bank, T_in: Signal, m: Signal, valve: Signal, y: Signal, wet: Signal, d: Mapping[str, Signal]) -> Rejected:
    """Equation (3): coolant ``m`` [kg/s] at ``T_in`` [K], share ``valve`` of it through the coolers, fan speed ``y``, pads ``wet``."""
    each = bank.pad.leave(d["T_db"], d["T_wb"], d["p"], 1.0, wet)
    G = bank.cooler.conductance(valve * m, each.T_out, d["p"], y, each.w_out)
    m_dry = bank.cooler.m_air(each.T_out, d["p"], y, each.w_out) / (1.0 + each.w_out * (CP_VAPOUR / CP_DRY_AIR))
    return Rejected(G * (T_in - each.T_out), each.T_out, m_dry * each.evaporation)


class HybridEquations:
    """Balances of one site."""

    def __init__(self, site: HybridSite) -> None:
        self.site = site
        self.membership = np.eye(site.n_cdu)[site.cdu_of_rack]

    # -- capacities -----------------------------------------------------------------------------------------------

    @property
    def capacities(self) -> dict[str, float]:
        """Heat capacity of every node [J/K]; racks and CDUs one of each."""
        s, plate = self.site, self.site.cold_plate
        return {
            "T_plate": s.plates * (plate.C_chip + plate.C_plate + plate.C_cool),
            "T_return": s.C_cdu_return, "T_supply": s.C_cdu_supply,
            "T_warm": s.warm.C_supply, "T_warm_return": s.warm.C_return, "T_cold": s.cold.C_supply, "T_cold_return": s.cold.C_return,
            "T_chw": s.C_chw, "T_chw_return": s.C_chw, "T_air_cold": s.aisles.C_cold, "T_air_hot": s.aisles.C_hot,
        }  # fmt: skip

    # -- circuits -------------------------------------------------------------------------------------------------

    def flows(self, a: Mapping[str, Signal]) -> HybridFlows:
        """Flows, pump heat and powers that follow from the actuators."""
        s = self.site
        V_sec = operating_flow(s.cdu_pump, 1.0, a["y_cdu"], s.C_secondary_loop, 0.0)
        V_warm, V_cold = (operating_flow(b.pump, float(b.n_pumps), a[f"y_{n}"], b.C_loop, 0.0) for n, b in self.banks)
        V_chw = operating_flow(s.chw_pump, 1.0, a["y_chw"], s.C_chw_loop, 0.0)
        each = {"warm": V_warm / s.warm.n_pumps, "cold": V_cold / s.cold.n_pumps}
        shaft = {n: b.n_pumps * b.pump.P_shaft(each[n], a[f"y_{n}"]) for n, b in self.banks}
        wire = {n: b.n_pumps * b.pump.P_el(each[n], a[f"y_{n}"]) for n, b in self.banks}
        return HybridFlows(
            V_sec=V_sec, m_sec=s.rho_secondary * V_sec, m_warm=s.warm.rho * V_warm, m_cold=s.cold.rho * V_cold, m_chw=s.rho_water * V_chw,
            m_air=s.crah.m_air(a["y_crah"]), Q_pump_cdu=s.cdu_pump.P_shaft(V_sec, a["y_cdu"]), Q_pump_warm=shaft["warm"],
            Q_pump_cold=shaft["cold"], Q_pump_chw=s.chw_pump.P_shaft(V_chw, a["y_chw"]),
            P_cdu_pumps=ops.sum_components(s.cdu_pump.P_el(V_sec, a["y_cdu"])), P_warm_pumps=wire["warm"], P_cold_pumps=wire["cold"],
            P_chw_pumps=s.chw_pump.P_el(V_chw, a["y_chw"]), P_crah_fans=s.crah.P_fan(a["y_crah"]),
            P_warm_fans=s.warm.cooler.P_fan(a["y_warm_fan"]), P_cold_fans=s.cold.cooler.P_fan(a["y_cold_fan"]),
        )  # fmt: skip

    @property
    def banks(self) -> tuple[tuple[str, Bank], ...]:
        """Both banks by name."""
        return ("warm", self.site.warm), ("cold", self.site.cold)

    # -- racks ----------------------------------------------------------------------------------------------------

    def rack(self, f: HybridFlows) -> tuple[Signal, Signal]:
        """Conductance ``G`` of equation (1) and coolant capacity rate of a rack [W/K], alike in all racks of a CDU: ``n`` components."""
        s = self.site
        m = f.m_sec / s.racks_per_cdu
        C_dot = m * s.cp_secondary
        UA = s.plates * s.cold_plate.UA_coolant(m / s.plates)
        return UA * C_dot / (UA + C_dot), C_dot

    def rack_temperatures(self, T_plate: Signal, T_supply: Signal, q: Signal, f: HybridFlows) -> tuple[Signal, Signal]:
        """Chips and outlets of all racks [K], equation (2)."""
        G, C_dot = self.rack(f)
        at = self.site.cdu_of_rack
        T_in = ops.gather(T_supply, at)
        T_out = T_in + ops.gather(G / C_dot, at) * (T_plate - T_in)
        return T_plate + q * (self.site.cold_plate.R_chip_plate / self.site.plates), T_out

    def air_drawn(self, q: Signal) -> Signal:
        """Air that all servers draw [kg/s] at the heat to air ``q`` [W]."""
        s = self.site
        return s.m_air_servers * (s.air_idle + (1.0 - s.air_idle) * q / (s.P_it_nominal * (1.0 - s.liquid_share)))

    # -- balances -------------------------------------------------------------------------------------------------

    def evaluate(
        self, T: Mapping[str, Signal], a: Mapping[str, Signal], d: Mapping[str, Signal]
    ) -> tuple[dict[str, Signal], HybridFluxes]:  # fmt: skip
        """Net heat into every node [W] and the fluxes."""
        f = self.flows(a)
        net, Q_cdu = self._liquid(T, f, d["q_liquid"])
        m_warm, Q_total = f.m_warm * self.site.warm.cp, ops.sum_components(Q_cdu)
        warm = reject(self.site.warm, T["T_warm_return"], f.m_warm, a["v_warm"], a["y_warm_fan"], a["wet_warm"], d)
        net["T_warm"] = m_warm * (T["T_warm_return"] - T["T_warm"]) - warm.Q + f.Q_pump_warm
        net["T_warm_return"] = m_warm * (T["T_warm"] - T["T_warm_return"]) + Q_total
        air, Q_crah, T_air = self._air(T, f, d["q_air"])
        cold = reject(self.site.cold, T["T_cold_return"], f.m_cold, a["v_cold"], a["y_cold_fan"], a["wet_cold"], d)
        water, Q_wse, Q_chiller, P_chillers = self._water(T, f, a, Q_crah, cold.Q)
        evaporation = warm.evaporation + cold.evaporation
        makeup = self.site.warm.pad.makeup(warm.evaporation) + self.site.cold.pad.makeup(cold.evaporation)
        fluxes = HybridFluxes(
            Q_cdu=Q_total, Q_warm=warm.Q, Q_cold=cold.Q, Q_wse=Q_wse, Q_chiller=Q_chiller, P_chillers=P_chillers, Q_crah=Q_crah,
            evaporation=evaporation, evaporation_warm=warm.evaporation, blowdown=makeup - evaporation, T_air=T_air,
        )  # fmt: skip
        return net | air | water, fluxes

    def _liquid(self, T: Mapping[str, Signal], f: HybridFlows, q: Signal) -> tuple[dict[str, Signal], Signal]:
        """Racks and CDUs; heat of each CDU to the warm water."""
        s = self.site
        G_rack, _ = self.rack(f)
        taken = ops.gather(G_rack, s.cdu_of_rack) * (T["T_plate"] - ops.gather(T["T_supply"], s.cdu_of_rack))
        C_dot = f.m_sec * s.cp_secondary
        around = C_dot * (T["T_return"] - T["T_supply"])
        Q_cdu = s.exchanger.conductance(f.m_sec, f.m_warm / s.n_cdu) * (T["T_return"] - T["T_warm"])
        return {
            "T_plate": q - taken,
            "T_return": ops.segment_sum(taken, self.membership) - around,
            "T_supply": around - Q_cdu + f.Q_pump_cdu,
        }, Q_cdu

    def _air(self, T: Mapping[str, Signal], f: HybridFlows, q: Signal) -> tuple[dict[str, Signal], Signal, Signal]:
        """Aisles and CRAHs: net heat, heat to chilled water, air leaving the CRAHs."""
        s, aisles = self.site, self.site.aisles
        m_servers = self.air_drawn(q)
        moved = aisles.flows(f.m_air, m_servers)
        C_dot = f.m_air * CP_AIR
        # Return air holds a share b of the very supply air that the coil makes of it: both follow in closed form.
        left, b = 1.0 - s.crah.conductance(f.m_air, f.m_chw) / C_dot, moved.bypass
        T_air = (left * (1.0 - b) * T["T_air_hot"] + (1.0 - left) * T["T_chw"] + f.P_crah_fans / C_dot) / (1.0 - left * b)
        rates = aisles.rates(moved, T["T_air_cold"], T["T_air_hot"], T_air, T["T_air_cold"] + q / (m_servers * CP_AIR))
        Q_crah = C_dot * (rates.T_return - T_air) + f.P_crah_fans
        return {"T_air_cold": aisles.C_cold * rates.cold, "T_air_hot": aisles.C_hot * rates.hot}, Q_crah, T_air

    def _water(
        self, T: Mapping[str, Signal], f: HybridFlows, a: Mapping[str, Signal], Q_crah: Signal, Q_cold: Signal
    ) -> tuple[dict[str, Signal], Signal, Signal, Signal]:  # fmt: skip
        """Chilled water and the cold bank's circuit: net heat, heat of economiser and chillers, power of chillers."""
        s, n = self.site, a["n_chillers"]
        free = s.economiser.integrated(T["T_chw_return"], f.m_chw, T["T_cold"], f.m_cold, a["T_chw_set"])
        running = ops.maximum(n, RUNNING_SMALL)
        capacity = n * s.chiller.capacity(T["T_chw"], free.T_cw_out)
        Q = free.Q_chiller * ops.blended_min(capacity / (free.Q_chiller + LOAD_SMALL), 1.0, SHARE_WIDTH)
        m_each = ops.maximum(f.m_cold * (s.cold.cp / CP_WATER) / running, CONDENSER_LEAST * s.chiller.m_cw_nominal)
        P = n * s.chiller.P_el(Q / running, T["T_chw"], free.T_cw_out, m_each)
        C_chw, C_cold = f.m_chw * s.cp_water, f.m_cold * s.cold.cp
        return (
            {
                "T_chw": C_chw * (T["T_chw_return"] - T["T_chw"]) - free.Q_dot - Q + f.Q_pump_chw,
                "T_chw_return": C_chw * (T["T_chw"] - T["T_chw_return"]) + Q_crah,
                "T_cold": C_cold * (T["T_cold_return"] - T["T_cold"]) - Q_cold + f.Q_pump_cold,
                "T_cold_return": C_cold * (T["T_cold"] - T["T_cold_return"]) + free.Q_dot + Q + P,
            },
            free.Q_dot,
            Q,
            P,
        )
