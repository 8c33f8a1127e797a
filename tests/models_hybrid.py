"""The packaged hybrid hall and its operating points, shared by tests."""

import functools

import numpy as np

from lowlift.models.hybrid_hall import HybridHall
from lowlift.models.plant import Conditions
from lowlift.models.site import load_site


@functools.cache
def hybrid() -> HybridHall:
    return HybridHall(load_site("hybrid_hall"))


def actuators(**changed: float) -> np.ndarray:
    """One row of actuators: the initial ones with changes."""
    p = hybrid()
    values = {name: np.asarray(part) for name, part in p.actuators.unpack(p.initial_actuators()[None]).items()}
    return np.asarray(p.actuators.pack(values | {name: np.array([[value]]) for name, value in changed.items()}))


def load_at(share: float, T_wb: float = 290.0, T_db: float = 303.0) -> np.ndarray:
    """One row of disturbances."""
    p, s, one = hybrid(), hybrid().site, np.ones(1)
    return p.disturbances_from(
        Conditions(q_liquid=np.full((1, s.n_racks), share * s.rack_power * s.liquid_share), T_wb=T_wb * one, T_db=T_db * one, p=s.p * one,
                   q_air=share * s.P_it_nominal * (1.0 - s.liquid_share) * one)
    )  # fmt: skip


def random_points(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Actuators (n, nu) over their whole range and disturbances (n, nd) over all weather and loads."""
    p, s, rng = hybrid(), hybrid().site, np.random.default_rng(seed)
    u = rng.uniform(p.actuators.low, p.actuators.high, (n, p.actuators.size))
    at = p.actuators.slices
    u[:, at["n_chillers"]] = np.rint(u[:, at["n_chillers"]])
    T_db = rng.uniform(258.0, 318.0, n)
    share = rng.uniform(0.0, 1.0, n)
    d = p.disturbances_from(
        Conditions(q_liquid=share[:, None] * s.rack_power * s.liquid_share * rng.uniform(0.5, 1.5, (n, s.n_racks)),
                   q_air=share * s.P_it_nominal * (1.0 - s.liquid_share), T_wb=T_db - rng.uniform(0.0, 0.4, n) * (T_db - 250.0),
                   T_db=T_db, p=rng.uniform(8.0e4, 1.02e5, n))
    )  # fmt: skip
    return u, d


def fluxes(x: np.ndarray, u: np.ndarray, d: np.ndarray) -> dict[str, np.ndarray]:
    """Fluxes by name, each (b,)."""
    p = hybrid()
    return dict(zip(p.flux_names, p.flux_vector(x, u, d).T, strict=True))
