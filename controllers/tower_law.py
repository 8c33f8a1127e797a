"""Laws for towers and their water: approach by load, exchanger approaches, flow by load."""

import numpy as np

from lowlift.models.site import Site

FULL_APPROACH_LOAD, LOW_APPROACH_LOAD, LOW_APPROACH = 1.0, 0.3, 0.6


def load_ratio(site: Site, q_cdu: np.ndarray, q_air: np.ndarray) -> np.ndarray:
    """Heat to be rejected over rated heat, ``(b, 1)``."""
    rated = site.P_it_nominal * (site.liquid_share if site.chilled is None else 1.0)
    heat = q_cdu.sum(axis=-1, keepdims=True) + (0.0 if site.chilled is None else q_air)
    result: np.ndarray = heat / rated
    return result


def approach_by_load(design: float, load: np.ndarray) -> np.ndarray:
    """Tower approach: design at full load, falling linearly to 60 % of it at 30 % load [K]."""
    share = np.clip((load - LOW_APPROACH_LOAD) / (FULL_APPROACH_LOAD - LOW_APPROACH_LOAD), 0.0, 1.0)
    result: np.ndarray = design * (LOW_APPROACH + (1.0 - LOW_APPROACH) * share)
    return result


def exchanger_approaches(site: Site) -> tuple[float, float]:
    """Rated approach of CDU and of economiser [K]. Flows fall with load, so the approaches stay about what they are rated for."""
    hx = site.cdu.exchanger
    cdu = hx.T_hot_in_nominal - hx.Q_dot_nominal / (hx.m_hot_nominal * hx.cp_hot) - hx.T_cold_in_nominal
    wse = site.economiser
    out = wse.T_hot_in_nominal - wse.Q_dot_nominal / (wse.m_hot_nominal * wse.cp_hot) - wse.T_cold_in_nominal
    return cdu, out


def proportional_flow(site: Site, load: np.ndarray, exponent: float = 1.0, scale: float = 1.0) -> np.ndarray:
    """Tower water by load [kg/s]: ``scale load^exponent`` of nominal."""
    result: np.ndarray = site.m_tower_nominal * scale * np.maximum(load, 0.05) ** exponent
    return result
