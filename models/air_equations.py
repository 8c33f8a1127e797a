r"""The equations of an air-cooled hall: what its air passes, what each step of the way takes and gives.

Flow diagram (temperatures and humidities in brackets are states)::

    outdoor air --x--+
                     +-> mixing box -> indirect evaporative cooler -> wetted pad -> DX evaporator -> fans -> [supply]
    return air -1-x--+                                                                                          |
       ^   \-x-> out                                                                    bypass  +--------------+
       |                                                                                         |              v
       +-----------------------------------------------------------------------------------------+----  [cold] <- recirculation
       +------------------------------------------------- [hot] <- servers [mass of each row] <------------- [cold]

Equations
    Enthalpies are per kilogram of dry air, flows are dry air. A volume of ``M`` kilograms with solids ``C`` has the energy ``M e``::

        e = h(T, w) + (C / M) (T - 0 C)                                                                   (1)
        M de/dt = sum(m h)_in - sum(m h)_out + Q,   M dw/dt = sum(m w)_in - sum(m w)_out                  (2)
        m_supply = V y / v,   v of air at 22 C and 8 g/kg at the pressure of the day                      (3)
        dp = (m_supply - m_servers) |m_supply - m_servers| / C_leak^2                                     (4)

    Mixing by dry air, fog drained; the indirect cooler's secondary air is outdoor air; the pad humidifies at constant wet bulb; the DX
    evaporators take ``Q`` off enthalpy and, where their surface is below the dew point, water too
    (:func:`lowlift.thermal.wetcoil.condensing`); a suction-pressure control keeps that surface above 2 C. All of the fans' power heats the
    air. Each stage is at rest at every instant: its metal counts with the supply volume.

Assumptions
    1. Volumes are well mixed; all rows draw from one cold aisle. 2. Dry air in a volume is constant (density changes are left out of (2)).
    3. Distribution units stand in the hall and heat the hot aisle, UPS do not. 4. Heat of pad pumps stays in their water.
"""

import dataclasses
from collections.abc import Mapping

from lowlift.models.air_site import AirSite, AirVolume
from lowlift.thermal import ops
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.evaporative import makeup
from lowlift.thermal.mixing import mix
from lowlift.thermal.ops import Signal
from lowlift.thermal.wetcoil import condensing

T_FLOW, W_FLOW = 295.15, 0.008
"""Air for which volume flows become mass flows [K, kg/kg]."""
T_COIL_MIN = 275.15
"""Coldest surface of an evaporator [K]."""
SUCTION_WIDTH = 2e3
"""Rounding where suction-pressure control takes over [W]."""
T_TREATED, TREATED_WIDTH = 348.15, 5.0
"""Return air is treated as if it were at most this warm, and what it has beyond passes through [K]: nothing that evaporates or condenses
is known to matter there, and moist air above boiling is outside every relation. Exact up to ``T_TREATED - TREATED_WIDTH``."""
DP_SMALL = 0.01
"""Rounding of equation (4) at balance, share of the leak at 1 Pa."""


