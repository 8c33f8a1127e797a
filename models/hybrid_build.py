"""From the data sheet of a hybrid hall to its components in SI; refused values name the key that they come from."""

import numpy as np

from lowlift.models.build import cold_plate, identity, in_kelvin, keys
from lowlift.models.hybrid_schema import CHW_BELOW, Coolers, HybridFile, Loop
from lowlift.models.hybrid_site import Bank, HybridLimits, HybridSite
from lowlift.models.site import ZERO_C
from lowlift.thermal.aisle import Aisles
from lowlift.thermal.chiller import CP_WATER, CarnotChiller
from lowlift.thermal.crah import Crah
from lowlift.thermal.dry_cooler import DryCooler
from lowlift.thermal.economiser import WatersideEconomiser
from lowlift.thermal.evaporative import AdiabaticAssist
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.fluids import FLUIDS, WATER
from lowlift.thermal.hall_air import hall_density
from lowlift.thermal.hydraulics import Pump
from lowlift.thermal.psychrometrics import pressure_at_altitude


def build_site(file: HybridFile) -> HybridSite:
    """Derive the SI components of a hybrid hall from its checked data sheet.

    Raises:
        SiteValueError: a component refuses its values; names the key.
    """
    s, r, c, h, a = file.site, file.racks, file.cdu, file.chilled, file.hall_air
    n_racks, p = r.cdus * r.per_cdu, float(pressure_at_altitude(s.altitude_m))
    rho_air = float(hall_density(p))
    Q_air = r.power_kW * 1e3 * n_racks * (1.0 - r.liquid_share)
    secondary, T_sec = FLUIDS[c.coolant], c.T_return_nominal_degC + ZERO_C - 5.0
    cp_s, rho_s = float(secondary.cp(T_sec)), float(secondary.rho(T_sec))
    T_chw = h.T_chw_nominal_degC + ZERO_C
    cp_w, rho_w = float(WATER.cp(T_chw)), float(WATER.rho(T_chw))
    V_sec, V_chw = c.flow_secondary_L_s * 1e-3, h.flow_chw_kg_s / rho_w
    warm = _bank(file.warm_loop, file.warm_coolers, "warm", r.cdus * c.flow_primary_kg_s)
    cold = _bank(file.cold_loop, file.cold_coolers, "cold", None)
    Q_crah = Q_air + a.fan_kW * 1e3
    with keys("cdu", Q_dot_nominal="cdu.Q_nominal_kW", T_hot_in_nominal="cdu.T_return_nominal_degC"):
        exchanger = PlateHeatExchanger(
            Q_dot_nominal=c.Q_nominal_kW * 1e3,
            T_hot_in_nominal=c.T_return_nominal_degC + ZERO_C,
            T_cold_in_nominal=c.T_warm_nominal_degC + ZERO_C,
            m_hot_nominal=V_sec * rho_s,
            m_cold_nominal=c.flow_primary_kg_s,
            cp_hot=cp_s,
            cp_cold=warm.cp,
        )
    Q_wse = file.economiser.share * Q_air
    with keys("economiser", Q_dot_nominal="economiser.approach_K", T_hot_in_nominal="economiser.approach_K"):
        economiser = WatersideEconomiser(
            Q_dot_nominal=Q_wse,
            T_return_nominal=T_chw + Q_wse / (h.flow_chw_kg_s * cp_w),
            T_cw_nominal=T_chw - file.economiser.approach_K,
            m_chw_nominal=h.flow_chw_kg_s,
            m_cw_nominal=cold.m_nominal,
            cp_chw=cp_w,
            cp_cw=cold.cp,
        )
    with keys("chilled", COP_nominal="chilled.COP_nominal", T_cw_in_nominal="chilled.T_cw_nominal_degC"):
        chiller = CarnotChiller(
            Q_dot_nominal=h.Q_nominal_kW * 1e3,
            COP_nominal=h.COP_nominal,
            T_chw_out_nominal=T_chw,
            T_cw_in_nominal=h.T_cw_nominal_degC + ZERO_C,
            m_cw_nominal=cold.m_nominal * cold.cp / CP_WATER / h.chillers,
        )
    # The heat of the CRAHs is that of the racks and of their own fans; what makes it out of reach is too little air or water.
    with keys("hall_air", Q_dot_nominal="hall_air.air_flow_m3_s", T_air_in_nominal="hall_air.T_return_nominal_degC"):
        crah = Crah(
            Q_dot_nominal=Q_crah,
            T_air_in_nominal=a.T_return_nominal_degC + ZERO_C,
            T_water_in_nominal=T_chw,
            m_water_nominal=h.flow_chw_kg_s,
            V_air_nominal=a.air_flow_m3_s,
            P_fan_nominal=a.fan_kW * 1e3,
            rho=rho_air,
        )
    return HybridSite(
        **identity(s),
        T_dew_hall=s.T_dew_hall_degC + ZERO_C,
        loss_fraction=s.loss_fraction,
        limits=HybridLimits(**in_kelvin(file.limits)),
        n_cdu=r.cdus,
        racks_per_cdu=r.per_cdu,
        rack_power=r.power_kW * 1e3,
        liquid_share=r.liquid_share,
        plates=r.plates,
        cold_plate=cold_plate(file.cold_plate),
        m_air_servers=rho_air * r.air_flow_m3_s_kW * 1e-3 * Q_air,
        air_idle=r.air_idle,
        exchanger=exchanger,
        cdu_pump=Pump(V_dot_nominal=V_sec, dp_nominal=c.dp_secondary_kPa * 1e3),
        C_secondary_loop=V_sec / np.sqrt(c.dp_secondary_kPa * 1e3),
        cp_secondary=cp_s,
        rho_secondary=rho_s,
        C_cdu_return=c.volume_return_m3 * rho_s * cp_s,
        C_cdu_supply=c.volume_supply_m3 * rho_s * cp_s,
        warm=warm,
        cold=cold,
        economiser=economiser,
        chiller=chiller,
        n_chillers=h.chillers,
        T_chw_min=T_chw - CHW_BELOW,
        T_chw_max=h.T_chw_max_degC + ZERO_C,
        chw_pump=Pump(V_dot_nominal=V_chw, dp_nominal=h.dp_chw_kPa * 1e3),
        C_chw_loop=V_chw / np.sqrt(h.dp_chw_kPa * 1e3),
        m_chw_nominal=h.flow_chw_kg_s,
        cp_water=cp_w,
        rho_water=rho_w,
        C_chw=0.5 * h.volume_chw_m3 * rho_w * cp_w,
        crah=crah,
        aisles=Aisles(r_0=a.recirculation, b_0=a.bypass, C_cold=a.C_cold_MJ_K * 1e6, C_hot=a.C_hot_MJ_K * 1e6),
    )


