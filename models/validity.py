"""Where a plant leaves the declared ranges of its components: asked wherever a result is reported, never a reason to clip.

Relations continue outside their range as their documentation says, so a plant runs there without a jump; what it reports
then is an extrapolation, and whoever reports it should say so.
"""

import numpy as np

from lowlift.models.hydraulics import Flows
from lowlift.models.liquid_hall import LiquidHall
from lowlift.thermal.fluids import WATER


def liquid_hall_outside(plant: LiquidHall, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> list[str]:
    """Ranges that a liquid hall leaves, in words, at states ``x`` (b, nx), actuators ``u`` (b, nu), disturbances ``d`` (b, nd)."""
    s, f = plant.site, plant.flows(u)
    T, a, w = plant.states.unpack(x), plant.actuators.unpack(u), plant.disturbances.unpack(d)
    last = s.cells - 1
    found = s.rack.outside(Q_liquid=w["q_liquid"], m=plant.rack_flow(f))
    found += s.cdu.outside(y=a["y_cdu"], opening=a["v_cdu"], m_sec=f.m_sec, m_pri=f.m_pri)
    found += s.cdu.pump.outside(V_dot=f.V_sec, y=a["y_cdu"])
    found += s.economiser.outside(m_hot=f.m_cdu + f.m_crah, m_cold=f.m_cw - f.m_cond)
    found += s.tower.outside(
        T_w_in=T[f"T_cw_return_{last}"], m_w=f.m_cw / np.maximum(a["n_cells"], 1.0), T_wb=w["T_wb"], p=w["p"], y=a["y_fan"],
    )  # fmt: skip
    nodes = np.concatenate([T[name] for name in plant.facility.nodes if not name.startswith("T_air")], axis=-1)
    if np.any(WATER.range.excess(nodes) > 0.0):
        found.append(f"water: {nodes.min():.6g} K to {nodes.max():.6g} K, declared {WATER.T_min:g} to {WATER.T_max:g}")
    return found + (_chilled_outside(plant, f, x, u, d) if s.chilled is not None else [])


def _chilled_outside(plant: LiquidHall, f: Flows, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> list[str]:
    """The same for chillers, where any runs, and air handlers."""
    c, T, a = plant.site.chilled, plant.states.unpack(x), plant.actuators.unpack(u)
    assert c is not None  # noqa: S101 - called for sites with a chilled branch only
    last = plant.site.cells - 1
    found = c.crah.outside(y=a["y_crah"], T_air=T["T_air_hot"], T_water=T["T_chw"], m_air=f.m_air, m_water=f.m_crah)
    on = a["n_chillers"][..., 0] >= 1.0
    if np.any(on):
        each = {"Q_dot": plant.fluxes(x, u, d).Q_chiller, "m_cw": f.m_cond}
        found += c.chiller.outside(
            T_chw=T["T_chw"][on], T_cw_in=T[f"T_cw_supply_{last}"][on], **{k: (v / a["n_chillers"])[on] for k, v in each.items()}
        )
    return found
