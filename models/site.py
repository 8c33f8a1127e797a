"""A site: the components of one plant in SI, built from its data sheet.

The site file gives nominal conditions; this module derives resistances, flow coefficients and capacities from
them, so that the rating points of the file are met exactly by construction.
"""

import dataclasses
from importlib import resources
from pathlib import Path

import numpy as np

from lowlift.models.schema import SiteError, SiteFile, read_site_file
from lowlift.thermal.cdu import CDU
from lowlift.thermal.chiller import CarnotChiller
from lowlift.thermal.coldplate import ColdPlate
from lowlift.thermal.crah import Crah
from lowlift.thermal.exchange import PlateHeatExchanger
from lowlift.thermal.fluids import FLUIDS, WATER
from lowlift.thermal.hydraulics import ControlValve, Pump
from lowlift.thermal.psychrometrics import pressure_at_altitude
from lowlift.thermal.tower import CoolingTowerCell

ZERO_C = 273.15


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """Temperature limits [K] that every controller must keep, soft but counted."""

    T_chip_max: float
    T_return_max: float
    T_supply_min: float
    T_supply_max: float
    T_inlet_max: float | None
    dew_point_margin: float
    T_basin_min: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class ChilledBranch:
    """Trim chillers and CRAHs on the branch that leaves the facility supply header."""

    chiller: CarnotChiller
    n_chillers: int
    m_condenser: float
    """Condenser water of each chiller when on [kg/s]."""
    crah: Crah
    pump: Pump
    C_loop: float
    """Flow coefficient of the CRAH water circuit [m^3/s per Pa^0.5]."""
    C_water: float
    """Heat capacity of the evaporator and supply water volume, and of the return volume [J/K]."""
    C_air: float
    """Heat capacity of the cold aisle, and of the hot aisle [J/K]."""
    server_air: float
    """Air mass flow that the servers draw, per watt of heat to air [kg/s/W]."""
    T_chw_min: float
    """Lowest leaving setpoint of the chillers [K]."""
    T_chw_max: float
    """Highest leaving setpoint: practically off [K]."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site:
    """Everything a plant needs to know of one site, SI units, arrays over CDUs (n,) or racks (r,)."""

    name: str
    title: str
    weather: str
    workload: str
    p: float
    """Atmospheric pressure [Pa]."""
    T_wb_design: float
    T_db_design: float
    T_dew_hall: float
    loss_fraction: float
    limits: Limits
    # topology
    group_of_cdu: np.ndarray
    cdu_of_rack: np.ndarray
    flow_fraction: np.ndarray
    """Share of its CDU's flow that each rack takes; sums to one over a CDU."""
    rack_power: float
    liquid_share: float
    plates: int
    cold_plate: ColdPlate
    # secondary and facility loops
    cp_secondary: float
    rho_secondary: float
    cp_water: float
    rho_water: float
    cdu: CDU
    facility_pump: Pump
    """Pump unit per CDU: a group of ``k`` CDUs with ``j`` pumps running counts as ``j k`` units in parallel."""
    pumps_per_group: int
    C_piping: np.ndarray
    """Flow coefficient of each group's piping [m^3/s per Pa^0.5], shape (g,)."""
    cells: int
    C_fws_supply: float
    C_fws_return: float
    # heat rejection
    economiser: PlateHeatExchanger
    tower: CoolingTowerCell
    n_cells: int
    tower_pump: Pump
    n_tower_pumps: int
    C_tower_loop: float
    dp_static: float
    m_tower_nominal: float
    C_basin: float
    C_cw_supply: float
    C_cw_return: float
    # heat to air
    chilled: ChilledBranch | None
    air_path_COP: float | None

    @property
    def n_cdu(self) -> int:
        """Number of CDUs."""
        return len(self.group_of_cdu)

    @property
    def n_racks(self) -> int:
        """Number of racks."""
        return len(self.cdu_of_rack)

    @property
    def n_groups(self) -> int:
        """Number of pump groups."""
        return len(self.C_piping)

    @property
    def P_it_nominal(self) -> float:
        """Rated IT power [W]."""
        return self.rack_power * self.n_racks


def site_names() -> list[str]:
    """Names of the packaged sites."""
    folder = resources.files("lowlift.models.sites")
    return sorted(Path(f.name).stem for f in folder.iterdir() if f.name.endswith(".toml"))


