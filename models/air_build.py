"""From the data sheet of an air hall to its components in SI; refused values name the key that they come from."""

import numpy as np

from lowlift.models.air_schema import AirFile
from lowlift.models.air_site import AirLimits, AirSite, AirVolume
from lowlift.models.build import identity, in_kelvin, keys
from lowlift.models.site import ZERO_C
from lowlift.thermal import psychrometrics as psy
from lowlift.thermal.aisle import Aisles
from lowlift.thermal.dx import DxUnit
from lowlift.thermal.evaporative import CelDekPad, DirectEvaporativeCooler
from lowlift.thermal.hydraulics import Fan
from lowlift.thermal.indirect_evaporative import IndirectDryCoil
from lowlift.thermal.power_chain import Converter, PowerChain
from lowlift.thermal.server import AirServer

T_HALL, W_HALL = 298.15, 0.008
"""Air of which the volumes are filled [K, kg/kg]."""


def build_site(file: AirFile) -> AirSite:
    """Derive the SI components of an air hall from its checked data sheet.

    Raises:
        SiteValueError: a component refuses its values; names the key.
    """
    s, a, h, i = file.site, file.aisles, file.handlers, file.indirect
    p = float(psy.pressure_at_altitude(s.altitude_m))
    rho = 1.0 / float(psy.specific_volume(T_HALL, W_HALL, p))

    def volume(V: float, C: float) -> AirVolume:
        return AirVolume(M=rho * V, C=C * 1e6)

    return AirSite(
        **identity(s),
        limits=AirLimits(**in_kelvin(file.limits)),
        racks_of_row=np.array(file.racks.per_row),
        rack_power=file.racks.power_kW * 1e3,
        server=_server(file),
        psu=_psu(file),
        chain=_chain(file),
        aisles=Aisles(r_0=a.recirculation, b_0=a.bypass),
        C_leak=a.leak_share * rho * h.air_flow_m3_s / np.sqrt(a.leak_dp_Pa),
        supply=volume(a.volume_supply_m3, a.C_supply_MJ_K),
        cold=volume(a.volume_cold_m3, a.C_cold_MJ_K),
        hot=volume(a.volume_hot_m3, a.C_hot_MJ_K),
        V_supply=h.air_flow_m3_s,
        fan=Fan(P_nominal=h.air_flow_m3_s * h.dp_Pa / h.fan_efficiency),
        x_min=h.outdoor_min,
        pad=DirectEvaporativeCooler(
            pad=CelDekPad(area=h.air_flow_m3_s / file.pads.face_velocity_m_s, depth=file.pads.depth_m),
            P_pump=file.pads.pump_kW * 1e3,
            cycles=file.water.cycles,
        ),
        indirect=IndirectDryCoil(
            pad=CelDekPad(area=i.air_flow_m3_s / i.face_velocity_m_s, depth=i.depth_m),
            eff_hx=i.effectiveness,
            P_pump=i.pump_kW * 1e3,
            dp_fan=i.dp_Pa,
            eta_fan=i.fan_efficiency,
        ),
        V_secondary=i.air_flow_m3_s,
        secondary_fan=Fan(P_nominal=i.air_flow_m3_s * i.dp_Pa / i.fan_efficiency),
        dx=DxUnit(Q_dot_nominal=file.dx.Q_nominal_kW * 1e3, COP_nominal=file.dx.COP_nominal, P_fan_nominal=0.0),
        n_dx=file.dx.units,
        contact=file.dx.contact,
        cycles=file.water.cycles,
    )


def _server(file: AirFile) -> AirServer:
    r = file.racks
    with keys("racks", r_hot="racks.fan_reserve"):
        return AirServer(
            P_nominal=r.power_kW * 1e3,
            V_nominal=r.air_flow_m3_s,
            P_fan_nominal=r.fan_kW * 1e3,
            idle_share=r.idle_share,
            r_idle=r.fan_idle,
            r_hot=r.fan_reserve,
            T_ramp=r.T_ramp_degC + ZERO_C,
            ramp=r.ramp_1_K,
            exponent=r.fan_exponent,
            hA_nominal=r.hA_kW_K * 1e3,
            C=r.C_kJ_K * 1e3,
        )


def _psu(file: AirFile) -> Converter:
    r = file.racks
    with keys("racks", eta_1="racks.psu_efficiency"):
        return Converter(P_nominal=r.psu_kW * 1e3, load_1=r.psu_load[0], load_2=r.psu_load[1], eta_1=r.psu_efficiency[0],
                         eta_2=r.psu_efficiency[1], eta_3=r.psu_efficiency[2])  # fmt: skip


def _chain(file: AirFile) -> PowerChain:
    c = file.power

    def converter(name: str, kW: float, eta: list[float]) -> Converter:
        with keys("power", eta_1=f"power.{name}_efficiency"):
            return Converter(P_nominal=kW * 1e3, eta_1=eta[0], eta_2=eta[1], eta_3=eta[2])

    return PowerChain(ups=converter("ups", c.ups_kW, c.ups_efficiency), pdu=converter("pdu", c.pdu_kW, c.pdu_efficiency),
                      n_ups=float(c.ups), n_pdu=float(c.pdu))  # fmt: skip
