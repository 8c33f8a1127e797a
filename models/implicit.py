"""An integrator for plants whose every node is nonlinear: second order, L-stable, conserving to rounding.

Scheme
    The stiffly accurate two-stage SDIRK method of Alexander (SIAM J. Numer. Anal. 14, 1006, 1977), ``gamma = 1 - 1/sqrt(2)``, with
    actuators and disturbances held over the step ``h``::

        z_a = z_0 + gamma h F(z_a),   z_b = z_0 + (1 - gamma) h F(z_a) + gamma h F(z_b)                   (1)
        z_1 = z_0 + (1 - gamma) h F(z_a) + gamma h F(z_b)                                                 (2)

    ``z`` are the quantities of which the plant has balances (energy, moisture), not its temperatures: a Runge-Kutta method keeps linear
    invariants only, and the energy of moist air is no linear function of temperature and humidity. (2) is evaluated with the slopes
    themselves, and fluxes are averaged with the same weights, so what leaves one node enters another whatever the residual of (1).

    (1) takes a fixed number of Newton steps with the exact Jacobian at the start of the stage, factorised symbolically.

Two equal forms
    Batches run as lowered NumPy, a handful of plants as one CasADi function.
"""

import functools
from typing import Any, Protocol

import numpy as np

from lowlift.models.buffered import Buffered
from lowlift.models.lowering import Lowered, lower
from lowlift.models.plant import SteadyStateError, Vectors
from lowlift.models.scheme import GAMMA
from lowlift.models.stage import eliminate
from lowlift.models.step import SMALL_BATCH
from lowlift.thermal import ops
from lowlift.thermal.ops import Signal

NEWTON_STEPS = 4
SETTLE_FIRST, SETTLE_LEAST, SETTLE_LAST = 15.0, 2.0, 1e4
"""First, least and last step length on the way to rest [s]."""
SETTLE_GROWTH, SETTLE_CUT, SETTLE_STEPS = 1.5, 0.25, 500
SETTLE_REACH = 0.03
"""Longest movement of a state in one step there, relative to its size, 0.1 at least: beyond it Newton's method is not trusted."""
STEADY_TOLERANCE = 1e-7
"""Largest movement of a state over the last step that counts as rest, relative to its size."""


class System(Vectors, Protocol):
    """What the integrator needs of a plant, in NumPy and CasADi alike."""

    def __hash__(self) -> int:
        """By identity: compiled functions are kept for each system."""

    @property
    def flux_names(self) -> tuple[str, ...]:
        """Names of the fluxes, in order."""

    def conserved(self, x: Signal) -> Signal:
        """``z`` from ``x``: as many quantities, ordered so that nodes with few neighbours come first (they are eliminated first)."""

    def recovered(self, z: Signal) -> Signal:
        """``x`` from ``z``."""

    def rates(self, x: Signal, u: Signal, d: Signal) -> tuple[Signal, Signal]:
        """``dz/dt`` and the fluxes."""


