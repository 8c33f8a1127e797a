"""Constant setpoints: the usual site today, and Frontier as its operators are reported to run it."""

import numpy as np

from lowlift.controllers.constant import Constant
from lowlift.controllers.tower_law import exchanger_approaches, load_ratio
from lowlift.models.safe_flow import minimum_safe_flow
from lowlift.models.site import ZERO_C, Site


class FixedSetpoint(Constant):
    """Secondary supply 30 C, supply air 22 C, tower water 21 C, constant differential pressures at their design values."""

    def __init__(self, site: Site, name: str = "FixedSetpoint") -> None:
        hx = site.cdu
        V_pri = hx.exchanger.m_cold_nominal / site.rho_water
        values: dict[str, float | np.ndarray] = {
            "T_supply_set": 30.0 + ZERO_C,
            "V_sec_set": 0.95 * hx.pump.V_dot_nominal,
            "dp_set": (V_pri / float(hx.primary_conductance(1.0))) ** 2 * 0.9,
            "T_tower_set": 21.0 + ZERO_C,
            "m_cw_set": 0.95 * site.m_tower_nominal,
        }
        if site.chilled is not None:
            values |= {
                "split": 0.0,
                "T_chw_set": site.chilled.T_chw_min + 1.0,
                "T_air_set": 22.0 + ZERO_C,
                "air_ratio_set": 1.2,
            }
        super().__init__(site, name, values)


FLOW_OVER_SAFE = 2.9
"""As-operated flow over the minimum thermally safe flow (arXiv 2603.01198)."""
FIXED_POINT_STEPS = 20
T_FACILITY_SUPPLY = 32.0 + ZERO_C
"""Frontier's facility supply (unverified, see the site's notes)."""


class AsOperated(Constant):
    """Frontier as published: constant facility supply and constant flow of 2.9 times the mean minimum safe flow.

    The safe flow follows from the declared limits and the load of the run (:func:`minimum_safe_flow`). Valves stay open (the supply
    setpoint lies at its lower bound), so the facility flow is constant too, at the same ratio of its nominal flow. Tower water is what the
    towers' design range needs at the highest heat of the run. Where the pumps cannot deliver the flow, ``note`` says so.

    Args:
        site: the site.
        q_cdu: liquid heat of each CDU over the run [W], shape (n, n_cdu).
        q_rack: liquid heat of the hottest rack of each CDU over the run [W], shape (n, n_cdu).
        limit_shift: moves chip and return limits [K], for the sensitivity of the figure.
        T_tower: tower leaving water [K]; by default what the facility supply needs.
    """

    def __init__(
        self, site: Site, q_cdu: np.ndarray, q_rack: np.ndarray, *, limit_shift: float = 0.0, T_tower: float | None = None,
        name: str = "AsOperated",
    ) -> None:  # fmt: skip
        hx = site.cdu
        approach_cdu, approach_economiser = exchanger_approaches(site)
        V_max, m_pri = hx.pump.V_dot_nominal, hx.exchanger.m_cold_nominal
        q_mean = q_cdu.mean()
        wanted, T_supply = 1.0, T_FACILITY_SUPPLY + approach_cdu
        for _ in range(FIXED_POINT_STEPS):
            # The supply temperature at which the flow is safe is the one that this very flow gives.
            safe = minimum_safe_flow(site, q_rack, np.array(T_supply), guard=-limit_shift)
            wanted = FLOW_OVER_SAFE * float(safe.mean()) / V_max
            share = min(wanted, 1.0)
            m_sec = share * V_max * site.rho_secondary
            G = float(hx.exchanger.conductance(m_sec, share * m_pri))
            T_supply = T_FACILITY_SUPPLY + float(q_mean) * (1.0 / G - 1.0 / (m_sec * hx.exchanger.cp_hot))
        self.flow_ratio = min(wanted, 1.0)
        self.note = "" if wanted <= 1.0 else (
            f"2.9 times the safe flow would be {wanted:.2f} of the CDU pumps' nominal flow: they run at full flow"
        )  # fmt: skip
        V_pri = self.flow_ratio * m_pri / site.rho_water
        super().__init__(
            site, name,
            {
                "T_supply_set": site.limits.T_supply_min,
                "V_sec_set": self.flow_ratio * V_max,
                "dp_set": (V_pri / float(site.cdu.primary_conductance(1.0))) ** 2,
                "T_tower_set": T_FACILITY_SUPPLY - approach_economiser if T_tower is None else T_tower,
                "m_cw_set": site.m_tower_nominal * float(load_ratio(site, q_cdu, np.zeros((len(q_cdu), 1))).max()),
            },
        )  # fmt: skip
