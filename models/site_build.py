"""From the data sheet of a liquid hall to its components in SI; refused values name the key that they come from."""

import numpy as np

from lowlift.models.build import cold_plate, identity, in_kelvin, keys
from lowlift.models.liquid_schema import LiquidFile
from lowlift.models.site import ZERO_C, ChilledBranch, Limits, Site
from lowlift.thermal.cdu import CDU
from lowlift.thermal.chiller import CarnotChiller
from lowlift.thermal.crah import Crah
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.fluids import FLUIDS, WATER
from lowlift.thermal.hydraulics import ControlValve, Pump
from lowlift.thermal.tower import CoolingTowerCell


def build_site(file: LiquidFile) -> Site:
    """Derive the SI components of a site from its checked data sheet.

    Raises:
        SiteValueError: a component refuses its values; names the key.
    """
    s, r, c, f, t = file.site, file.racks, file.cdu, file.facility, file.tower
    T_fws = c.T_fws_nominal_degC + ZERO_C
    coolant = FLUIDS[c.coolant]
    T_sec = c.T_return_nominal_degC + ZERO_C - 5.0
    cp_s, rho_s = float(coolant.cp(T_sec)), float(coolant.rho(T_sec))
    cp_w, rho_w = float(WATER.cp(T_fws)), float(WATER.rho(T_fws))

    per_cdu = np.array(r.per_cdu)
    groups = np.array(s.groups)
    n_cdu = len(per_cdu)
    V_pri = c.flow_primary_kg_s / rho_w
    dp_group = (f.dp_header_kPa + f.dp_piping_kPa) * 1e3
    V_group = groups * V_pri
    Q_liquid = r.power_kW * 1e3 * sum(r.per_cdu) * r.liquid_share
    Q_air = r.power_kW * 1e3 * sum(r.per_cdu) * (1.0 - r.liquid_share)
    chilled = None if file.chilled is None else _chilled(file, Q_air, cp_w, rho_w)
    m_crah = 0.0 if file.chilled is None else file.chilled.flow_chw_kg_s
    m_fws = n_cdu * c.flow_primary_kg_s + m_crah
    Q_reject = Q_liquid + (Q_air * 1.15 if chilled else 0.0)
    m_cond = 0.0 if file.chilled is None else file.chilled.chillers * file.chilled.flow_condenser_kg_s
    m_tower = Q_reject / (cp_w * t.range_K)
    V_tower = m_tower / rho_w
    # What makes the rated heat out of reach is too little tower water.
    with keys("economiser", T_cold_in_nominal="economiser.approach_K", m_cold_nominal="chilled.flow_condenser_kg_s",
               Q_dot_nominal="tower.range_K"):  # fmt: skip
        economiser = PlateHeatExchanger(
            Q_dot_nominal=Q_liquid,
            T_hot_in_nominal=T_fws + Q_liquid / (m_fws * cp_w),
            T_cold_in_nominal=T_fws - file.economiser.approach_K,
            m_hot_nominal=m_fws,
            m_cold_nominal=m_tower - m_cond,
            cp_hot=cp_w,
            cp_cold=cp_w,
        )
    return Site(
        **identity(s),
        T_dew_hall=s.T_dew_hall_degC + ZERO_C,
        loss_fraction=s.loss_fraction,
        limits=Limits(**in_kelvin(file.limits)),
        group_of_cdu=np.repeat(np.arange(len(groups)), groups),
        cdu_of_rack=np.repeat(np.arange(n_cdu), per_cdu),
        flow_fraction=np.concatenate([_fractions(int(n), r.flow_spread) for n in per_cdu]),
        rack_power=r.power_kW * 1e3,
        liquid_share=r.liquid_share,
        plates=r.plates,
        cold_plate=cold_plate(file.cold_plate),
        cp_secondary=cp_s,
        rho_secondary=rho_s,
        cp_water=cp_w,
        rho_water=rho_w,
        cdu=_cdu(file, cp_s, rho_s, cp_w, rho_w),
        facility_pump=Pump(V_dot_nominal=V_pri / f.pumps_per_group, dp_nominal=dp_group, motor_units=float(groups.mean())),
        pumps_per_group=f.pumps_per_group,
        C_piping=V_group / np.sqrt(f.dp_piping_kPa * 1e3),
        cells=f.cells,
        C_fws_supply=f.volume_supply_m3 * rho_w * cp_w,
        C_fws_return=f.volume_return_m3 * rho_w * cp_w,
        economiser=economiser,
        tower=_tower(file, Q_reject),
        n_cells=t.cells,
        tower_pump=Pump(V_dot_nominal=V_tower / t.pumps, dp_nominal=t.dp_nominal_kPa * 1e3),
        n_tower_pumps=t.pumps,
        C_tower_loop=V_tower / np.sqrt((t.dp_nominal_kPa - t.dp_static_kPa) * 1e3),
        dp_static=t.dp_static_kPa * 1e3,
        m_tower_nominal=m_tower,
        C_basin=t.volume_basin_m3 * rho_w * cp_w,
        C_cw_supply=t.volume_supply_m3 * rho_w * cp_w,
        C_cw_return=t.volume_return_m3 * rho_w * cp_w,
        chilled=chilled,
        air_path_COP=None if file.air_path is None else file.air_path.COP,
    )