def _bank(loop: Loop, data: Coolers, name: str, m_users: float | None) -> Bank:
    """A bank of dry coolers; its circuit carries what its users are rated for, or what the coolers are."""
    coolant, T = FLUIDS[loop.coolant], data.T_out_nominal_degC + ZERO_C
    cp, rho = float(coolant.cp(T)), float(coolant.rho(T))
    section = f"{name}_coolers"
    with keys(section, T_out_nominal=f"{section}.T_out_nominal_degC", Q_dot_nominal=f"{section}.air_flow_m3_s",
              T_hot_in_nominal=f"{section}.T_in_nominal_degC"):  # fmt: skip
        cooler = DryCooler(
            Q_dot_nominal=data.Q_nominal_kW * 1e3,
            T_air_nominal=data.T_air_nominal_degC + ZERO_C,
            T_in_nominal=data.T_in_nominal_degC + ZERO_C,
            T_out_nominal=T,
            V_air_nominal=data.air_flow_m3_s,
            P_fan_nominal=data.fan_kW * 1e3,
            cp=cp,
        )
    m = cooler.m_nominal if m_users is None else m_users
    V, dp = m / rho, loop.dp_kPa * 1e3
    return Bank(
        cooler=cooler,
        pad=AdiabaticAssist(eff=data.pad_effectiveness, cycles=data.cycles),
        pump=Pump(V_dot_nominal=V / loop.pumps, dp_nominal=dp),
        n_pumps=loop.pumps,
        C_loop=V / np.sqrt(dp),
        m_nominal=m,
        cp=cp,
        rho=rho,
        C_supply=loop.volume_supply_m3 * rho * cp,
        C_return=loop.volume_return_m3 * rho * cp,
    )
