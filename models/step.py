"""The integrator of the liquid hall: second order, L-stable, exact on the fast lumps, conserving to rounding.

Scheme
    Actuators and disturbances are held over a step ``h``. Loop nodes (CDU volumes, pipes, basin, aisles) use the
    stiffly accurate two-stage SDIRK method of Alexander (SIAM J. Numer. Anal. 14, 1006, 1977) with
    ``gamma = 1 - 1/sqrt(2)``: second order, L-stable. The rack lumps, whose time constants of 1-10 s are far below the
    step, are linear for held flows and are propagated exactly (:mod:`lowlift.thermal.ladder`): their inlet is held at
    the first stage value over ``(1 - gamma) h`` and at the second over ``gamma h``, which integrates to the very
    quadrature by which the supply node loses that heat. Every joule that leaves one node therefore enters another.

    Measured (``benchmarks/simulate.py``): all loop nodes converge with order 2 from 4 s down. The coolant lump, whose second is shorter
    than the step, sees its inlet as two levels and converges with order 1 to 1.5 until the step is below that second; the error there
    is a few millikelvin at 15 s.

Elimination
    Racks hang on their CDU and CDUs on the facility supply like arrow heads. Racks are eliminated in closed form
    (their heat is affine in the stage's supply temperature), then the two nodes of each CDU, which leaves
    ``Q_cdu = K0 - K1 T_fws`` for the facility's few nodes. Those take two Newton steps with the exact Jacobian of the stage's start,
    factorised symbolically. The update uses the stage slopes themselves, so the balance closes whatever the Newton residual.

Two equal forms
    :meth:`Integrator.step` runs NumPy batches; :meth:`Integrator.compiled` is the same algorithm as one CasADi function,
    faster for a handful of plants because it has no per-operation overhead.
"""

import dataclasses
import functools
from typing import Any

import numpy as np

from lowlift.models.facility import FLUXES, FacilityInputs, FacilitySide
from lowlift.models.hydraulics import Flows
from lowlift.models.liquid_hall import SENSOR_TIME_CONSTANT, LiquidHall
from lowlift.models.lowering import lower
from lowlift.thermal import ops
from lowlift.thermal.ladder import Decay, Ladder, Lumps
from lowlift.thermal.ops import Signal

GAMMA = 1.0 - 1.0 / np.sqrt(2.0)
NEWTON_STEPS = 2
SMALL_BATCH = 48
"""Batches up to this size run through the compiled form."""


@dataclasses.dataclass(frozen=True)
class Operator:
    """All that a step needs and that depends on actuators and step length only; reusable while they are held."""

    h: float
    flows: Flows
    ladder: Ladder
    decay_first: Decay
    """Racks over ``gamma h``."""
    decay_rest: Decay
    """Racks over ``(1 - gamma) h``."""
    resistances: Lumps
    """Steady rise of the racks per watt [K/W]."""
    capacities: Lumps
    """Of the racks [J/K]."""
    retained: Lumps
    """Heat that the racks still hold after ``gamma h`` per kelvin of deviation [J/K]."""
    withheld: Lumps
    """What they have given by then [J/K]."""
    slope: Signal
    """Heat withheld by each CDU's racks per kelvin of supply temperature, over ``gamma h`` [J/K]."""
    C_dot: Signal
    """Capacity rate of each secondary loop [W/K]."""
    determinant: Signal


