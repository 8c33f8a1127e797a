"""S2 for the plants beside the liquid hall: exact derivatives equal finite differences, and nothing jumps where modes change."""

import functools
from collections.abc import Callable

import casadi as ca
import models_air as air
import models_hybrid as hybrid
import numpy as np
import pytest
from jumps import largest_jump

from lowlift.models.air_hall import AirHall
from lowlift.models.chiller_loops import ChillerLoops
from lowlift.models.hybrid_hall import HybridHall
from lowlift.models.kinds import plant_of
from lowlift.models.plant import Conditions
from lowlift.models.site import load_site

SITES = ("air_hall", "hybrid_hall", "chiller_plant")
MEGA = 1e-6
"""Powers and heat are compared in MW."""
STILL = 1e-6
"""What is below this is rounding: a watt, or 1e-6 K/s."""
JUMP = 1e-7
Point = tuple[np.ndarray, np.ndarray, np.ndarray]


@functools.cache
def plant(site: str) -> AirHall | HybridHall | ChillerLoops:
    if site == "air_hall":
        return air.air_hall()
    return hybrid.hybrid() if site == "hybrid_hall" else plant_of(load_site("chiller_plant"))  # type: ignore[return-value]


@functools.cache
def rest(site: str) -> Point:
    """A usual state at rest with its actuators and disturbances, one row each."""
    p = plant(site)
    if site == "air_hall":
        u, d = air.actuators(y_damper=0.4, y_iec=0.5, v_spray=1.0, v_pad=0.3, n_dx=3.0, y_dx=0.5), air.weather()
    elif site == "hybrid_hall":
        u, d = hybrid.actuators(), hybrid.load_at(0.6)
    else:
        u, d = p.initial_actuators()[None], outdoors(site, 0.7, 289.0, 296.0)
    return p.steady(u, d), u, d


def outdoors(site: str, load: float, T_wb: float, T_db: float) -> np.ndarray:
    """Disturbances (1, nd)."""
    if site == "air_hall":
        return air.weather(load, T_wb - air.ZERO_C, T_db - air.ZERO_C)
    if site == "hybrid_hall":
        return hybrid.load_at(load, T_wb, T_db)
    p, one = plant(site), np.ones(1)
    return p.disturbances_from(
        Conditions(q_liquid=np.zeros((1, 0)), q_air=load * p.site.P_it_nominal * one, T_wb=T_wb * one, T_db=T_db * one, p=p.site.p * one)
    )


@functools.cache
def functions(site: str) -> tuple[ca.Function, ca.Function]:
    """Rates of some states and all fluxes, and their derivatives by states and actuators."""
    p = plant(site)
    x, u, d = (ca.SX.sym(name, table.size) for name, table in (("x", p.states), ("u", p.actuators), ("d", p.disturbances)))
    dx, flux = p.rates(x, u, d)
    scale = np.array([MEGA if name[:2] in {"P_", "Q_"} else 1.0 for name in p.flux_names])
    out = ca.vertcat(dx[:: max(1, p.states.size // 10)], flux * scale)
    return ca.Function("f", [x, u, d], [ca.densify(out)]), ca.Function("J", [x, u, d], [ca.densify(ca.jacobian(out, ca.vertcat(x, u)))])


def along(site: str, start: Point, end: Point) -> Callable[[np.ndarray], np.ndarray]:
    f = functions(site)[0]
    return lambda t: np.asarray(f.map(t.size)(*((a + (b - a) * t[:, None]).T for a, b in zip(start, end, strict=True))))


@pytest.mark.parametrize("site", SITES)
def test_S2_nothing_jumps_where_modes_change(site: str) -> None:
    """Along paths through all actuators from their low to their high ends, and through weather: coolers, pads, compressors on and off."""
    p, (x, _, d) = plant(site), rest(site)
    low, high = p.actuators.low[None], p.actuators.high[None]
    assert largest_jump(along(site, (x, low, d), (x, high, d)), STILL) < JUMP
    # About freezing the wet bulb of the ASHRAE relations jumps between water and ice; it is weather, so each path stays on one side.
    mild, hot = outdoors(site, 0.5, 276.0, 279.0), outdoors(site, 1.0, 296.0, 314.0)
    assert largest_jump(along(site, (x, high, mild), (x, low, hot)), STILL) < JUMP
    cold, frost = outdoors(site, 0.2, 262.0, 264.0), outdoors(site, 0.6, 268.0, 269.0)
    assert largest_jump(along(site, (x, low, cold), (x, high, frost)), STILL) < JUMP


@pytest.mark.parametrize("site", SITES)
def test_S2_exact_derivatives_equal_finite_differences(site: str) -> None:
    """Of rates and fluxes by states and actuators, between the difference quotients to either side."""
    p, (x, u, d) = plant(site), rest(site)
    f, J = functions(site)
    exact, here = np.asarray(J(x[0], u[0], d[0])), np.asarray(f(x[0], u[0], d[0])).ravel()
    size = np.concatenate([np.full(p.states.size, 10.0), p.actuators.high - p.actuators.low])
    for k, h in enumerate(1e-6 * size):
        sides = []
        for step in (-h, h):
            both = np.concatenate([x[0], u[0]])
            both[k] += step
            sides.append((np.asarray(f(both[: p.states.size], both[p.states.size :], d[0])).ravel() - here) / step)
        slack = 1e-4 * np.maximum(np.abs(exact[:, k]), (np.abs(here) + STILL) / size[k]) + 1e-13 * np.abs(here) / h
        assert np.all(exact[:, k] >= np.minimum(*sides) - slack), k
        assert np.all(exact[:, k] <= np.maximum(*sides) + slack), k


def test_a_jump_would_be_noticed() -> None:
    """A step of a thousandth, put into a path that has none."""
    x, u, d = rest("chiller_plant")
    inner = along("chiller_plant", (x, u, d), (x, u, outdoors("chiller_plant", 0.9, 289.0, 296.0)))
    assert largest_jump(lambda t: inner(t) * (1.0 + 1e-3 * (t > 0.3)), STILL) > 1e-4
