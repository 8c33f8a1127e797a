"""The air hall and operating points shared by its tests."""

import functools

import numpy as np

from lowlift.models.air_hall import AirHall
from lowlift.models.plant import Conditions
from lowlift.models.site import load_site

ZERO_C = 273.15


@functools.cache
def air_hall() -> AirHall:
    site = load_site("air_hall")
    return AirHall(site)  # type: ignore[arg-type]


def weather(share: float = 0.7, T_wb: float = 15.0, T_db: float = 25.0, batch: int = 1, p: float | None = None) -> np.ndarray:
    """Disturbances (b, nd) for a share of rated load and outdoor temperatures [degC]."""
    plant, one = air_hall(), np.ones(batch)
    s = plant.site
    return plant.disturbances_from(
        Conditions(q_liquid=np.zeros((batch, s.n_racks)), q_air=share * s.P_it_nominal * one, T_wb=(T_wb + ZERO_C) * one,
                   T_db=(T_db + ZERO_C) * one, p=(s.p if p is None else p) * one)
    )  # fmt: skip


def actuators(batch: int = 1, **values: float | np.ndarray) -> np.ndarray:
    """Actuators (b, nu): recirculated air with fans at 0.85 and nothing else on, unless named."""
    plant = air_hall()
    usual = dict.fromkeys(plant.actuators.slices, 0.0) | {"y_fan": 0.85, "y_damper": plant.site.x_min}
    row = {name: np.broadcast_to(np.reshape(value, (-1, 1)), (batch, 1)) for name, value in (usual | values).items()}
    return np.asarray(plant.actuators.pack(row))


def random_actuators(rng: np.random.Generator, batch: int) -> np.ndarray:
    """Any actuators within their ranges."""
    table = air_hall().actuators
    return rng.uniform(table.low, table.high, (batch, table.size))


def by_name(fluxes: np.ndarray) -> dict[str, np.ndarray]:
    """Fluxes (b,) by name."""
    return dict(zip(air_hall().flux_names, fluxes.T, strict=True))
