"""The scheme of the liquid hall: second order, L-stable, exact on the fast lumps, conserving to rounding.

Scheme
    Actuators and disturbances are held over a step ``h``. Loop nodes (CDU volumes, pipes, basin, aisles) use the
    stiffly accurate two-stage SDIRK method of Alexander (SIAM J. Numer. Anal. 14, 1006, 1977) with
    ``gamma = 1 - 1/sqrt(2)``: second order, L-stable. The rack lumps, whose time constants of 1-10 s are far below the
    step, are linear for held flows and relax exactly in their own modes (:mod:`lowlift.thermal.ladder`): their inlet is held at
    the first stage value ``S_a`` over ``(1 - gamma) h`` and at the second, ``S_b``, over ``gamma h``, which integrates to the very
    quadrature by which the supply node loses that heat. Every joule that leaves one node therefore enters another.

    Measured (``benchmarks/simulate.py``): all loop nodes converge with order 2 from 4 s down. The coolant lump, whose second is shorter
    than the step, sees its inlet as two levels and converges with order 1 to 1.5 until the step is below that second; the error there
    is a few millikelvin at 15 s.

Racks
    A mode's part ``y`` of a chip's temperature is counted from the steady state of the rack's heat with an inlet of 0 K. With
    ``E = exp(-rate h)`` and ``E_g = exp(-rate gamma h)``, summed over the modes::

        y1 = E y + (E_g - E) gain S_a + (1 - E_g) gain S_b                                                 (1)
        heat given by gamma h = q gamma h + heat (1 - E_g) (y - gain S_a)                                  (2)
        heat given by h       = q h + heat (y - y1)                                                        (3)

Elimination
    Racks hang on their CDU and CDUs on the facility supply like arrow heads. By (2) and (3) the racks' heat is affine in the stage's supply
    temperature, then the two nodes of each CDU are affine in the facility supply ``F``, which leaves ``Q_cdu = K0 - K1 F`` for the
    facility's few nodes (:mod:`lowlift.models.stage`). The update uses the stage slopes themselves, so the balance closes whatever the
    Newton residual.

What is held is computed once
    :meth:`Scheme.setting` depends on actuators, :meth:`Scheme.operator` also on the step length, :meth:`Scheme.load` on disturbances;
    :meth:`Scheme.advance` is what remains for every step. All of it serves NumPy batches and CasADi.
"""

import dataclasses
from collections.abc import Callable

import numpy as np

from lowlift.models.hydraulics import Flows
from lowlift.models.liquid_hall import SENSOR_TIME_CONSTANT, LiquidHall
from lowlift.models.stage import facility_stage
from lowlift.thermal import ops
from lowlift.thermal.ladder import Lumps, Modes, Three, dot
from lowlift.thermal.ops import Signal

GAMMA = 1.0 - 1.0 / np.sqrt(2.0)


@dataclasses.dataclass(frozen=True)
class Setting:
    """What follows from the actuators."""

    flows: Flows
    modes: Modes
    """Of each rack."""
    resistances: Lumps
    """Steady rise of the racks per watt [K/W]."""
    C_dot: Signal
    """Capacity rate of each secondary loop [W/K]."""


@dataclasses.dataclass(frozen=True)
class Elimination:
    """The two nodes of each CDU as affine functions of their right-hand sides [J] and of the facility supply ``F``."""

    R_return: Signal
    """Return temperature per right-hand side of the return node [K/J]."""
    R_supply: Signal
    R_F: Signal
    """Return temperature per kelvin of ``F`` [1]."""
    S_return: Signal
    """Supply temperature per right-hand side of the return node [K/J]."""
    S_supply: Signal
    S_F: Signal
    G: Signal
    """Exchanger conductance times the real CDUs behind a modelled one [W/K]."""
    K1: Signal
    """Heat of all CDUs per kelvin of ``F`` [W/K]."""

    def coupling(self, rhs_return: Signal, rhs_supply: Signal) -> Signal:
        """``[K0, K1]`` of ``Q_cdu = K0 - K1 F`` over all CDUs."""
        R0 = rhs_return * self.R_return + rhs_supply * self.R_supply
        return ops.stack([ops.sum_components(self.G * R0), self.K1])

    def solve(self, rhs_return: Signal, rhs_supply: Signal, F: Signal) -> tuple[Signal, Signal]:
        """Return and supply temperature."""
        return (
            rhs_return * self.R_return + rhs_supply * self.R_supply + F * self.R_F,
            rhs_return * self.S_return + rhs_supply * self.S_supply + F * self.S_F,
        )