def _cdu(file: LiquidFile, cp_s: float, rho_s: float, cp_w: float, rho_w: float) -> CDU:
    c = file.cdu
    V_sec, V_pri = c.flow_secondary_L_s * 1e-3, c.flow_primary_kg_s / rho_w
    dp_sec, dp_fix, dp_valve = (1e3 * x for x in (c.dp_secondary_kPa, c.dp_primary_fixed_kPa, c.dp_valve_kPa))
    with keys("cdu", Q_dot_nominal="cdu.Q_nominal_kW", T_hot_in_nominal="cdu.T_return_nominal_degC",
               T_cold_in_nominal="cdu.T_fws_nominal_degC"):  # fmt: skip
        return CDU(
            exchanger=PlateHeatExchanger(
                Q_dot_nominal=c.Q_nominal_kW * 1e3,
                T_hot_in_nominal=c.T_return_nominal_degC + ZERO_C,
                T_cold_in_nominal=c.T_fws_nominal_degC + ZERO_C,
                m_hot_nominal=V_sec * rho_s,
                m_cold_nominal=c.flow_primary_kg_s,
                cp_hot=cp_s,
                cp_cold=cp_w,
            ),
            pump=Pump(V_dot_nominal=V_sec, dp_nominal=dp_sec),
            valve=ControlValve(C_max=V_pri / np.sqrt(dp_valve)),
            C_secondary_loop=V_sec / np.sqrt(dp_sec),
            C_primary_fixed=V_pri / np.sqrt(dp_fix),
            C_return=c.volume_return_m3 * rho_s * cp_s,
            C_supply=c.volume_supply_m3 * rho_s * cp_s,
        )


def _tower(file: LiquidFile, Q_reject: float) -> CoolingTowerCell:
    t = file.tower
    Q_cell = Q_reject * t.heat_margin / t.cells
    with keys("tower", T_wb_nominal="site.T_wb_design_degC", approach_nominal="tower.approach_K", range_nominal="tower.range_K",
               V_air_nominal="tower.approach_K", drift="tower.drift", cycles="tower.cycles"):  # fmt: skip
        return CoolingTowerCell(
            Q_dot_nominal=Q_cell,
            T_wb_nominal=file.site.T_wb_design_degC + ZERO_C,
            approach_nominal=t.approach_K,
            range_nominal=t.range_K,
            V_air_nominal=_tower_air(Q_cell),
            P_fan_nominal=t.fan_kW_per_cell * 1e3,
            drift=t.drift,
            cycles=t.cycles,
        )


def _tower_air(Q_dot: float) -> float:
    """Air of one cell [m^3/s]: about 2.7e-5 m^3/s per watt rejected, the ratio of the EnergyPlus test tower."""
    return 32.0 / 1.167e6 * Q_dot


def _fractions(n: int, spread: float) -> np.ndarray:
    """Flow shares of ``n`` parallel racks, falling linearly along the manifold by ``spread`` of their mean."""
    if n == 1:
        return np.ones(1)
    shares: np.ndarray = (1.0 + spread * (0.5 - np.arange(n) / (n - 1))) / n
    return shares


def _chilled(file: LiquidFile, Q_air: float, cp_w: float, rho_w: float) -> ChilledBranch:
    data = file.chilled
    assert data is not None  # noqa: S101 - narrowed by the caller
    T_chw = data.T_chw_nominal_degC + ZERO_C
    V_chw = data.flow_chw_kg_s / rho_w
    dp = data.dp_chw_kPa * 1e3
    with keys("chilled", COP_nominal="chilled.COP_nominal", T_chw_out_nominal="chilled.T_chw_nominal_degC",
               T_cw_in_nominal="chilled.T_cw_nominal_degC"):  # fmt: skip
        chiller = CarnotChiller(
            Q_dot_nominal=data.Q_nominal_kW * 1e3,
            COP_nominal=data.COP_nominal,
            T_chw_out_nominal=T_chw,
            T_cw_in_nominal=data.T_cw_nominal_degC + ZERO_C,
            m_cw_nominal=data.flow_condenser_kg_s,
        )
    # The heat of the CRAHs is that of the racks; what makes it out of reach is too little air or water.
    with keys("chilled", Q_dot_nominal="chilled.air_flow_m3_s", T_air_in_nominal="chilled.T_air_return_nominal_degC",
               T_hot_in_nominal="chilled.T_air_return_nominal_degC", T_water_in_nominal="chilled.T_chw_nominal_degC"):  # fmt: skip
        crah = Crah(
            Q_dot_nominal=Q_air,
            T_air_in_nominal=data.T_air_return_nominal_degC + ZERO_C,
            T_water_in_nominal=T_chw,
            m_water_nominal=data.flow_chw_kg_s,
            V_air_nominal=data.air_flow_m3_s,
            P_fan_nominal=data.fan_kW * 1e3,
        )
    return ChilledBranch(
        chiller=chiller,
        n_chillers=data.chillers,
        m_condenser=data.flow_condenser_kg_s,
        crah=crah,
        pump=Pump(V_dot_nominal=V_chw, dp_nominal=dp),
        C_loop=V_chw / np.sqrt(dp),
        C_water=0.5 * data.volume_chw_m3 * rho_w * cp_w,
        C_air=0.5 * data.C_air_MJ_K * 1e6,
        server_air=data.flow_air_server_m3_s_kW * 1.2 / 1e3,
        T_chw_min=T_chw - 2.0,
        T_chw_max=T_chw + 12.0,
    )
