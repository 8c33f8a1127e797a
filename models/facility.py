"""The facility side of a liquid hall: water pipes, economiser, chilled branch, hall air, tower loop.

Flow diagram (temperatures in brackets are states)::

    CDUs -> [fws_return cells] -> economiser -> T_w -+-> [fws_supply cells] -> CDUs
                                      |              |          ^ blend
                                      |              +-> chillers -> [chw] -> CRAHs -> [crah_return] -> fws_return
                                      |                     |                   |
    tower -> [basin] -> [cw_supply cells] -> economiser and condensers      [air_hot] <-> [air_cold]
      ^                                              |
      +------------- [cw_return cells] <-------------+

All flows are given (hydraulics do not depend on temperature), so the equations are nonlinear only through tower
and chiller. They are written once, for scalars, and used three ways: lowered to NumPy for batches, inside the
CasADi graph of the step, and in the prediction model.
"""

import dataclasses
from collections.abc import Mapping

from lowlift.models.site import Site
from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

FLOW_SMALL = 1e-3
"""Floor of what divides: water flows [kg/s], chillers on [1]."""
CONDENSER_LEAST = 0.1
"""Least condenser water of a running chiller over its nominal: keeps its power finite where none runs [1]."""
ONE_WAY_WIDTH = 0.05
"""Width of the economiser's check: heat flows from facility to tower water only [K]."""
CAPACITY_WIDTH = 2e4
"""Width of the blend between a chiller's demand and its capacity [W]."""


@dataclasses.dataclass(frozen=True)
class FacilityInputs:
    """What the facility equations take besides their own temperatures; each a plant-level signal."""

    m_cdu: Signal
    """Facility water through all CDUs [kg/s]."""
    Q_pump_fws: Signal
    """Pump heat into the facility water [W]."""
    m_cw: Signal
    """Tower water [kg/s]."""
    Q_pump_cw: Signal
    """Pump heat into the tower water [W]."""
    y_fan: Signal
    """Tower fan speed [1]."""
    n_cells: Signal
    """Tower cells with water [1]."""
    T_wb: Signal
    """Outdoor wet bulb [K]."""
    T_db: Signal
    """Outdoor dry bulb [K]."""
    p: Signal
    """Atmospheric pressure [Pa]."""
    q_air: Signal
    """Heat that the racks give to air [W]."""
    G_wse: Signal
    """Economiser conductance eps C_min [W/K]."""
    m_cond: Signal
    """Tower water through the condensers [kg/s]; zero at sites without a chilled branch, like all that follow."""
    m_crah: Signal
    """Water through the CRAHs [kg/s]."""
    m_blend: Signal
    """Chilled water blended into the CDU supply [kg/s]."""
    m_air: Signal
    """Air through the CRAHs [kg/s]."""
    G_crah: Signal
    """CRAH conductance [W/K]."""
    P_crah: Signal
    """CRAH fan power, into the air [W]."""
    n_chillers: Signal
    """Chillers on [1]."""
    T_chw_set: Signal
    """Leaving setpoint of the chillers' own capacity control; unused where their heat is given [K]."""

    def stacked(self) -> Signal:
        """All inputs as one vector, in field order."""
        return ops.stack([getattr(self, f.name) for f in dataclasses.fields(self)])

    @classmethod
    def names(cls) -> list[str]:
        """Field names in stacking order."""
        return [f.name for f in dataclasses.fields(cls)]


@dataclasses.dataclass(frozen=True)
class FacilityFluxes:
    """Heat, power and water of the facility side; each a plant-level signal in W (water in kg/s)."""

    Q_tower: Signal
    """Heat rejected by the towers."""
    Q_wse: Signal
    """Heat through the economiser."""
    Q_chiller: Signal
    """Heat taken by the chillers."""
    P_chiller: Signal
    """Electric power of the chillers."""
    Q_crah: Signal
    """Heat from hall air to water."""
    evaporation: Signal
    """Water evaporated [kg/s]."""
    drift: Signal
    """Water lost as drift [kg/s]."""
    blowdown: Signal
    """Water drained to keep the cycles of concentration [kg/s]."""


FLUXES = tuple(f.name for f in dataclasses.fields(FacilityFluxes))