@dataclasses.dataclass(frozen=True)
class Operator:
    """What follows from actuators and step length."""

    h: Signal
    kept: Three
    """Share of each rack mode that is left after ``h``: ``E`` of (1)."""
    kept_first: Three
    """After ``gamma h``: ``E_g``."""
    given: Three
    """Heat given over ``h`` per part of the mode [J/K]."""
    given_first: Three
    """Over ``gamma h``."""
    taken: Signal
    """Heat that each CDU's racks take over ``h`` per kelvin of the first stage's supply [J/K]."""
    cdu: Elimination
    sensor_keeps: Signal
    """Share of its old reading that a sensor keeps [1]."""
    sensor_follows: Signal
    """Share of the change over the step that it shows [1]."""


@dataclasses.dataclass(frozen=True)
class Load:
    """What follows from disturbances and actuators."""

    rise: Lumps
    """Steady rise of the racks over their inlet [K]."""
    q: Signal
    """Heat of each CDU's racks [W]."""
    inputs: Signal
    """Of the facility equations, stacked."""


@dataclasses.dataclass(frozen=True)
class Inside:
    """The state as the scheme carries it, between :meth:`Scheme.enter` and :meth:`Scheme.leave`."""

    y: Three
    """Part of each mode in the chip's temperature, counted from the steady rise [K]."""
    T_return: Signal
    T_supply: Signal
    nodes: Signal
    """Facility nodes, stacked [K]."""
    T_supply_sensor: Signal
    sensors: Signal
    """Other sensors, stacked in the order of ``LiquidHall.sensor_nodes`` [K]."""


