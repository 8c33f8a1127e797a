"""Dry cooler: a finned coil and its fans against outdoor air.

What
    Coolant in tubes, air drawn through the fins once: crossflow with both streams unmixed, driven by the dry bulb. Nothing
    evaporates, so the coolant cannot leave below the dry bulb; with air warmer than the coolant heat flows into the coolant.

Equations
    ::

        Q = G (T_in - T_db),  G = eps(NTU, C_r) C_min,  NTU = UA / C_min                                   (1)
        1/UA = 1/(hA_c (m_c/m_c,n)^0.85) + 1/(hA_a (m_a/m_a,n)^0.8),  hA_a / hA_c = 0.5 at rated flows        (2)
        m_a = V_n rho(T_db, w, p) r(y),  r = y, with the fans off y_natural                                  (3)
        P_fan = P_n (c1 y + c3 y^3)                                                                        (4)

Relation
    ``eps`` is by default the relation of the VDI Heat Atlas, within 0.005 of the exact series; ``exponential=True`` takes the
    approximation that EnergyPlus uses instead. The two differ by up to 2 % of heat near balanced streams.

Validity
    Air 243 K to 323 K, up to 0.03 kg/kg moist, 60 kPa to 105 kPa, coolant 263 K to 363 K, fans 0 to 1, coolant 0.1 to 1.3 of rated
    flow, and none. Dry fins.

Comparison with EnergyPlus (``FluidCooler:SingleSpeed``)
    With constant UA and ``exponential=True`` heat agrees within 0.1 % over 400 hours, at sea level and at 84 kPa; with the better
    relation within 2 % (median 0.5 %). EnergyPlus has neither the flow dependence (2) nor natural draught.

Assumptions
    1. Fans draw: their heat leaves with the air. 2. All units run alike. 3. A wetted pad upstream is a component of its own: it
    gives colder and moister air to this one.

Sources
    Films after Modelica Buildings (``HADryCoil``, ``CoolingTowers.Data.DryCooler``); fin cooler of the example: its data record of
    BAC TrilliumSeries TDFS1238N (2931 kW, air 35 C, coolant 46.11 C to 40.55 C, fans 117.68 kW).
"""

import dataclasses
import functools

from lowlift.thermal import ops
from lowlift.thermal.component import Component, Range, parameter
from lowlift.thermal.exchange import FinnedCoil, FinnedCoilExponential
from lowlift.thermal.hydraulics import Fan
from lowlift.thermal.ops import Signal
from lowlift.thermal.psychrometrics import specific_volume

CP_DRY_AIR, CP_VAPOUR = 1006.0, 1860.0
P_SEA_LEVEL = 101325.0
DRAUGHT_WIDTH = 0.02
"""Width of the blend between natural draught and fans, in air flow ratio."""


@dataclasses.dataclass(frozen=True)
class DryCoolerState:
    """A dry cooler at work."""

    Q_dot: Signal
    """Heat from coolant to air [W]."""
    T_out: Signal
    """Coolant leaving [K]."""
    T_air_out: Signal
    """Air leaving [K]."""