class FacilitySide:
    """The facility equations of one site."""

    def __init__(self, site: Site, cells: int) -> None:
        """``cells`` mixed volumes per pipe: the site's own number in the plant, one in prediction models."""
        self.site = site
        self.cells = cells
        pipe = [str(i) for i in range(cells)]
        self.nodes: tuple[str, ...] = (
            *(f"T_fws_supply_{i}" for i in pipe),
            *(f"T_fws_return_{i}" for i in pipe),
            "T_basin",
            *(f"T_cw_supply_{i}" for i in pipe),
            *(f"T_cw_return_{i}" for i in pipe),
        )
        if site.chilled is not None:
            self.nodes += ("T_chw", "T_crah_return", "T_air_cold", "T_air_hot")
        self.hall = self.nodes.index(f"T_fws_supply_{cells - 1}")
        """Position of the node that feeds the CDUs."""

    def capacities(self) -> list[float]:
        """Heat capacity of each node [J/K], in node order."""
        s, k = self.site, self.cells
        pipes = [s.C_fws_supply / k] * k + [s.C_fws_return / k] * k
        tower = [s.C_basin] + [s.C_cw_supply / k] * k + [s.C_cw_return / k] * k
        chilled = [] if s.chilled is None else [s.chilled.C_water] * 2 + [s.chilled.C_air] * 2
        return pipes + tower + chilled

    def equations(
        self, T: Mapping[str, Signal], Q_cdu: Signal, i: FacilityInputs, Q_chiller: Signal | None = None
    ) -> tuple[dict[str, Signal], FacilityFluxes]:
        """Net heat into each node [W] and the fluxes, for node temperatures ``T`` [K] and CDU heat ``Q_cdu`` [W].

        The chillers' own capacity control decides their heat, unless ``Q_chiller`` [W] gives it (a plan).
        """
        s, last = self.site, self.cells - 1
        cp = s.cp_water
        heat: dict[str, Signal] = {}
        T_return, T_cold = T[f"T_fws_return_{last}"], T[f"T_cw_supply_{last}"]
        m_fws = ops.maximum(i.m_cdu + i.m_crah, FLOW_SMALL)
        m_cw = ops.maximum(i.m_cw, FLOW_SMALL)

        Q_wse = i.G_wse * ops.smooth_max(T_return - T_cold, 0.0, ONE_WAY_WIDTH)
        T_w = T_return - Q_wse / (m_fws * cp)
        P_chiller, Q_crah = 0.0 * T_w, 0.0 * T_w
        supply = i.m_cdu * cp * T_w
        back = i.m_cdu * cp * T[f"T_fws_supply_{last}"] + Q_cdu
        if s.chilled is not None:
            m_chw = i.m_crah + i.m_blend
            if Q_chiller is None:
                Q_chiller = self._capacity_control(T_w, T["T_chw"], T_cold, m_chw, i)
            each = Q_chiller / ops.maximum(i.n_chillers, FLOW_SMALL)
            m_each = ops.maximum(i.m_cond / ops.maximum(i.n_chillers, FLOW_SMALL), CONDENSER_LEAST * s.chilled.m_condenser)
            P_chiller = i.n_chillers * s.chilled.chiller.P_el(each, T["T_chw"], T_cold, m_each)
            Q_crah = i.G_crah * (T["T_air_hot"] - T["T_chw"])
            heat["T_chw"] = m_chw * cp * (T_w - T["T_chw"]) - Q_chiller
            heat["T_crah_return"] = i.m_crah * cp * (T["T_chw"] - T["T_crah_return"]) + Q_crah
            cp_air = 1006.0
            heat["T_air_cold"] = i.m_air * cp_air * (T["T_air_hot"] - T["T_air_cold"]) - Q_crah + i.P_crah
            heat["T_air_hot"] = i.m_air * cp_air * (T["T_air_cold"] - T["T_air_hot"]) + i.q_air
            supply = supply + i.m_blend * cp * (T["T_chw"] - T_w)
            back = back + i.m_crah * cp * T["T_crah_return"]
        else:
            Q_chiller = 0.0 * T_w
        self._pipe(heat, T, "T_fws_supply", supply + i.Q_pump_fws, i.m_cdu * cp)
        self._pipe(heat, T, "T_fws_return", back, m_fws * cp)

        warm = m_cw * cp * T_cold + Q_wse + Q_chiller + P_chiller + i.Q_pump_cw
        self._pipe(heat, T, "T_cw_return", warm, m_cw * cp)
        n = ops.maximum(i.n_cells, 1e-3)
        cell = s.tower.leave(T[f"T_cw_return_{last}"], m_cw / n, i.T_wb, i.p, i.y_fan, i.T_db)
        Q_tower = n * cell.Q_dot
        heat["T_basin"] = m_cw * cp * (T[f"T_cw_return_{last}"] - T["T_basin"]) - Q_tower
        self._pipe(heat, T, "T_cw_supply", m_cw * cp * T["T_basin"], m_cw * cp)
        water = s.tower.water(cell, i.p, i.y_fan)
        fluxes = FacilityFluxes(
            Q_tower,
            Q_wse,
            Q_chiller,
            P_chiller,
            Q_crah,
            n * water.evaporation,
            n * water.drift,
            n * water.blowdown,
        )
        return heat, fluxes

    def _capacity_control(self, T_w: Signal, T_chw: Signal, T_cold: Signal, m_chw: Signal, i: FacilityInputs) -> Signal:
        """Heat of the chillers: down to the setpoint where capacity allows, the shortfall left in ``T_chw``."""
        c = self.site.chilled
        assert c is not None  # noqa: S101 - called for sites with a chilled branch only
        demand = ops.smooth_max(m_chw * self.site.cp_water * (T_w - i.T_chw_set), 0.0, CAPACITY_WIDTH)
        Q = ops.smooth_min(demand, i.n_chillers * c.chiller.capacity(T_chw, T_cold), CAPACITY_WIDTH)
        # The blend of demand and capacity is a little below zero where there is neither.
        return ops.smooth_max(Q, 0.0, 1e-2 * CAPACITY_WIDTH) * i.n_chillers / ops.maximum(i.n_chillers, FLOW_SMALL)

    def _pipe(self, heat: dict[str, Signal], T: Mapping[str, Signal], name: str, inflow: Signal, C_dot: Signal) -> None:
        """Well-mixed cells in series; ``inflow`` is the enthalpy flow into the first [W, relative to 0 K]."""
        for k in range(self.cells):
            heat[f"{name}_{k}"] = inflow - C_dot * T[f"{name}_{k}"]
            inflow = C_dot * T[f"{name}_{k}"]