class ImplicitStepper:
    """Steps one system by ``h`` seconds.

    Raises:
        ValueError: ``h`` is not above zero.
    """

    def __init__(self, system: System, h: float) -> None:
        if not h > 0.0:
            raise ValueError(f"h = {h} s: must be above 0")
        self.system, self.h = system, h

    def advance(self, x: Signal, u: Signal, d: Signal) -> tuple[Signal, Signal]:
        """One step on NumPy batches or CasADi columns; returns new states and step means of the fluxes."""
        return advance(self.system, x, u, d, self.h)

    def step(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Step a batch: ``x`` (b, nx), ``u`` (b, nu), ``d`` (b, nd); returns ``x1`` (b, nx) and mean fluxes (b, nf)."""
        x, u, d = (np.atleast_2d(v) for v in (x, u, d))
        return self._step_compiled(x, u, d) if len(x) <= SMALL_BATCH else self.advance(x, u, d)

    @functools.cached_property
    def _buffered(self) -> Buffered:
        return Buffered(step_function(self.system))

    def _step_compiled(self, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x1, flux = self._buffered(x, u, d, np.array([self.h]))
        return x1, flux


def advance(system: System, x: Signal, u: Signal, d: Signal, h: Signal) -> tuple[Signal, Signal]:
    """Equations (1) and (2)."""
    hg, hr = GAMMA * h, (1.0 - GAMMA) * h
    z0 = system.conserved(x)
    z_a, slope_a, flux_a = _stage(system, z0, z0, u, d, hg)
    _, slope_b, flux_b = _stage(system, z_a, z0 + hr * slope_a, u, d, hg)
    z1 = z0 + hr * slope_a + hg * slope_b
    return system.recovered(z1), (1.0 - GAMMA) * flux_a + GAMMA * flux_b


def _stage(system: System, guess: Signal, base: Signal, u: Signal, d: Signal, hg: Signal) -> tuple[Signal, Signal, Signal]:
    if ops.is_symbolic(guess):
        return tuple(stage_function(system)(guess, base, u, d, hg))
    rows = [np.ascontiguousarray(np.moveaxis(v, -1, 0)) for v in (guess, base, u, d)]
    z, slope, flux = lowered_stage(system)(*rows, np.full((1, 1), hg))
    return np.moveaxis(z, 0, -1), np.moveaxis(slope, 0, -1), np.moveaxis(flux, 0, -1)


@functools.lru_cache(maxsize=16)
def step_function(system: System) -> Any:
    """The step as one CasADi function ``(x, u, d, h) -> (x1, fluxes)``."""
    import casadi as ca

    x, u, d = (ca.SX.sym(k, v.size) for k, v in (("x", system.states), ("u", system.actuators), ("d", system.disturbances)))
    h = ca.SX.sym("h")
    return ca.Function("step", [x, u, d, h], list(advance(system, x, u, d, h)), {"cse": True})


@functools.lru_cache(maxsize=16)
def stage_function(system: System) -> Any:
    """One stage of (1) as a CasADi function ``(guess, base, u, d, gamma h) -> z, F(z), fluxes``."""
    import casadi as ca

    sizes = {"z": system.states.size, "base": system.states.size, "u": system.actuators.size, "d": system.disturbances.size}
    z, base, u, d = (ca.SX.sym(name, n) for name, n in sizes.items())
    hg, at = ca.SX.sym("hg"), ca.SX.sym("at", sizes["z"])
    slopes = ca.Function("slopes", [at, u, d], list(system.rates(system.recovered(at), u, d)), {"cse": True})
    # Only slopes are differentiated; fluxes are evaluated where the stage ends.
    slope_at = slopes(at, u, d)[0]
    jacobian = ca.Function("jacobian", [at, u, d], [ca.jacobian(slope_at, at)], {"cse": True})
    matrix = ca.SX.eye(sizes["z"]) - hg * jacobian(z, u, d)
    current = z
    for _ in range(NEWTON_STEPS):
        current = current - eliminate(matrix, current - base - hg * slopes(current, u, d)[0])
    return ca.Function("stage", [z, base, u, d, hg], [current, *slopes(current, u, d)],
                       ["guess", "base", "u", "d", "gamma_h"], ["z", "slope", "flux"], {"cse": True})  # fmt: skip


@functools.lru_cache(maxsize=16)
def lowered_stage(system: System) -> Lowered:
    """The same as NumPy."""
    return lower(stage_function(system))


def settle(system: System, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
    """States at rest (b, nx) for held ``u`` (b, nu) and ``d`` (b, nd), from a guess ``x`` (b, nx): implicit steps of growing length.

    Raises:
        SteadyStateError: something still moves; names it.
    """
    u, d = np.atleast_2d(u), np.atleast_2d(d)
    x = np.broadcast_to(x, (len(u), system.states.size)).astype(float)
    h, moved = SETTLE_FIRST, np.full(system.states.size, np.inf)
    for _ in range(SETTLE_STEPS):
        there = ImplicitStepper(system, h).step(x, u, d)[0]
        change = np.abs(there - x)
        if not (change <= SETTLE_REACH * np.maximum(np.abs(x), 0.1)).all() and h > SETTLE_LEAST:
            h = max(h * SETTLE_CUT, SETTLE_LEAST)
            continue
        moved, x = (change / np.maximum(np.abs(there), 1e-4)).max(axis=0), there
        if h >= SETTLE_LAST and moved.max() < STEADY_TOLERANCE:
            return x
        h = min(h * SETTLE_GROWTH, SETTLE_LAST)
    worst = int(np.nanargmax(np.where(np.isfinite(moved), moved, np.inf)))
    raise SteadyStateError(f"{system.site.name}: {system.states.names[worst]} still moves by {moved[worst]:.2g} of itself")