def load_site(name_or_path: str | Path) -> Site:
    """Load a packaged site by name or any site file by path.

    Raises:
        SiteError: unknown name (with near matches), unreadable or invalid file.
    """
    path = Path(name_or_path)
    if path.suffix == ".toml":
        return build_site(read_site_file(path))
    if str(name_or_path) not in site_names():
        import difflib

        near = difflib.get_close_matches(str(name_or_path), site_names(), n=3, cutoff=0.4)
        hint = f"did you mean {', '.join(near)}?" if near else f"known: {', '.join(site_names())}"
        raise SiteError(f"unknown plant {str(name_or_path)!r}; {hint}")
    with resources.as_file(resources.files("lowlift.models.sites") / f"{name_or_path}.toml") as file:
        return build_site(read_site_file(file))


def build_site(file: SiteFile) -> Site:
    """Derive the SI components of a site from its checked data sheet."""
    s, r, c, f, t = file.site, file.racks, file.cdu, file.facility, file.tower
    if c.coolant not in FLUIDS:
        raise SiteError(f"cdu.coolant = {c.coolant!r}: must be one of {', '.join(sorted(FLUIDS))}")
    T_fws = c.T_fws_nominal_degC + ZERO_C
    T_sec = c.T_return_nominal_degC + ZERO_C - 5.0
    coolant = FLUIDS[c.coolant]
    cp_s, rho_s = float(coolant.cp(T_sec)), float(coolant.rho(T_sec))
    cp_w, rho_w = float(WATER.cp(T_fws)), float(WATER.rho(T_fws))

    per_cdu = np.array(r.per_cdu)
    groups = np.array(s.groups)
    n_cdu = len(per_cdu)
    V_sec, V_pri = c.flow_secondary_L_s * 1e-3, c.flow_primary_kg_s / rho_w
    dp_sec, dp_fix, dp_valve = (1e3 * x for x in (c.dp_secondary_kPa, c.dp_primary_fixed_kPa, c.dp_valve_kPa))
    cdu = CDU(
        exchanger=PlateHeatExchanger(
            Q_dot_nominal=c.Q_nominal_kW * 1e3,
            T_hot_in_nominal=c.T_return_nominal_degC + ZERO_C,
            T_cold_in_nominal=T_fws,
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
    dp_group = (f.dp_header_kPa + f.dp_piping_kPa) * 1e3
    V_group = groups * V_pri
    Q_liquid = r.power_kW * 1e3 * per_cdu.sum() * r.liquid_share
    Q_air = r.power_kW * 1e3 * per_cdu.sum() * (1.0 - r.liquid_share)
    chilled = None if file.chilled is None else _chilled(file, Q_air, cp_w, rho_w)
    m_crah = 0.0 if file.chilled is None else file.chilled.flow_chw_kg_s
    m_fws = n_cdu * c.flow_primary_kg_s + m_crah
    Q_reject = Q_liquid + (Q_air * 1.15 if chilled else 0.0)
    m_cond = 0.0 if file.chilled is None else file.chilled.chillers * file.chilled.flow_condenser_kg_s
    m_tower = Q_reject / (cp_w * t.range_K)
    T_cw = T_fws - file.economiser.approach_K
    cell = CoolingTowerCell(
        Q_dot_nominal=Q_reject * t.heat_margin / t.cells,
        T_wb_nominal=s.T_wb_design_degC + ZERO_C,
        approach_nominal=t.approach_K,
        range_nominal=t.range_K,
        V_air_nominal=_tower_air(Q_reject * t.heat_margin / t.cells),
        P_fan_nominal=t.fan_kW_per_cell * 1e3,
        drift=t.drift,
        cycles=t.cycles,
    )
    V_tower = m_tower / rho_w
    lim = file.limits
    return Site(
        name=s.name,
        title=s.title,
        weather=s.weather,
        workload=s.workload,
        p=float(pressure_at_altitude(s.altitude_m)),
        T_wb_design=s.T_wb_design_degC + ZERO_C,
        T_db_design=s.T_db_design_degC + ZERO_C,
        T_dew_hall=s.T_dew_hall_degC + ZERO_C,
        loss_fraction=s.loss_fraction,
        limits=Limits(
            T_chip_max=lim.T_chip_max_degC + ZERO_C,
            T_return_max=lim.T_return_max_degC + ZERO_C,
            T_supply_min=lim.T_supply_min_degC + ZERO_C,
            T_supply_max=lim.T_supply_max_degC + ZERO_C,
            T_inlet_max=None if lim.T_inlet_max_degC is None else lim.T_inlet_max_degC + ZERO_C,
            dew_point_margin=lim.dew_point_margin_K,
            T_basin_min=lim.T_basin_min_degC + ZERO_C,
        ),
        group_of_cdu=np.repeat(np.arange(len(groups)), groups),
        cdu_of_rack=np.repeat(np.arange(n_cdu), per_cdu),
        flow_fraction=np.concatenate([_fractions(int(n), r.flow_spread) for n in per_cdu]),
        rack_power=r.power_kW * 1e3,
        liquid_share=r.liquid_share,
        plates=r.plates,
        cold_plate=ColdPlate(
            R_chip_plate=file.cold_plate.R_chip_plate_K_W,
            R_plate_coolant_nominal=file.cold_plate.R_plate_coolant_K_W,
            m_dot_nominal=file.cold_plate.m_dot_nominal_kg_s,
            exponent=file.cold_plate.exponent,
            C_chip=file.cold_plate.C_chip_J_K,
            C_plate=file.cold_plate.C_plate_J_K,
            C_cool=file.cold_plate.C_cool_J_K,
        ),
        cp_secondary=cp_s,
        rho_secondary=rho_s,
        cp_water=cp_w,
        rho_water=rho_w,
        cdu=cdu,
        facility_pump=Pump(V_dot_nominal=V_pri / f.pumps_per_group, dp_nominal=dp_group, motor_units=float(groups.mean())),
        pumps_per_group=f.pumps_per_group,
        C_piping=V_group / np.sqrt(f.dp_piping_kPa * 1e3),
        cells=f.cells,
        C_fws_supply=f.volume_supply_m3 * rho_w * cp_w,
        C_fws_return=f.volume_return_m3 * rho_w * cp_w,
        economiser=PlateHeatExchanger(
            Q_dot_nominal=Q_liquid,
            T_hot_in_nominal=T_fws + Q_liquid / (m_fws * cp_w),
            T_cold_in_nominal=T_cw,
            m_hot_nominal=m_fws,
            m_cold_nominal=m_tower - m_cond,
            cp_hot=cp_w,
            cp_cold=cp_w,
        ),
        tower=cell,
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


def _fractions(n: int, spread: float) -> np.ndarray:
    """Flow shares of ``n`` parallel racks, falling linearly along the manifold by ``spread`` of their mean."""
    if n == 1:
        return np.ones(1)
    shares: np.ndarray = (1.0 + spread * (0.5 - np.arange(n) / (n - 1))) / n
    return shares


def _tower_air(Q_dot: float) -> float:
    """Air of one cell [m^3/s]: about 2.7e-5 m^3/s per watt rejected, the ratio of the EnergyPlus test tower."""
    return 32.0 / 1.167e6 * Q_dot


def _chilled(file: SiteFile, Q_air: float, cp_w: float, rho_w: float) -> ChilledBranch:
    data = file.chilled
    assert data is not None  # noqa: S101 - narrowed by the caller
    T_chw = data.T_chw_nominal_degC + ZERO_C
    V_chw = data.flow_chw_kg_s / rho_w
    dp = data.dp_chw_kPa * 1e3
    return ChilledBranch(
        chiller=CarnotChiller(
            Q_dot_nominal=data.Q_nominal_kW * 1e3,
            COP_nominal=data.COP_nominal,
            T_chw_out_nominal=T_chw,
            T_cw_in_nominal=data.T_cw_nominal_degC + ZERO_C,
            m_cw_nominal=data.flow_condenser_kg_s,
        ),
        n_chillers=data.chillers,
        m_condenser=data.flow_condenser_kg_s,
        crah=Crah(
            Q_dot_nominal=Q_air,
            T_air_in_nominal=data.T_air_return_nominal_degC + ZERO_C,
            T_water_in_nominal=T_chw,
            m_water_nominal=data.flow_chw_kg_s,
            V_air_nominal=data.air_flow_m3_s,
            P_fan_nominal=data.fan_kW * 1e3,
        ),
        pump=Pump(V_dot_nominal=V_chw, dp_nominal=dp),
        C_loop=V_chw / np.sqrt(dp),
        C_water=0.5 * data.volume_chw_m3 * rho_w * cp_w,
        C_air=0.5 * data.C_air_MJ_K * 1e6,
        server_air=data.flow_air_server_m3_s_kW * 1.2 / 1e3,
        T_chw_min=T_chw - 2.0,
        T_chw_max=T_chw + 12.0,
    )
