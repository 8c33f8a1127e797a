"""What the sensors of a liquid hall can plausibly say: fastest changes, what must move when load does, and rated readings."""

from lowlift.controllers.operation import ReadingRules, Watched
from lowlift.controllers.plausible import LOAD_MOVED, MARGIN, SPEED_MOVED, WEATHER_RATE
from lowlift.models.site import Site

CP_AIR = 1006.0


def reading_rules(site: Site) -> ReadingRules:
    """All rules of one site."""
    jumps = {}
    if site.chilled is not None:
        wse = site.economiser
        # Mixing points have no heat capacity of their own.
        jumps = {"T_plant": wse.T_hot_in_nominal - wse.T_cold_in_nominal, "T_inlet": 1.0 / (site.chilled.server_air * CP_AIR)}
    return ReadingRules(rates=fastest_changes(site), jumps=jumps, watched=watched(site), rated=rated_readings(site))


def fastest_changes(site: Site) -> dict[str, float]:
    """Equation (1) of :mod:`lowlift.controllers.plausible` for each temperature [K/s].

    The dew point is not limited: it must be followed at once.
    """
    s, cdu = site, site.cdu
    rack = s.rack_power * s.liquid_share / s.plates
    Q_cdu, Q = cdu.exchanger.Q_dot_nominal, s.P_it_nominal
    physical = {
        "T_chip": rack / s.cold_plate.C_chip,
        "T_return_hot": rack / s.cold_plate.C_cool,
        "T_return": Q_cdu / cdu.C_return,
        "T_supply": Q_cdu / cdu.C_supply,
        "T_fws": Q / (s.C_fws_supply / s.cells),
        "T_fws_return": Q / (s.C_fws_return / s.cells),
        "T_tower": Q / s.C_basin,
        "T_tower_return": Q / (s.C_cw_return / s.cells),
    }
    if s.chilled is not None:
        c = s.chilled
        air = s.P_it_nominal * (1.0 - s.liquid_share) / c.C_air
        physical |= {
            "T_chw": c.n_chillers * c.chiller.Q_dot_nominal / c.C_water,
            "T_plant": physical["T_fws_return"],
            "T_air": air,
            "T_inlet": air,
        }
    return {name: MARGIN * rate for name, rate in physical.items()} | {"T_wb": WEATHER_RATE, "T_db": WEATHER_RATE}


def watched(site: Site) -> tuple[Watched, ...]:
    """Temperatures by the heat that reaches them, flows by the speed or opening that drives them.

    Chilled water is not watched: a chiller holds it at its setpoint whatever the load.
    """
    rack, cdu = LOAD_MOVED * site.rack_power * site.liquid_share, LOAD_MOVED * site.cdu.exchanger.Q_dot_nominal
    pairs = [
        ("T_chip", "q_rack", rack), ("T_return_hot", "q_rack", rack), ("T_return", "q_cdu", cdu), ("T_supply", "q_cdu", cdu),
        ("V_sec", "y_cdu", SPEED_MOVED), ("m_pri", "v_cdu", SPEED_MOVED), ("m_cw", "y_cw", SPEED_MOVED),
    ]  # fmt: skip
    total = LOAD_MOVED * site.P_it_nominal
    pairs += [(name, "", total) for name in ("T_fws", "T_fws_return", "T_tower", "T_tower_return")]
    if site.chilled is not None:
        air = LOAD_MOVED * site.P_it_nominal * (1.0 - site.liquid_share)
        pairs += [("T_plant", "", total), ("T_air", "q_air", air), ("T_inlet", "q_air", air), ("m_chw", "y_chw", SPEED_MOVED)]
    return tuple(Watched(reading=a, driver=b, moved=moved) for a, b, moved in pairs)


def rated_readings(site: Site) -> dict[str, float]:
    """What stands in for a sensor that has not spoken yet: limits where there are any, else rated values, and no proof of flow."""
    s, lim, cdu, wse = site, site.limits, site.cdu, site.economiser
    values = {
        "T_supply": lim.T_supply_max, "T_return": lim.T_return_max, "T_return_hot": lim.T_return_max, "T_chip": lim.T_chip_max,
        "q_cdu": cdu.exchanger.Q_dot_nominal, "q_rack": s.rack_power * s.liquid_share, "V_sec": cdu.pump.V_dot_nominal,
        "m_pri": cdu.exchanger.m_cold_nominal, "y_cdu": 1.0, "v_cdu": 1.0, "override": 0.0,
        "dp_header": (cdu.exchanger.m_cold_nominal / s.rho_water / float(cdu.primary_conductance(1.0))) ** 2,
        "y_fws": 1.0, "T_fws": cdu.exchanger.T_cold_in_nominal, "T_fws_return": wse.T_hot_in_nominal, "T_tower": wse.T_cold_in_nominal,
        "T_tower_return": wse.T_cold_in_nominal + s.tower.range_nominal, "m_cw": 0.0, "y_cw": 1.0, "y_fan": 1.0,
        "n_cells": float(s.n_cells), "n_cw": float(s.n_tower_pumps), "n_fws": float(s.pumps_per_group),
        "q_air": s.P_it_nominal * (1.0 - s.liquid_share), "T_wb": s.T_wb_design, "T_db": s.T_db_design, "p": s.p,
        "T_dew_hall": s.T_dew_hall,
    }  # fmt: skip
    if s.chilled is not None and lim.T_inlet_max is not None:
        c = s.chilled
        values |= {
            "T_chw": c.chiller.T_chw_out_nominal, "T_plant": wse.T_hot_in_nominal, "T_air": lim.T_inlet_max, "T_inlet": lim.T_inlet_max,
            "n_chillers": 0.0, "Q_chiller": 0.0, "y_chw": 1.0, "m_chw": 0.0, "m_air": float(c.crah.m_air(1.0)),
        }  # fmt: skip
    return values