class Integrator:
    """Steps one plant model by ``h`` seconds."""

    def __init__(self, plant: LiquidHall, h: float) -> None:
        if not h > 0.0:
            raise ValueError(f"h = {h} s: must be above 0")
        self.plant = plant
        self.h = h

    # -- the algorithm, on NumPy batches and CasADi alike ---------------------------------------------------------

    def prepare(self, u: Signal, held: Operator | None = None) -> Operator:
        """Flows, propagators and elimination coefficients for actuators ``u``.

        An operator of another step length for the same actuators, ``held``, lends its flows and the racks' spectrum.
        """
        plant, cdu, hg = self.plant, self.plant.site.cdu, GAMMA * self.h
        f = plant.flows(u) if held is None else held.flows
        ladder = plant.ladders(plant.rack_flow(f)) if held is None else held.ladder
        first = ladder.decay(hg)
        retained, capacities = first.retained(ladder), ladder.capacities
        withheld = capacities.minus(retained)
        slope = ops.segment_sum(withheld.chip + withheld.plate + withheld.cool, plant.rack_matrix)
        C_dot = f.m_sec * plant.site.cp_secondary
        determinant = (cdu.C_return + hg * C_dot) * (cdu.C_supply + hg * C_dot) - (hg * C_dot - slope) * hg * (C_dot - f.G_cdu)
        return Operator(
            h=self.h, flows=f, ladder=ladder, decay_first=first, decay_rest=ladder.decay(self.h - hg), resistances=ladder.resistances(),
            capacities=capacities, retained=retained, withheld=withheld, slope=slope, C_dot=C_dot, determinant=determinant,
        )  # fmt: skip

    def advance(self, x: Signal, op: Operator, u: Signal, d: Signal) -> tuple[Signal, Signal]:
        """One step; returns the new state and the step means of the facility fluxes, in the order of ``FLUXES``."""
        plant, s, f, h = self.plant, self.plant.site, op.flows, self.h
        hg, hr = GAMMA * h, (1.0 - GAMMA) * h
        cdu, G, M = s.cdu, f.G_cdu, op.C_dot
        T = plant.states.unpack(x)
        q = plant.disturbances.unpack(d)["q_liquid"]
        rise = op.resistances.times(q)
        # All rack temperatures from here on are deviations from the steady state that belongs to their heat and an inlet of 0 K.
        start = Lumps(T["T_chip"], T["T_plate"], T["T_cool"]).minus(rise)
        z0 = ops.stack([T[name] for name in plant.facility.nodes])
        R0, S0 = T["T_return"], T["T_supply"]
        inputs = plant.facility_inputs(f, u, d).stacked()

        # First stage, at gamma h.
        given = ops.segment_sum(q * hg + start.dot(op.withheld), plant.rack_matrix)
        at = _Elimination(op, hg, cdu, cdu.C_return * R0 + given, cdu.C_supply * S0 + hg * f.Q_pump_cdu)
        z_a, slope_a, flux_a = self._facility_stage(z0, z0, at, inputs)
        F_a = ops.split(z_a, [1] * len(plant.facility.nodes))[plant.facility.hall]
        R_a, S_a = at.solve(F_a)

        # Racks over the first (1 - gamma) h with the first stage's supply, exactly.
        inlet = ops.gather(S_a, s.cdu_of_rack)
        middle = op.decay_rest.apply(start.shifted(-inlet)).shifted(inlet)

        # Second stage, at h. The racks' heat over the whole step, the second part with an inlet of 0 K:
        # q h + C (start - middle) + (C - retained) middle.
        given = ops.segment_sum(q * h + start.dot(op.capacities) - middle.dot(op.retained), plant.rack_matrix)
        carried = hr * M * (S_a - R_a)
        at = _Elimination(
            op, hg, cdu,
            cdu.C_return * R0 + carried + given,
            cdu.C_supply * S0 - carried - hr * G * (R_a - F_a) + h * f.Q_pump_cdu,
        )  # fmt: skip
        z_b, slope_b, flux_b = self._facility_stage(z_a, z0 + hr * slope_a, at, inputs)
        F_b = ops.split(z_b, [1] * len(plant.facility.nodes))[plant.facility.hall]
        R_b, S_b = at.solve(F_b)
        inlet = ops.gather(S_b, s.cdu_of_rack)
        last = op.decay_first.apply(middle.shifted(-inlet))

        z1 = z0 + hr * slope_a + hg * slope_b
        new: dict[str, Signal] = {
            "T_chip": last.chip + rise.chip + inlet, "T_plate": last.plate + rise.plate + inlet,
            "T_cool": last.cool + rise.cool + inlet, "T_return": R_b, "T_supply": S_b,
            "T_supply_sensor": self._lagged(T["T_supply_sensor"], S0, S_b),
        }  # fmt: skip
        for name, value in zip(plant.facility.nodes, ops.split(z1, [1] * len(plant.facility.nodes)), strict=True):
            new[name] = value
        for sensor, node in plant.sensor_nodes.items():
            new[sensor] = self._lagged(T[sensor], T[node], new[node])
        return plant.states.pack(new), (1.0 - GAMMA) * flux_a + GAMMA * flux_b

    def _lagged(self, reading: Signal, T0: Signal, T1: Signal) -> Signal:
        """First-order sensor over the step, exact for a linear course of the true temperature."""
        tau = SENSOR_TIME_CONSTANT
        keep = float(np.exp(-self.h / tau))
        return keep * reading + (1.0 - keep) * T0 + (T1 - T0) * (1.0 - (1.0 - keep) * tau / self.h)

    def _facility_stage(self, guess: Signal, base: Signal, at: "_Elimination", inputs: Signal) -> tuple[Signal, Signal, Signal]:
        K0, K1 = at.coupling(self.plant.topology.multiplicity)
        coupling = ops.stack([K0, K1])
        function, lowered = stage_function(self.plant.facility)
        hg = GAMMA * self.h
        if ops.is_symbolic(guess):
            return tuple(function(guess, base, coupling, inputs, hg))
        rows = [np.ascontiguousarray(np.moveaxis(v, -1, 0)) for v in (guess, base, coupling, inputs)]
        z, slope, flux = (np.moveaxis(v, 0, -1) for v in lowered(*rows, np.full((1,) + (1,) * (guess.ndim - 1), hg)))
        return z, slope, flux

    # -- the two forms --------------------------------------------------------------------------------------------

    def step(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Step a batch: ``x`` (b, nx), ``u`` (b, nu), ``d`` (b, nd); returns ``x1`` (b, nx) and mean fluxes (b, 8)."""
        x, u, d = np.atleast_2d(x), np.atleast_2d(u), np.atleast_2d(d)
        if len(x) <= SMALL_BATCH:
            return self._step_compiled(x, u, d)
        return self.advance(x, self.prepare(u), u, d)

    @functools.cached_property
    def compiled(self) -> Any:
        """The step as one CasADi function ``(x, u, d) -> (x1, fluxes)``."""
        import casadi as ca

        p = self.plant
        x, u, d = (ca.SX.sym(k, v.size) for k, v in (("x", p.states), ("u", p.actuators), ("d", p.disturbances)))
        return ca.Function("step", [x, u, d], list(self.advance(x, self.prepare(u), u, d)), {"cse": True})

    def _step_compiled(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        f = self.compiled
        buffer, trigger = f.buffer()
        # CasADi keeps pointers into these arrays: they are filled, never replaced.
        row = [np.empty(x.shape[-1]), np.empty(u.shape[-1]), np.empty(d.shape[-1])]
        for k, array in enumerate(row):
            buffer.set_arg(k, memoryview(array.data))
        x1, flux = np.empty_like(x, dtype=float), np.empty((len(x), len(FLUXES)))
        result = [np.empty(x.shape[-1]), np.empty(len(FLUXES))]
        for k, array in enumerate(result):
            buffer.set_res(k, memoryview(array.data))
        for b in range(len(x)):
            row[0][:], row[1][:], row[2][:] = x[b], u[b], d[b]
            trigger()
            x1[b], flux[b] = result
        return x1, flux


@functools.lru_cache(maxsize=16)
def stage_function(side: FacilitySide) -> tuple[Any, Any]:
    """Two Newton steps with one Jacobian on the facility nodes of one stage, then slopes and fluxes there: for CasADi and for NumPy.

    Inputs: guess, base, ``[K0, K1]`` of the CDUs, facility inputs, ``gamma h``.
    """
    import casadi as ca

    n, names = len(side.nodes), FacilityInputs.names()
    z, base, K = ca.SX.sym("z", n), ca.SX.sym("base", n), ca.SX.sym("K", 2)
    i, hg = ca.SX.sym("i", len(names)), ca.SX.sym("hg")
    inputs = FacilityInputs(**{name: i[k] for k, name in enumerate(names)})

    def slopes(at: Any) -> tuple[Any, Any]:
        T = {name: at[k] for k, name in enumerate(side.nodes)}
        heat, fluxes = side.equations(T, K[0] - K[1] * at[side.hall], inputs)
        dz = ca.vertcat(*(heat[name] / C for name, C in zip(side.nodes, side.capacities(), strict=True)))
        return dz, ca.vertcat(*(getattr(fluxes, name) for name in FLUXES))

    point = ca.SX.sym("point", n)
    residual = ca.Function("residual", [point, base, K, i, hg], [point - base - hg * slopes(point)[0]])
    jacobian = ca.jacobian(residual(z, base, K, i, hg), z)
    current = z
    for _ in range(NEWTON_STEPS):
        # One Jacobian a stage: common-subexpression elimination keeps a single factorisation.
        current = current - eliminate(jacobian, residual(current, base, K, i, hg))
    function = ca.Function("facility_stage", [z, base, K, i, hg], [current, *slopes(current)], {"cse": True})
    return function, lower(function)


class _Elimination:
    """The two nodes of each CDU as affine functions of the facility supply ``F``: a 2 x 2 system in closed form."""

    def __init__(self, op: Operator, hg: float, cdu: Any, rhs_return: Signal, rhs_supply: Signal) -> None:
        M, G = op.C_dot, op.flows.G_cdu
        a, b = cdu.C_return + hg * M, cdu.C_supply + hg * M
        from_supply, from_return = hg * M - op.slope, hg * (M - G)
        self.G = G
        self.R0 = (rhs_return * b + from_supply * rhs_supply) / op.determinant
        self.S0 = (a * rhs_supply + from_return * rhs_return) / op.determinant
        self.R1 = from_supply * (hg * G) / op.determinant
        self.S1 = a * (hg * G) / op.determinant

    def coupling(self, multiplicity: np.ndarray) -> tuple[Signal, Signal]:
        """``Q_cdu = K0 - K1 F`` summed over all CDUs."""
        w = ops.constant(multiplicity, self.G)
        return ops.sum_components(w * self.G * self.R0), ops.sum_components(w * self.G * (1.0 - self.R1))

    def solve(self, F: Signal) -> tuple[Signal, Signal]:
        """Return and supply temperature for the facility supply ``F``."""
        return self.R0 + self.R1 * F, self.S0 + self.S1 * F


def eliminate(A: Any, b: Any) -> Any:
    """Solve ``A x = b`` symbolically by Gaussian elimination without pivoting, skipping structural zeros.

    For the diagonally dominant matrices of implicit steps; prints to straight-line code of a few hundred operations.
    """
    import casadi as ca

    n = b.shape[0]
    rows = [{j: A[i, j] for j in range(n) if A.sparsity().has_nz(i, j)} for i in range(n)]
    rhs = [b[i] for i in range(n)]
    for k in range(n):
        for i in range(k + 1, n):
            if k in rows[i]:
                factor = rows[i].pop(k) / rows[k][k]
                for j, value in rows[k].items():
                    if j > k:
                        rows[i][j] = rows[i].get(j, 0.0) - factor * value
                rhs[i] = rhs[i] - factor * rhs[k]
    x: list[Any] = [None] * n
    for i in reversed(range(n)):
        total = rhs[i]
        for j, value in rows[i].items():
            if j > i:
                total = total - value * x[j]
        x[i] = total / rows[i][i]
    return ca.vertcat(*x)