@dataclasses.dataclass(frozen=True)
class AirFluxes:
    """Powers, heat, water and readings of one instant, each a plant-level signal."""

    P_server_fans: Signal
    P_psu: Signal
    """Losses of power supplies [W]."""
    P_losses: Signal
    """Losses of UPS and distribution units [W]."""
    P_fans: Signal
    P_indirect: Signal
    """Secondary fans and pumps [W]."""
    P_pads: Signal
    P_dx: Signal
    Q_pdu: Signal
    """Heat of the distribution units [W]."""
    Q_exchange: Signal
    """Enthalpy that leaves with relief air over what outdoor air brings [W]."""
    Q_indirect: Signal
    Q_dx: Signal
    """Sensible and latent [W]."""
    Q_water: Signal
    """Enthalpy of the water that the pads evaporate into the supply air [W]."""
    Q_drain: Signal
    """Enthalpy of drained fog [W]."""
    vapour_exchange: Signal
    """Vapour that leaves with relief air over what outdoor air brings [kg/s]."""
    vapour_pads: Signal
    vapour_drained: Signal
    """Condensed on evaporators, and fog [kg/s]."""
    evaporation: Signal
    """Into supply and secondary air [kg/s]."""
    blowdown: Signal
    m_supply: Signal
    m_servers: Signal
    dp: Signal
    """Cold over hot aisle [Pa]."""
    T_return: Signal
    T_mixed: Signal
    T_evaporative: Signal
    """Air before the DX evaporators [K]."""

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Field names in order."""
        return tuple(f.name for f in dataclasses.fields(cls))


@dataclasses.dataclass(frozen=True)
class Volume:
    """Moist air of one volume at an instant."""

    T: Signal
    w: Signal
    h: Signal


def energy(volume: AirVolume, T: Signal, w: Signal) -> Signal:
    """Equation (1) [J/kg dry air]."""
    return psy.enthalpy(T, w) + volume.C / volume.M * (T - psy.ZERO_C)


def temperature(volume: AirVolume, e: Signal, w: Signal) -> Signal:
    """Equation (1) solved for temperature [K]."""
    return psy.ZERO_C + (e - 2.501e6 * w) / (1006.0 + 1860.0 * w + volume.C / volume.M)


class AirEquations:
    """Balances of one site."""

    def __init__(self, site: AirSite) -> None:
        self.site = site

    def evaluate(
        self, x: Mapping[str, Signal], a: Mapping[str, Signal], d: Mapping[str, Signal]
    ) -> tuple[dict[str, Signal], AirFluxes]:  # fmt: skip
        """Net heat [W] of the row masses (``T_mass``) and volumes, net vapour [kg/s] of the volumes (``w_``...), and the fluxes."""
        s = self.site
        supply, cold, hot = (Volume(T, w, psy.enthalpy(T, w)) for T, w in ((x[f"T_{n}"], x[f"w_{n}"]) for n in ("supply", "cold", "hot")))
        rho = 1.0 / psy.specific_volume(T_FLOW, W_FLOW, d["p"])
        m = rho * s.V_supply * a["y_fan"]
        rows = self.rows(cold.T, cold.w, d["q_row"], rho, x["T_mass"])
        m_servers = ops.sum_components(rows.m)
        flows = s.aisles.flows(m, m_servers)
        surplus = m - m_servers
        dp = surplus * ops.smooth_abs(surplus, DP_SMALL * s.C_leak) / (s.C_leak * s.C_leak)
        bypass = flows.m_bypass / m
        h_back = hot.h + bypass * (supply.h - hot.h)
        w_back = hot.w + bypass * (supply.w - hot.w)

        air = self.treat(h_back, w_back, m, rho, a, d)
        P_fans = s.fan.P_el(a["y_fan"])
        IT = ops.sum_components(d["q_row"] + rows.P_fan + rows.P_psu)
        chain = s.chain.supply(IT)
        net = {
            "T_mass": rows.Q_mass,
            "supply": m * (air.h - supply.h) + P_fans,
            "cold": flows.through * (supply.h - cold.h) + flows.m_recirculated * (hot.h - cold.h),
            "hot": m_servers * (cold.h - hot.h) + ops.sum_components(rows.Q_air) + chain.pdu.P_loss,
            "w_supply": m * (air.w - supply.w),
            "w_cold": flows.through * (supply.w - cold.w) + flows.m_recirculated * (hot.w - cold.w),
            "w_hot": m_servers * (cold.w - hot.w),
        }
        evaporation = air.vapour_pads + air.vapour_secondary
        fluxes = AirFluxes(
            P_server_fans=ops.sum_components(rows.P_fan), P_psu=ops.sum_components(rows.P_psu), P_losses=chain.total.P_loss,
            P_fans=P_fans, P_indirect=self.P_indirect(a), P_pads=s.pad.P_el(a["v_pad"]),
            P_dx=air.P_dx, Q_pdu=chain.pdu.P_loss, Q_exchange=air.Q_exchange, Q_indirect=air.Q_indirect, Q_dx=air.Q_dx,
            Q_water=air.Q_water, Q_drain=air.Q_drain, vapour_exchange=air.vapour_exchange, vapour_pads=air.vapour_pads,
            vapour_drained=air.vapour_drained, evaporation=evaporation, blowdown=makeup(evaporation, s.cycles) - evaporation,
            m_supply=m, m_servers=m_servers, dp=dp, T_return=psy.temperature_from_enthalpy(h_back, w_back), T_mixed=air.T_mixed,
            T_evaporative=air.T_evaporative,
        )  # fmt: skip
        return net, fluxes

    def P_indirect(self, a: Mapping[str, Signal]) -> Signal:
        """Secondary fans and pumps of the indirect coolers [W]."""
        return self.site.secondary_fan.P_el(a["y_iec"]) + self.site.indirect.P_pump * a["v_spray"]

    def rows(self, T_cold: Signal, w_cold: Signal, q: Signal, rho: Signal, T_mass: Signal | None = None) -> "Rows":
        """Servers of each row.

        Args:
            T_cold: inlet [K].
            w_cold: its humidity ratio [kg/kg].
            q: power of the electronics of each row [W].
            rho: dry air per volume [kg/m^3].
            T_mass: their mass [K]; at rest if none.
        """
        s = self.site
        n = ops.constant(s.racks_of_row.astype(float), q)
        each = q / n
        # Below idle there is no less air.
        u = ops.maximum((each / s.server.P_nominal - s.server.idle_share) / (1.0 - s.server.idle_share), 0.0)
        state = s.server.state(u, T_cold, rho, w_cold)
        loss = s.psu.convert(each + state.P_fan).P_loss
        through = each if T_mass is None else s.server.mass_conductance(state.m_air, w_cold) * (T_mass - T_cold)
        return Rows(m=n * state.m_air, P_fan=n * state.P_fan, P_psu=n * loss, Q_mass=n * (each - through),
                    Q_air=n * (through + state.P_fan + loss))  # fmt: skip

    def treat(self, h_back: Signal, w_back: Signal, m: Signal, rho: Signal, a: Mapping[str, Signal], d: Mapping[str, Signal]) -> "Treated":
        """Return air to supply air, without the fans.

        Args:
            h_back: enthalpy of the return air [J/kg].
            w_back: its humidity ratio [kg/kg].
            m: supply air [kg/s].
            rho: dry air per volume [kg/m^3].
            a: actuators by name.
            d: weather by name.
        """
        s, p = self.site, d["p"]
        x, T_db = a["y_damper"], d["T_db"]
        T_wb = ops.minimum(d["T_wb"], T_db)
        w_out = psy.humidity_ratio_from_wet_bulb(T_db, T_wb, p)
        h_out = psy.enthalpy(T_db, w_out)
        T_back = ops.blended_min(psy.temperature_from_enthalpy(h_back, w_back), T_TREATED, TREATED_WIDTH)
        beyond = (1.0 - x) * (h_back - psy.enthalpy(T_back, w_back))
        mixed = mix(T_db, w_out, T_back, w_back, x, p)
        h_mixed = psy.enthalpy(mixed.T, mixed.w)

        V, V_secondary = m / rho, s.V_secondary * a["y_iec"]
        dry = s.indirect.leave(mixed.T, V, T_db, T_wb, p, V_secondary, a["v_spray"])
        h_dry = psy.enthalpy(dry.T_out, mixed.w)

        damp = s.pad.leave(dry.T_out, psy.wet_bulb(dry.T_out, mixed.w, p), p, m, a["v_pad"])
        w_damp = mixed.w + damp.evaporation / m
        h_damp = psy.enthalpy(damp.T_out, w_damp)

        T_in = psy.wet_bulb(damp.T_out, w_damp, p)
        flow = m / (RHO_RATED * s.V_supply)
        at_least = psy.saturation_enthalpy(T_COIL_MIN, p)
        most = ops.smooth_max(m * s.contact * (h_damp - at_least), 0.0, SUCTION_WIDTH) / s.n_dx
        wanted = a["y_dx"] * s.dx.capacity(T_db, T_in, flow)
        unit = s.dx.state(ops.smooth_max(ops.smooth_min(wanted, most, SUCTION_WIDTH), 0.0, 0.1 * SUCTION_WIDTH), T_db, T_in, flow)
        Q_dx = a["n_dx"] * unit.Q_dot
        standing = unit.P_el - unit.P_compressor
        w_cool = condensing(damp.T_out, w_damp, Q_dx / m, s.contact, p)
        return Treated(
            h=h_damp - Q_dx / m + beyond, w=w_cool, Q_exchange=m * x * (h_back - h_out), Q_indirect=m * (h_mixed - h_dry), Q_dx=Q_dx,
            Q_water=m * (h_damp - h_dry), Q_drain=m * (mixed.h - h_mixed), P_dx=a["n_dx"] * unit.P_compressor + s.n_dx * standing,
            vapour_exchange=m * x * (w_back - w_out), vapour_pads=damp.evaporation,
            vapour_drained=m * (x * w_out + (1.0 - x) * w_back - mixed.w + w_damp - w_cool), vapour_secondary=dry.evaporation,
            T_mixed=mixed.T, T_evaporative=damp.T_out,
        )  # fmt: skip


RHO_RATED = 1.0 / float(psy.specific_volume(T_FLOW, W_FLOW, 101325.0))
"""Dry air per volume for which DX units are rated [kg/m^3]."""


@dataclasses.dataclass(frozen=True)
class Rows:
    """Rows of servers at work."""

    m: Signal
    """Air [kg/s]."""
    P_fan: Signal
    P_psu: Signal
    Q_mass: Signal
    """Net heat of the mass [W]."""
    Q_air: Signal
    """Heat to the air, fans and losses included [W]."""


@dataclasses.dataclass(frozen=True)
class Treated:
    """Air before the fans, and what it took to make it."""

    h: Signal
    w: Signal
    Q_exchange: Signal
    Q_indirect: Signal
    Q_dx: Signal
    Q_water: Signal
    Q_drain: Signal
    P_dx: Signal
    vapour_exchange: Signal
    vapour_pads: Signal
    vapour_drained: Signal
    vapour_secondary: Signal
    T_mixed: Signal
    T_evaporative: Signal