class Scheme:
    """The algorithm on one plant."""

    def __init__(self, plant: LiquidHall) -> None:
        self.plant = plant
        nodes = plant.facility.nodes
        self._seen = np.array([nodes.index(name) for name in plant.sensor_nodes.values()])

    # -- what is held ---------------------------------------------------------------------------------------------

    def setting(self, u: Signal) -> Setting:
        """Flows and rack modes for actuators ``u`` (..., nu)."""
        plant = self.plant
        f = plant.flows(u)
        ladder = plant.ladders(plant.rack_flow(f))
        return Setting(f, ladder.modes, ladder.resistances(), f.m_sec * plant.site.cp_secondary)

    def operator(self, s: Setting, h: Signal) -> Operator:
        """Propagators and elimination for steps of ``h`` seconds."""
        return self._operator(s, h, s.modes.kept(h), s.modes.kept(GAMMA * h))

    def doubled(self, s: Setting, op: Operator) -> Operator:
        """The operator of steps twice as long: every mode's exponential squared, which is cheaper than a new one."""
        return self._operator(s, 2.0 * op.h, _each(lambda e: e * e, op.kept), _each(lambda e: e * e, op.kept_first))

    def _operator(self, s: Setting, h: Signal, E: Three, E_g: Three) -> Operator:
        plant, m, tau = self.plant, s.modes, SENSOR_TIME_CONSTANT
        given_first = _each(lambda heat, g: heat * (1.0 - g), m.heat, E_g)
        delayed = _each(lambda heat, g, e: heat * (g - e), m.heat, E_g, E)
        slope = ops.segment_sum(dot(given_first, m.gain), plant.rack_matrix)
        keeps = ops.exp(-h / tau)
        return Operator(
            h=h, kept=E, kept_first=E_g, given=_each(lambda heat, e: heat * (1.0 - e), m.heat, E), given_first=given_first,
            taken=ops.segment_sum(dot(delayed, m.gain), plant.rack_matrix), cdu=self._elimination(s, GAMMA * h, slope),
            sensor_keeps=keeps, sensor_follows=1.0 - (1.0 - keeps) * tau / h,
        )  # fmt: skip

    def _elimination(self, s: Setting, hg: Signal, slope: Signal) -> Elimination:
        """A 2 x 2 system in closed form; ``slope`` is the heat that racks take by ``gamma h`` per kelvin of supply [J/K]."""
        cdu, M, G = self.plant.site.cdu, s.C_dot, s.flows.G_cdu
        a, b = cdu.C_return + hg * M, cdu.C_supply + hg * M
        from_supply, from_return = hg * M - slope, hg * (M - G)
        determinant = a * b - from_supply * from_return
        R_F, S_F = from_supply * (hg * G) / determinant, a * (hg * G) / determinant
        all_G = ops.constant(self.plant.topology.multiplicity, G) * G
        return Elimination(
            R_return=b / determinant, R_supply=from_supply / determinant, R_F=R_F, S_return=from_return / determinant,
            S_supply=a / determinant, S_F=S_F, G=all_G, K1=ops.sum_components(all_G * (1.0 - R_F)),
        )  # fmt: skip

    def load(self, s: Setting, u: Signal, d: Signal) -> Load:
        """Steady rises, heats and facility inputs for disturbances ``d`` (..., nd)."""
        q = self.plant.disturbances.unpack(d)["q_liquid"]
        inputs = self.plant.facility_inputs(s.flows, u, d).stacked()
        return Load(s.resistances.times(q), ops.segment_sum(q, self.plant.rack_matrix), inputs)

    # -- the state in and out -------------------------------------------------------------------------------------

    def enter(self, x: Signal, s: Setting, load: Load) -> Inside:
        """Packed state (..., nx) to the scheme's own variables; again whenever setting or load change."""
        T = self.plant.states.unpack(x)
        y = s.modes.enter(Lumps(T["T_chip"], T["T_plate"], T["T_cool"]).minus(load.rise))
        nodes, sensors = (ops.stack([T[name] for name in names]) for names in (self.plant.facility.nodes, self.plant.sensor_nodes))
        return Inside(y, T["T_return"], T["T_supply"], nodes, T["T_supply_sensor"], sensors)

    def leave(self, inside: Inside, s: Setting, load: Load) -> Signal:
        """The packed state."""
        racks = s.modes.leave(inside.y).plus(load.rise)
        values: dict[str, Signal] = {
            "T_chip": racks.chip, "T_plate": racks.plate, "T_cool": racks.cool, "T_return": inside.T_return,
            "T_supply": inside.T_supply, "T_supply_sensor": inside.T_supply_sensor,
        }  # fmt: skip
        for names, stacked in ((self.plant.facility.nodes, inside.nodes), (tuple(self.plant.sensor_nodes), inside.sensors)):
            values |= dict(zip(names, ops.split(stacked, [1] * len(names)), strict=True))
        return self.plant.states.pack(values)

    # -- one step -------------------------------------------------------------------------------------------------

    def advance(self, now: Inside, s: Setting, op: Operator, load: Load) -> tuple[Inside, Signal]:
        """One step; returns the new state and the step means of the facility fluxes, in :data:`~lowlift.models.facility.FLUXES` order."""
        plant, f, h, M = self.plant, s.flows, op.h, s.C_dot
        cdu, G, side = plant.site.cdu, f.G_cdu, plant.facility
        hg, hr = GAMMA * h, (1.0 - GAMMA) * h
        R0, S0, z0 = now.T_return, now.T_supply, now.nodes

        # First stage, at gamma h.
        given = load.q * hg + ops.segment_sum(dot(op.given_first, now.y), plant.rack_matrix)
        rhs = cdu.C_return * R0 + given, cdu.C_supply * S0 + hg * f.Q_pump_cdu
        z_a, slope_a, flux_a = facility_stage(side, z0, z0, op.cdu.coupling(*rhs), load.inputs, hg)
        F_a = ops.split(z_a, [1] * len(side.nodes))[side.hall]
        R_a, S_a = op.cdu.solve(*rhs, F_a)

        # Second stage, at h; it begins with what the first stage's slopes carried over (1 - gamma) h.
        given = load.q * h + ops.segment_sum(dot(op.given, now.y), plant.rack_matrix) - op.taken * S_a
        carried = hr * M * (S_a - R_a)
        rhs = cdu.C_return * R0 + carried + given, cdu.C_supply * S0 - carried - hr * G * (R_a - F_a) + h * f.Q_pump_cdu
        base = z0 + hr * slope_a
        z_b, slope_b, flux_b = facility_stage(side, z_a, base, op.cdu.coupling(*rhs), load.inputs, hg)
        F_b = ops.split(z_b, [1] * len(side.nodes))[side.hall]
        R_b, S_b = op.cdu.solve(*rhs, F_b)

        # Racks, equation (1), regrouped: towards S_b by way of S_a.
        first, change, last = (ops.gather(S, plant.site.cdu_of_rack) for S in (S_a, S_a - S_b, S_b))

        def relax(y: Signal, E: Signal, E_g: Signal, gain: Signal) -> Signal:
            return E * (y - gain * first) + gain * (E_g * change + last)

        y = _each(relax, now.y, op.kept, op.kept_first, s.modes.gain)
        z1 = base + hg * slope_b
        seen0, seen1 = (ops.gather(z, self._seen) for z in (z0, z1))
        after = Inside(y, R_b, S_b, z1, self._read(op, now.T_supply_sensor, S0, S_b), self._read(op, now.sensors, seen0, seen1))
        return after, (1.0 - GAMMA) * flux_a + GAMMA * flux_b

    @staticmethod
    def _read(op: Operator, reading: Signal, T0: Signal, T1: Signal) -> Signal:
        """First-order sensor over the step, exact for a linear course of the true temperature."""
        return op.sensor_keeps * (reading - T0) + T0 + op.sensor_follows * (T1 - T0)


def _each(function: Callable[..., Signal], *modes: Three) -> Three:
    """Mode by mode."""
    a, b, c = (function(*of_mode) for of_mode in zip(*modes, strict=True))
    return a, b, c
