"""Readings of the plant: what its sensors and meters show at the end of a step, in NumPy batches and CasADi."""

import numpy as np

from lowlift.models.facility import FLUXES
from lowlift.models.hydraulics import Flows
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.signals import columns
from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

CP_AIR = 1006.0


def hottest(values: Signal, plant: LiquidHall) -> Signal:
    """Largest rack value of each CDU: ``(b, r) -> (b, n)``; racks are numbered CDU by CDU."""
    starts = np.searchsorted(plant.site.cdu_of_rack, np.arange(plant.site.n_cdu))
    return ops.segment_max(values, starts)


def measure(
    plant: LiquidHall,
    x: Signal,
    u: Signal,
    d: Signal,
    fluxes: Signal,
    override: Signal,
    f: Flows,
) -> dict[str, Signal]:
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
        "q_cdu": ops.segment_sum(w["q_liquid"], plant.rack_matrix),
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
        "T_dew_hall": 0.0 * w["p"] + s.T_dew_hall,
    }
    if s.chilled is not None:
        of = columns(FLUXES, fluxes)
        q_chiller, q_wse = of["Q_chiller"], of["Q_wse"]
        m_fws = ops.maximum(f.m_cdu + f.m_crah, 1e-3)
        demand = ops.maximum(s.chilled.server_air * w["q_air"], 1e-6)
        recirculation = ops.maximum(1.0 - f.m_air / demand, 0.0)
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
