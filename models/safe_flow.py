"""The smallest secondary flow that keeps a CDU's hottest rack inside its limits, from the physics of the cold plate."""

from typing import Protocol

import numpy as np

from lowlift.thermal.coldplate import FLOW_SMALL, ColdPlate

NEWTON_STEPS = 5


class RackLimits(Protocol):
    """What racks must keep [K]."""

    @property
    def T_chip_max(self) -> float:
        """Hottest chip."""

    @property
    def T_return_max(self) -> float:
        """Hottest outlet of a rack."""


class LiquidRacks(Protocol):
    """What the smallest flow depends on: the record of any site with racks on CDUs."""

    @property
    def limits(self) -> RackLimits:
        """Limits of the racks."""

    @property
    def n_cdu(self) -> int:
        """CDUs."""

    @property
    def cdu_of_rack(self) -> np.ndarray:
        """CDU of each rack, in rising order."""

    @property
    def flow_fraction(self) -> np.ndarray:
        """Share of its CDU's flow that each rack takes."""

    @property
    def plates(self) -> int:
        """Cold plates of a rack."""

    @property
    def cold_plate(self) -> ColdPlate:
        """One of them."""

    @property
    def cp_secondary(self) -> float:
        """Heat capacity of the coolant [J/(kg K)]."""

    @property
    def rho_secondary(self) -> float:
        """Its density [kg/m^3]."""


def minimum_safe_flow(site: LiquidRacks, q_rack: np.ndarray, T_supply: np.ndarray, guard: float = 0.0) -> np.ndarray:
    """Secondary flow [m^3/s] of each CDU, same shape as ``q_rack`` ``(..., n_cdu)``.

    The hottest rack is taken to have the smallest flow share of its CDU. Its outlet and its chip,

    ``T_supply + q / (m cp)`` and ``T_supply + q / (m cp) + (q / n) (R_chip_plate + R2(m / n))``,

    must stay ``guard`` kelvin below their limits. The first is explicit, the second is solved for ``s = 1 / m`` by
    Newton's method from the first's solution (the left side is increasing and concave in ``s``, so it converges from
    one side). Where no flow suffices the result is infinite.

    Args:
        site: the site.
        q_rack: liquid heat of the hottest rack of each CDU [W].
        T_supply: secondary supply temperature [K], broadcast against ``q_rack``.
        guard: margin below both limits [K].
    """
    plate, n, cp, lim = site.cold_plate, float(site.plates), site.cp_secondary, site.limits
    smallest = np.minimum.reduceat(site.flow_fraction, np.searchsorted(site.cdu_of_rack, np.arange(site.n_cdu)))
    q = np.maximum(q_rack, 1.0)
    s_return = cp * np.maximum(lim.T_return_max - guard - T_supply, 0.0) / q
    available = lim.T_chip_max - guard - T_supply - q / n * plate.R_chip_plate
    film = q / n * plate.R_plate_coolant_nominal * (n * plate.m_dot_nominal) ** plate.exponent
    s = np.maximum(s_return, 1e-12)
    for _ in range(NEWTON_STEPS):
        value = q * s / cp + film * s**plate.exponent - available
        slope = q / cp + film * plate.exponent * s ** (plate.exponent - 1.0)
        s = np.maximum(s - value / slope, 1e-3 * s)
    s = np.where(available > 0.0, np.minimum(s, np.maximum(s_return, 0.0)), 0.0)
    with np.errstate(divide="ignore"):
        m_rack = 1.0 / s
    floor = FLOW_SMALL * n * plate.m_dot_nominal
    result: np.ndarray = np.maximum(m_rack, floor) / smallest / site.rho_secondary
    return result
