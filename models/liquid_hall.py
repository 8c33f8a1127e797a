"""The liquid-cooled hall, full order: racks, CDUs, facility water, chilled branch, towers.

One readable place for the plant's ordinary differential equations; its vectors are in :mod:`lowlift.models.liquid_vectors`, its power
balance in :mod:`lowlift.models.liquid_powers`. The integrator in :mod:`lowlift.models.step` and the prediction model in
:mod:`lowlift.models.grouped` use the same pieces; nothing is written twice.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from lowlift.models.facility import FLUXES, FacilityFluxes, FacilityInputs, FacilitySide
from lowlift.models.hydraulics import Flows, Topology, flows
from lowlift.models.linear import LinearModel, linearize
from lowlift.models.liquid_powers import Powers, site_powers
from lowlift.models.liquid_vectors import actuator_table, disturbance_table, state_table
from lowlift.models.plant import Conditions, Loads, SteadyStateError, Stepper
from lowlift.models.sheet import STORED
from lowlift.models.signals import columns
from lowlift.models.site import Site
from lowlift.thermal import ops
from lowlift.thermal.ladder import Ladder
from lowlift.thermal.ops import Signal

SENSOR_TIME_CONSTANT = 10.0
"""First-order lag of the temperature sensors that control loops read: supplies of CDUs, towers, hall, chilled water, air [s] (guess)."""
STEADY_TOLERANCE = 1e-6
"""Largest movement of a state over a very long step that counts as rest [K]."""


class LiquidHall:
    """A site as a dynamic system ``dx/dt = f(x, u, d)``.

    ``x`` (nx) temperatures, ``u`` (nu) actuators, ``d`` (nd) disturbances, packed by the tables ``states``,
    ``actuators`` and ``disturbances``; leading axes are the batch.
    """

    def __init__(self, site: Site) -> None:
        self.site = site
        n, g, r = site.n_cdu, site.n_groups, site.n_racks
        self.topology = Topology(site.group_of_cdu, np.ones(n))
        self.facility = FacilitySide(site, site.cells)
        self.rack_matrix = np.zeros((r, n))
        self.rack_matrix[np.arange(r), site.cdu_of_rack] = 1.0
        lag = ("T_tower_sensor", "T_fws_sensor") + (("T_chw_sensor", "T_air_sensor") if site.chilled else ())
        self.sensor_nodes = dict(zip(lag, ("T_basin", self.facility.nodes[self.facility.hall], "T_chw", "T_air_cold"),
                                     strict=False))  # fmt: skip
        self.states = state_table(site, self.facility.nodes, lag)
        self.actuators = actuator_table(site, n, g)
        self.disturbances = disturbance_table(site)

    # -- pieces shared with the integrator ------------------------------------------------------------------------

    def flows(self, u: Signal) -> Flows:
        """Flows, conductances and pump powers for packed actuators."""
        return flows(self.site, self.topology, self.actuators.unpack(u))

    def rack_flow(self, f: Flows) -> Signal:
        """Coolant of each rack [kg/s]."""
        fraction = ops.constant(self.site.flow_fraction, f.m_sec)
        return fraction * ops.gather(f.m_sec, self.site.cdu_of_rack)

    def ladders(self, m_rack: Signal) -> Ladder:
        """The three lumps of each rack for its coolant [kg/s]."""
        return self.site.rack.ladder(m_rack, self.site.cp_secondary)

    def facility_inputs(self, f: Flows, u: Signal, d: Signal) -> FacilityInputs:
        """What the facility equations need, from flows, actuators and disturbances."""
        a, w = self.actuators.unpack(u), self.disturbances.unpack(d)
        zero = 0.0 * f.m_cw
        return FacilityInputs(
            m_cdu=f.m_cdu, Q_pump_fws=f.Q_pump_fws, m_cw=f.m_cw, Q_pump_cw=f.Q_pump_cw, y_fan=a["y_fan"],
            n_cells=a["n_cells"], T_wb=w["T_wb"], T_db=w["T_db"], p=w["p"], q_air=w["q_air"], G_wse=f.G_wse,
            m_cond=f.m_cond, m_crah=f.m_crah, m_blend=f.m_blend, m_air=f.m_air, G_crah=f.G_crah, P_crah=f.P_crah,
            n_chillers=a.get("n_chillers", zero), T_chw_set=a.get("T_chw_set", zero),
        )  # fmt: skip

    # -- the equations --------------------------------------------------------------------------------------------

    def derivatives(self, x: Signal, u: Signal, d: Signal, flows: Flows | None = None) -> Signal:
        """``dx/dt`` [K/s] of the full plant; ``flows``, those of ``u``, spare their computation where actuators are held."""
        return self._evaluate(x, u, d, flows)[0]

    def fluxes(self, x: Signal, u: Signal, d: Signal) -> FacilityFluxes:
        """Heat, power and water of the facility side at one instant."""
        return self._evaluate(x, u, d)[1]

    def _evaluate(self, x: Signal, u: Signal, d: Signal, flows: Flows | None = None) -> tuple[Signal, FacilityFluxes]:
        T, f = self.states.unpack(x), self.flows(u) if flows is None else flows
        q = self.disturbances.unpack(d)["q_liquid"]
        s, cp = self.site, self.site.cp_secondary
        m_rack = self.rack_flow(f)
        lumps, inlet = self.ladders(m_rack), ops.gather(T["T_supply"], s.cdu_of_rack)
        to_plate = lumps.g1 * (T["T_chip"] - T["T_plate"])
        to_cool = lumps.g2 * (T["T_plate"] - T["T_cool"])
        out: dict[str, Signal] = {
            "T_chip": (q - to_plate) / lumps.C1,
            "T_plate": (to_plate - to_cool) / lumps.C2,
            "T_cool": (to_cool - lumps.g3 * (T["T_cool"] - inlet)) / lumps.C3,
        }
        T_fws = T[self.facility.nodes[self.facility.hall]]
        Q_racks = ops.segment_sum(lumps.g3 * (T["T_cool"] - inlet), self.rack_matrix)
        cdu = s.cdu.rates(T["T_return"], T["T_supply"], T_fws, Q_racks, f.m_sec * cp, f.G_cdu, f.Q_pump_cdu)
        out |= {"T_return": cdu.T_return, "T_supply": cdu.T_supply}
        heat, fluxes = self.facility.equations(T, ops.sum_components(cdu.Q_dot), self.facility_inputs(f, u, d))
        for name, C in zip(self.facility.nodes, self.facility.capacities(), strict=True):
            out[name] = heat[name] / C
        out["T_supply_sensor"] = (T["T_supply"] - T["T_supply_sensor"]) / SENSOR_TIME_CONSTANT
        for sensor, node in self.sensor_nodes.items():
            out[sensor] = (T[node] - T[sensor]) / SENSOR_TIME_CONSTANT
        return self.states.pack(out), fluxes

    def powers(self, f: Flows, d: Signal, P_chiller: Signal) -> Powers:
        """Electric powers of the site; chillers' power comes from the thermal side."""
        w = self.disturbances.unpack(d)
        P_it = ops.sum_components(w["q_liquid"]) + w["q_air"]
        return site_powers(self.site, f, f.P_cdu_pumps, P_it, w["q_air"], P_chiller)

    def stored_heat(self, x: Signal) -> Signal:
        """Heat held by all lumps [J] relative to 0 K, sensors excepted (they hold none)."""
        T = self.states.unpack(x)
        plate, n = self.site.cold_plate, float(self.site.plates)
        total = ops.sum_components(n * (plate.C_chip * T["T_chip"] + plate.C_plate * T["T_plate"]
                                        + plate.C_cool * T["T_cool"]))  # fmt: skip
        cdu = self.site.cdu
        total = total + ops.sum_components(cdu.C_return * T["T_return"] + cdu.C_supply * T["T_supply"])
        for name, C in zip(self.facility.nodes, self.facility.capacities(), strict=True):
            total = total + C * T[name]
        return total

    # -- what runs record -----------------------------------------------------------------------------------------

    def flux_vector(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """The facility fluxes at one instant, ``(b, 8)`` in the order of :data:`lowlift.models.facility.FLUXES`."""
        f = self.fluxes(x, u, d)
        return ops.stack([getattr(f, name) for name in FLUXES])

    def measure(
        self, x: np.ndarray, u: np.ndarray, d: np.ndarray, fluxes: np.ndarray, own: np.ndarray, flows: Flows
    ) -> dict[str, np.ndarray]:
        """Readings by name, each ``(b, n)``; ``own`` is each CDU's override."""
        from lowlift.models.measure import measure

        return measure(self, x, u, d, fluxes, own, flows)

    def ledger(self, x: np.ndarray, d: np.ndarray, fluxes: np.ndarray, flows: Flows) -> dict[str, np.ndarray]:
        """Powers, heat rates and water of one step, and the heat stored at its end, each ``(b, 1)``."""
        of = columns(FLUXES, fluxes)
        powers, disturbance = self.powers(flows, d, of["P_chiller"]), self.disturbances.unpack(d)
        q_air = disturbance["q_air"]
        outside = q_air if self.site.chilled is None else 0.0 * q_air
        work = ops.sum_components(flows.Q_pump_cdu) + flows.Q_pump_fws + flows.Q_pump_cw + flows.P_crah + of["P_chiller"]
        return {
            **{f"P_{field.name}": getattr(powers, field.name) for field in dataclasses.fields(powers)},
            "Q_liquid": ops.sum_components(disturbance["q_liquid"]), "Q_air": q_air, "Q_work": work, "Q_boundary": outside,
            STORED: self.stored_heat(x),
            **of,
        }  # fmt: skip

    # -- what scenarios and checks need ---------------------------------------------------------------------------

    def disturbances_from(self, conditions: Conditions) -> np.ndarray:
        """Packed disturbances, shape ``(n, nd)``."""
        return np.asarray(self.disturbances.pack(conditions.columns))

    def loads(self, conditions: Conditions) -> Loads:
        """Heat of each CDU, of the hottest rack of each, and to air."""
        from lowlift.models.measure import hottest

        q = conditions.q_liquid
        return Loads(q_cdu=q @ self.rack_matrix, q_rack=hottest(q, self), q_air=conditions.q_air)

    def initial_actuators(self) -> np.ndarray:
        """Pumps and fans near the middle of their range, one chiller where there are any."""
        s = self.site
        values: dict[str, Any] = {
            "y_cdu": 0.8, "v_cdu": 0.7, "y_fws": 0.8, "n_fws": float(s.pumps_per_group), "y_cw": 0.85,
            "n_cw": float(s.n_tower_pumps), "y_fan": 0.5, "n_cells": float(s.n_cells),
        }  # fmt: skip
        if s.chilled is not None:
            values |= {"split": 0.0, "T_chw_set": s.chilled.T_chw_min + 4.0, "n_chillers": 1.0, "y_chw": 0.8, "y_crah": 0.9}
        return np.asarray(self.actuators.pack(values))

    def margins(self, share: float) -> dict[str, float]:
        """Distance of each temperature to its limit [K]; see :mod:`lowlift.models.liquid_design`."""
        from lowlift.models.liquid_design import margins

        return margins(self, share)

    def extrapolated(self, share: float) -> list[str]:
        """Declared ranges left on the design day, in words; see :mod:`lowlift.models.liquid_design`."""
        from lowlift.models.liquid_design import extrapolated

        return extrapolated(self, share)

    # -- services -------------------------------------------------------------------------------------------------

    def integrator(self, h: float) -> Stepper:
        """:class:`lowlift.models.step.Integrator` for steps of ``h`` seconds."""
        from lowlift.models.step import Integrator

        return Integrator(self, h)

    @functools.cached_property
    def rhs_function(self) -> Any:
        """``(x, u, d) -> dx/dt, A, B, E`` as one CasADi function."""
        import casadi as ca

        x, u, d = (ca.SX.sym(k, v.size) for k, v in (("x", self.states), ("u", self.actuators), ("d", self.disturbances)))
        dx = self.derivatives(x, u, d)
        return ca.Function("rhs", [x, u, d], [dx, ca.jacobian(dx, x), ca.jacobian(dx, u), ca.jacobian(dx, d)],
                           ["x", "u", "d"], ["dx", "A", "B", "E"])  # fmt: skip

    def jacobian(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """``df/dx`` at one point, exact, shape ``(nx, nx)``."""
        return np.asarray(self.rhs_function(x, u, d)[1])

    def steady(self, u: np.ndarray, d: np.ndarray) -> np.ndarray:
        """Steady state for held inputs: ``u`` (b, nu), ``d`` (b, nd) -> ``x`` (b, nx).

        Implicit steps of growing length (the integrator is L-stable and exact at rest) until nothing moves.

        Raises:
            SteadyStateError: no steady state was found; names the state that still moves.
        """
        from lowlift.models.step import Integrator

        u, d = np.atleast_2d(u), np.atleast_2d(d)
        x = np.broadcast_to(np.asarray(self.states.pack(dict.fromkeys(self.states.slices, 305.0))), (len(u), self.states.size))
        for h, steps in ((15.0, 40), (300.0, 40), (1e5, 40)):
            integrator = Integrator(self, h)
            for _ in range(steps):
                x, before = integrator.step(x, u, d)[0], x
        moved = np.abs(x - before).max(axis=0)
        if not moved.max() < STEADY_TOLERANCE:
            worst = int(np.nanargmax(np.where(np.isfinite(moved), moved, np.inf)))
            raise SteadyStateError(f"{self.site.name}: {self.states.names[worst]} still moves by {moved[worst]:.2g} K")
        return x

    def outside(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> list[str]:
        """Declared ranges of components that are left at ``x`` (b, nx), ``u`` (b, nu), ``d`` (b, nd), in words; for reports."""
        from lowlift.models.validity import liquid_hall_outside

        return liquid_hall_outside(self, x, u, d)

    def linearize(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> LinearModel:
        """``A, B, C, D`` around one point as labelled tables, exact derivatives; ``E`` and ``F`` for the disturbances.

        The outputs are the temperatures that matter (hottest chip and outlet, supply and return of each CDU, facility nodes) [K] and the
        total cooling power [W]; see :mod:`lowlift.models.linear`. ``linear.A.to_numpy()`` and so on go into python-control's ``ss``.

        Args:
            x: state (nx,), for example ``plant.steady(u, d)[0]``.
            u: actuators (nu,).
            d: disturbances (nd,).
        """
        return linearize(self, x, u, d)