class DryCooler(Component):
    """All dry coolers of a plant as one, rated by heat, air and coolant temperatures and air flow.

    The air flow of the example is a guess (8 K of rise): the maker does not publish it.

    >>> cooler = DryCooler(Q_dot_nominal=2.931e6, T_air_nominal=308.15, T_in_nominal=319.26, T_out_nominal=313.70,
    ...                    V_air_nominal=320.0, P_fan_nominal=1.1768e5)
    >>> state = cooler.leave(319.26, cooler.m_nominal, 308.15, 101325.0, 1.0)
    >>> round(float(state.T_out), 2), round(float(state.Q_dot) / 1e6, 3), round(float(cooler.P_fan(1.0)))
    (313.7, 2.931, 117680)
    """

    Q_dot_nominal: float = parameter(unit="W", above=0.0, doc="heat rejected at the rating point, full fan speed, sea level")
    T_air_nominal: float = parameter(unit="K", low=243.15, high=333.15, doc="air entering, rated")
    T_in_nominal: float = parameter(unit="K", low=263.15, high=373.15, doc="coolant entering, rated")
    T_out_nominal: float = parameter(unit="K", low=263.15, high=373.15, doc="coolant leaving, rated")
    V_air_nominal: float = parameter(unit="m^3/s", above=0.0, doc="air at full fan speed, at entering conditions")
    P_fan_nominal: float = parameter(unit="W", above=0.0, doc="electric power of all fans at full speed")
    cp: float = parameter(default=4186.0, unit="J/(kg K)", above=0.0, doc="heat capacity of the coolant")
    n_coolant: float = parameter(default=0.85, unit="1", low=0.0, high=1.0, doc="flow exponent of the coolant film")
    n_air: float = parameter(default=0.8, unit="1", low=0.0, high=1.0, doc="flow exponent of the air film")
    hA_ratio: float = parameter(default=0.5, unit="1", above=0.0, doc="air over coolant film conductance at rated flows")
    y_natural: float = parameter(default=0.05, unit="1", above=0.0, below=0.5, doc="air flow ratio with the fans off (guess)")
    fouling: float = parameter(default=1.0, unit="1", above=0.0, high=1.5, doc="factor on UA, below one when fouled")
    exponential: bool = False
    """Take EnergyPlus' approximation of crossflow instead of the better relation."""

    def check(self) -> None:
        """Coolant must be cooled, and the coil must exist."""
        if self.T_out_nominal >= self.T_in_nominal:
            self.reject("T_out_nominal", f"must be below T_in_nominal = {self.T_in_nominal} K")
        self.coil  # noqa: B018 - built on access, fails when impossible

    @property
    def m_nominal(self) -> float:
        """Coolant at the rating point [kg/s]."""
        return self.Q_dot_nominal / (self.cp * (self.T_in_nominal - self.T_out_nominal))

    @functools.cached_property
    def coil(self) -> FinnedCoil:
        """The coil that meets the rating point in dry air at sea level."""
        kind = FinnedCoilExponential if self.exponential else FinnedCoil
        return kind(
            Q_dot_nominal=self.Q_dot_nominal,
            T_hot_in_nominal=self.T_in_nominal,
            T_cold_in_nominal=self.T_air_nominal,
            m_hot_nominal=self.m_nominal,
            m_cold_nominal=float(self.V_air_nominal / specific_volume(self.T_air_nominal, 0.0, P_SEA_LEVEL)),
            cp_hot=self.cp,
            cp_cold=CP_DRY_AIR,
            n_hot=self.n_coolant,
            n_cold=self.n_air,
            hA_ratio=1.0 / self.hA_ratio,
            fouling=self.fouling,
        )

    @property
    def ranges(self) -> dict[str, Range]:
        """Coolant entering [K] and flow [kg/s], air [K, kg/kg], fan speed."""
        return {
            "T_in": Range(263.0, 363.0, "K"), "m": Range(0.1 * self.m_nominal, 1.3 * self.m_nominal, "kg/s"),
            "T_db": Range(243.0, 323.0, "K"), "p": Range(6.0e4, 1.05e5, "Pa"), "y": Range(0.0, 1.0), "w": Range(0.0, 0.03, "kg/kg"),
        }  # fmt: skip

    def m_air(self, T_db: Signal, p: Signal, y: Signal, w: Signal = 0.0) -> Signal:
        """Air through the coil [kg/s], equation (3), as the flow of dry air of equal heat capacity."""
        heat_capacity = 1.0 + w * (CP_VAPOUR / CP_DRY_AIR)
        r = ops.blended_max(y, self.y_natural, DRAUGHT_WIDTH)
        return self.V_air_nominal * heat_capacity / specific_volume(T_db, w, p) * r

    def conductance(self, m: Signal, T_db: Signal, p: Signal, y: Signal, w: Signal = 0.0) -> Signal:
        """Heat per kelvin between coolant and air entering, ``G`` of equation (1) [W/K]."""
        return self.coil.conductance(m, self.m_air(T_db, p, y, w))

    def leave(self, T_in: Signal, m: Signal, T_db: Signal, p: Signal, y: Signal, w: Signal = 0.0) -> DryCoolerState:
        """The cooler with coolant ``m`` [kg/s] entering at ``T_in``, air at ``T_db``, ``p`` [Pa], ``w`` [kg/kg], fan speed ``y``."""
        transfer = self.coil.transfer(T_in, m, T_db, self.m_air(T_db, p, y, w))
        return DryCoolerState(transfer.Q_dot, transfer.T_hot_out, transfer.T_cold_out)

    def P_fan(self, y: Signal) -> Signal:
        """Electric power of the fans [W], equation (4)."""
        return Fan(P_nominal=self.P_fan_nominal).P_el(y)
