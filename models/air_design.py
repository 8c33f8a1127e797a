"""The design point of an air hall: recirculated air, all coolers at full capacity, rated load, design weather.

Outdoor air may be unfit (smoke, humidity), so the site must be able to do without.
"""

import numpy as np

from lowlift.models.air_equations import RHO_RATED, T_FLOW, W_FLOW
from lowlift.models.air_hall import AirHall
from lowlift.models.plant import Conditions
from lowlift.thermal import psychrometrics as psy


def design_point(plant: AirHall, share: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States at rest (1, nx), actuators (1, nu) and disturbances (1, nd) at a share of the rated load."""
    s, one = plant.site, np.ones(1)
    values = {"y_fan": 1.0, "y_damper": s.x_min, "y_iec": 1.0, "v_spray": 1.0, "v_pad": 0.0, "n_dx": float(s.n_dx), "y_dx": 1.0}
    u = np.asarray(plant.actuators.pack(values))[None]
    d = plant.disturbances_from(
        Conditions(q_liquid=np.zeros((1, s.n_racks)), q_air=share * s.P_it_nominal * one, T_wb=s.T_wb_design * one,
                   T_db=s.T_db_design * one, p=s.p * one)
    )  # fmt: skip
    return plant.steady(u, d), u, d


def margins(plant: AirHall, share: float) -> dict[str, float]:
    """Distance of the air at the servers to its limits [K] at a share of the rated load."""
    lim, T = plant.site.limits, plant.states.unpack(design_point(plant, share)[0])
    return {
        "server inlet": lim.T_inlet_max - float(T["T_cold"][0, 0]),
        "dew point": lim.T_dew_max - float(psy.dew_point(T["w_cold"], plant.site.p)[0, 0]),
    }


def extrapolated(plant: AirHall, share: float) -> list[str]:
    """Declared ranges of components that the design point leaves, in words; empty inside all."""
    s = plant.site
    x, u, d = design_point(plant, share)
    T, w = plant.states.unpack(x), plant.disturbances.unpack(d)
    of = dict(zip(plant.flux_names, plant.flux_vector(x, u, d).T, strict=True))
    rho = 1.0 / float(psy.specific_volume(T_FLOW, W_FLOW, s.p))
    u_rack = (w["q_row"] / s.racks_of_row / s.rack_power - s.server.idle_share) / (1.0 - s.server.idle_share)
    fans, P_it = of["P_server_fans"], w["q_row"].sum() + of["P_psu"] + of["P_server_fans"]
    T_wb_in = psy.wet_bulb(of["T_evaporative"], T["w_cold"][:, 0], s.p)
    return [
        *s.server.outside(u=u_rack, T_in=T["T_cold"], w=T["w_cold"]),
        *s.psu.outside(x=(s.rack_power * share + fans / s.n_racks) / s.psu.P_nominal),
        *s.chain.outside(P_it=P_it),
        *s.aisles.outside(m_supply=of["m_supply"], m_servers=of["m_servers"]),
        *s.indirect.outside(T_wb_sec=w["T_wb"]),
        *s.indirect.pad.outside(V=s.V_secondary / s.indirect.pad.area, depth=s.indirect.pad.depth),
        *s.pad.pad.outside(V=of["m_supply"] / rho / s.pad.pad.area, depth=s.pad.pad.depth),
        *s.dx.outside(T_odb=w["T_db"], T_wb=T_wb_in, r=of["m_supply"] / (RHO_RATED * s.V_supply)),
    ]
