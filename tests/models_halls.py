"""Plants and operating points shared by the model tests."""

import functools

import numpy as np

from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.site import load_site


@functools.cache
def hall(name: str) -> LiquidHall:
    return LiquidHall(load_site(name))


def point(plant: LiquidHall, load: float = 0.8, batch: int = 1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Actuators and disturbances near part load, a little different for each plant of the batch."""
    s, rng = plant.site, np.random.default_rng(seed)
    values = {"y_cdu": 0.7, "v_cdu": 0.7, "y_fws": 0.7, "n_fws": 2.0, "y_cw": 0.8, "n_cw": float(s.n_tower_pumps), "y_fan": 0.6,
              "n_cells": float(s.n_cells)}  # fmt: skip
    if s.chilled is not None:
        values |= {"split": 0.05, "T_chw_set": 291.15, "n_chillers": 1.0, "y_chw": 0.8, "y_crah": 0.9}
    u = np.repeat(np.asarray(plant.actuators.pack(values))[None], batch, axis=0)
    weather = {"q_liquid": load * s.rack_power * s.liquid_share, "q_air": load * s.P_it_nominal * (1 - s.liquid_share), "T_wb": 292.0,
               "T_db": 303.0, "p": s.p}  # fmt: skip
    d = np.repeat(np.asarray(plant.disturbances.pack(weather))[None], batch, axis=0)
    part = plant.disturbances.slices["q_liquid"]
    d[:, part] *= rng.uniform(0.8, 1.2, d[:, part].shape)
    return u, d
