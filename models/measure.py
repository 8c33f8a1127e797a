"""Readings of the plant: what its sensors and meters show at the end of a step (NumPy only, batched)."""

import numpy as np

from lowlift.models.facility import FLUXES
from lowlift.models.hydraulics import Flows
from lowlift.models.liquid_hall import LiquidHall

CP_AIR = 1006.0


def hottest(values: np.ndarray, plant: LiquidHall) -> np.ndarray:
    """Largest rack value of each CDU: ``(b, r) -> (b, n)``; racks are numbered CDU by CDU."""
    starts = np.searchsorted(plant.site.cdu_of_rack, np.arange(plant.site.n_cdu))
    result: np.ndarray = np.maximum.reduceat(values, starts, axis=-1)
    return result


def measure(
    plant: LiquidHall,
    x: np.ndarray,
    u: np.ndarray,
    d: np.ndarray,
    fluxes: np.ndarray,
    override: np.ndarray,
    f: Flows,
) -> dict[str, np.ndarray]:
    """Readings by name, each ``(b, n)``; temperatures with a sensor state are read through their lag.

    Flow meters read the flows ``f`` that belong to the actuators ``u``.
    """
    s = plant.site
    T, a, w = plant.states.unpack(x), plant.actuators.unpack(u), plant.disturbances.unpack(d)
    last = s.cells - 1
    readings = {
        "T_supply": T["T_supply_sensor"],
        "T_return": T["T_return"],
        "T_return_hot": hottest(T["T_cool"], plant),
        "T_chip": hottest(T["T_chip"], plant),
        "q_cdu": w["q_liquid"] @ plant.rack_matrix,
        "q_rack": hottest(w["q_liquid"], plant),
        "V_sec": f.V_sec,
        "m_pri": f.m_pri,
        "y_cdu": a["y_cdu"],
        "v_cdu": a["v_cdu"],
        "override": override,
        "dp_header": f.dp_header,
        "y_fws": a["y_fws"],
        "T_fws": T["T_fws_sensor"],
        "T_fws_return": T[f"T_fws_return_{last}"],
        "T_tower": T["T_tower_sensor"],
        "T_tower_return": T[f"T_cw_return_{last}"],
        "m_cw": f.m_cw,
        "y_cw": a["y_cw"],
        "y_fan": a["y_fan"],
        "n_cells": a["n_cells"],
        "n_cw": a["n_cw"],
        "n_fws": a["n_fws"],
        "q_air": w["q_air"],
        "T_wb": w["T_wb"],
        "T_db": w["T_db"],
        "p": w["p"],
        "T_dew_hall": np.full_like(w["p"], s.T_dew_hall),
    }
    if s.chilled is not None:
        q_chiller = fluxes[..., FLUXES.index("Q_chiller")][..., None]
        q_wse = fluxes[..., FLUXES.index("Q_wse")][..., None]
        m_fws = np.maximum(f.m_cdu + f.m_crah, 1e-3)
        demand = np.maximum(s.chilled.server_air * w["q_air"], 1e-6)
        recirculation = np.maximum(1.0 - f.m_air / demand, 0.0)
        readings |= {
            "T_chw": T["T_chw_sensor"],
            "T_plant": T[f"T_fws_return_{last}"] - q_wse / (m_fws * s.cp_water),
            "T_air": T["T_air_sensor"],
            "T_inlet": T["T_air_cold"] + recirculation * (T["T_air_hot"] - T["T_air_cold"]),
            "n_chillers": a["n_chillers"],
            "Q_chiller": q_chiller,
            "y_chw": a["y_chw"],
            "m_chw": f.m_crah + f.m_blend,
            "m_air": f.m_air,
        }
    return readings
