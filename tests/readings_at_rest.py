"""Packed readings of a hall at rest at part load, for tests of what reads them."""

import functools

import numpy as np
from models_halls import hall

from lowlift.controllers.interface import measurement_table
from lowlift.models.facility import FLUXES
from lowlift.models.measure import measure
from lowlift.models.signals import SignalVector
from lowlift.sim.closed_loop import initial_state


@functools.cache
def at_rest(name: str, load: float = 0.6) -> tuple[SignalVector, np.ndarray]:
    """The measurement table and its readings ``(1, n)`` in a steady state."""
    plant = hall(name)
    s = plant.site
    weather = {"T_wb": 288.0, "T_db": 298.0, "p": s.p}
    heat = {"q_liquid": load * s.rack_power * s.liquid_share, "q_air": load * s.P_it_nominal * (1 - s.liquid_share)}
    d = np.asarray(plant.disturbances.pack(heat | weather))
    x, u = (v[None] for v in initial_state(plant, d))
    f = plant.fluxes(x, u, d[None])
    flux = np.concatenate([np.broadcast_to(getattr(f, key), (1, 1)) for key in FLUXES], axis=-1)
    table = measurement_table(s)
    rest = np.asarray(table.pack(measure(plant, x, u, d[None], flux, np.zeros((1, s.n_cdu)), plant.flows(u))))
    rest.setflags(write=False)
    return table, rest


def changed(table: SignalVector, readings: np.ndarray, **new: tuple[int, float]) -> np.ndarray:
    """A copy with single components changed: ``T_supply=(2, 300.0)`` sets that of the third CDU."""
    result = readings.copy()
    for name, (k, value) in new.items():
        result[:, table.slices[name].start + k] = value
    return result
