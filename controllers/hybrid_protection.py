"""What protects a hybrid hall whoever decides: interlocks, fail-safe setpoints, plausible readings."""

from collections.abc import Mapping

import numpy as np

from lowlift.controllers.audit import AuditLog, Kind
from lowlift.controllers.interlocks import FLOW_PROVEN, Machines
from lowlift.controllers.operation import ReadingRules, SafetyRules, Watched
from lowlift.controllers.plausible import LOAD_MOVED, MARGIN, SPEED_MOVED, WEATHER_RATE
from lowlift.models.hybrid_equations import CONDENSER_LEAST
from lowlift.models.hybrid_hall import HybridHall
from lowlift.models.hybrid_site import HybridSite
from lowlift.models.hybrid_tables import T_PAD_RANGE
from lowlift.thermal.hall_air import CP_AIR

T_FROST = 277.15
"""Dry bulb below which pads are drained [K]."""


class HybridInterlocks:
    """Applied to the actuators of a batch of hybrid halls after every other decision.

    - No water on pads in frost.
    - No chiller without chilled water and condenser coolant that are *measured* to flow, and no restart within its minimum off time.
    - No chilled-water setpoint below the dew point plus margin, whatever ramp its actuator is on.
    """

    def __init__(self, plant: HybridHall) -> None:
        self.plant, self.site = plant, plant.site
        self.machines = Machines(self.site.n_chillers)

    def reset(self) -> None:
        """Start a run."""
        self.machines.reset()

    def apply(self, t: float, u: np.ndarray, readings: Mapping[str, np.ndarray], audit: AuditLog) -> np.ndarray:
        """Actuators ``(b, nu)`` without forbidden combinations."""
        u, r, s, at = u.copy(), readings, self.site, self.plant.actuators.slices
        frost = r["T_db"] < T_FROST
        for name in ("wet_warm", "wet_cold"):
            for row in np.flatnonzero((frost & (u[:, at[name]] > 0.0))[:, 0]):
                audit.note(t, int(row), name, Kind.INTERLOCK, "no water on pads in frost", float(u[row, at[name]][0]), 0.0)
            u[:, at[name]] = np.where(frost, 0.0, u[:, at[name]])
        u[:, at["T_chw_set"]] = np.maximum(u[:, at["T_chw_set"]], r["T_dew_hall"] + s.limits.dew_point_margin)
        asked = np.rint(u[:, at["n_chillers"]])
        chilled = r["m_chw"] >= FLOW_PROVEN * s.m_chw_nominal
        condensers = np.floor(np.nan_to_num(r["m_cold"]) / (CONDENSER_LEAST * s.cold.m_nominal / s.n_chillers))
        proven = np.where(chilled, np.minimum(asked, condensers), 0.0)
        for row in np.flatnonzero((proven < asked)[:, 0]):
            what = "chilled water" if not chilled[row, 0] else "condenser coolant"
            audit.note(t, int(row), "n_chillers", Kind.INTERLOCK, f"no chiller without {what}", float(asked[row, 0]), float(proven[row, 0]))
        u[:, at["n_chillers"]] = self.machines.stage(t, asked, proven, audit)
        return u


def safety(site: HybridSite) -> SafetyRules:
    """Full flow, water as cold as the dew point allows, pads wet."""
    low = {s.name: s.low for s in site.sheet.setpoints.signals}
    return SafetyRules(
        fail_safe={"T_warm_set": low["T_warm_set"] + 8.0, "T_cold_set": 288.15, "T_pad_warm_set": T_PAD_RANGE[0],
                   "T_pad_cold_set": T_PAD_RANGE[0], "T_chw_set": low["T_chw_set"], "T_air_set": low["T_air_set"] + 2.0},
        dry=("T_warm_set", "T_chw_set"), dew_point_margin=site.limits.dew_point_margin, T_dew=site.T_dew_hall,
    )  # fmt: skip


def reading_rules(site: HybridSite) -> ReadingRules:
    """Rates from the rated heat over the heat capacity that it warms; the mixing points may jump by their rated rise."""
    s, plate = site, site.cold_plate
    rack = s.rack_power * s.liquid_share
    C_rack = s.plates * (plate.C_chip + plate.C_plate + plate.C_cool)
    Q_cdu, Q_air = s.exchanger.Q_dot_nominal, s.P_it_nominal * (1.0 - s.liquid_share)
    Q_liquid = s.P_it_nominal * s.liquid_share
    physical = {
        "T_chip": rack / C_rack, "T_return_hot": rack / C_rack, "T_return": Q_cdu / s.C_cdu_return, "T_supply": Q_cdu / s.C_cdu_supply,
        "T_warm": Q_liquid / s.warm.C_supply, "T_warm_return": Q_liquid / s.warm.C_return, "T_cold": 2.0 * Q_air / s.cold.C_supply,
        "T_cold_return": 2.0 * Q_air / s.cold.C_return, "T_chw": s.n_chillers * s.chiller.Q_dot_nominal / s.C_chw,
        "T_chw_return": Q_air / s.C_chw, "T_plant": Q_air / s.C_chw, "T_air": Q_air / s.aisles.C_cold, "T_inlet": Q_air / s.aisles.C_cold,
        "T_hot": Q_air / s.aisles.C_hot,
    }  # fmt: skip
    free = s.economiser
    load_rack, load_cdu, load_air = LOAD_MOVED * rack, LOAD_MOVED * Q_cdu, LOAD_MOVED * Q_air
    watched = [
        ("T_chip", "q_rack", load_rack), ("T_return_hot", "q_rack", load_rack), ("T_return", "q_cdu", load_cdu),
        ("T_supply", "q_cdu", load_cdu), ("V_sec", "y_cdu", SPEED_MOVED), ("m_warm", "y_warm", SPEED_MOVED),
        ("m_cold", "y_cold", SPEED_MOVED), ("m_chw", "y_chw", SPEED_MOVED), ("m_air", "y_crah", SPEED_MOVED),
        ("T_warm_return", "", LOAD_MOVED * s.P_it_nominal), ("T_hot", "q_air", load_air), ("T_inlet", "q_air", load_air),
    ]  # fmt: skip
    return ReadingRules(
        rates={name: MARGIN * rate for name, rate in physical.items()} | {"T_wb": WEATHER_RATE, "T_db": WEATHER_RATE},
        jumps={
            "T_chip": rack / s.plates * plate.R_chip_plate,
            "T_return_hot": rack * s.racks_per_cdu / (s.exchanger.m_hot_nominal * s.cp_secondary),
            "T_plant": free.T_return_nominal - free.T_cw_nominal, "T_air": Q_air / (float(s.crah.m_air(1.0)) * CP_AIR),
        },
        watched=tuple(Watched(reading=a, driver=b, moved=moved) for a, b, moved in watched),
        rated=rated_readings(site),
    )  # fmt: skip


def rated_readings(site: HybridSite) -> dict[str, float]:
    """What stands in for a sensor that has not spoken yet: limits where there are any, else rated values, and no proof of flow."""
    s, lim = site, site.limits
    values = {
        "T_supply": lim.T_supply_max, "T_return": lim.T_return_max, "T_return_hot": lim.T_return_max, "T_chip": lim.T_chip_max,
        "q_cdu": s.exchanger.Q_dot_nominal, "q_rack": s.rack_power * s.liquid_share, "V_sec": s.cdu_pump.V_dot_nominal, "y_cdu": 1.0,
        "override": 0.0, "T_chw": s.chiller.T_chw_out_nominal, "T_chw_return": s.economiser.T_return_nominal,
        "T_plant": s.economiser.T_return_nominal, "m_chw": 0.0, "y_chw": 1.0, "n_chillers": 0.0, "Q_chiller": 0.0,
        "T_air": lim.T_inlet_max, "T_inlet": lim.T_inlet_max, "T_hot": s.crah.T_air_in_nominal, "m_air": float(s.crah.m_air(1.0)),
        "y_crah": 1.0, "q_air": s.P_it_nominal * (1.0 - s.liquid_share), "T_wb": s.T_wb_design, "T_db": s.T_db_design, "p": s.p,
        "T_dew_hall": s.T_dew_hall,
    }  # fmt: skip
    for name, bank in (("warm", s.warm), ("cold", s.cold)):
        values |= {
            f"T_{name}": bank.cooler.T_out_nominal, f"T_{name}_return": bank.cooler.T_in_nominal, f"m_{name}": 0.0, f"y_{name}": 1.0,
            f"v_{name}": 1.0, f"y_{name}_fan": 1.0, f"wet_{name}": 0.0,
        }  # fmt: skip
    return values
