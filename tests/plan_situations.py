"""A moment of a liquid hall, measured and forecast, for tests of predictive controllers."""

import numpy as np
import pandas as pd
from models_halls import hall

from lowlift.controllers.forecast import History, Persistence
from lowlift.controllers.interface import Forecast, Measurement
from lowlift.models.facility import FLUXES
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.measure import measure
from lowlift.sim.closed_loop import initial_state


def situation(name: str, load: float = 0.8, **changes: float) -> tuple[LiquidHall, Measurement, Forecast]:
    plant = hall(name)
    s = plant.site
    values = {"q_liquid": load * s.rack_power * s.liquid_share, "q_air": load * s.P_it_nominal * (1 - s.liquid_share), "T_wb": 288.0,
              "T_db": 298.0, "p": s.p}  # fmt: skip
    d = np.asarray(plant.disturbances.pack(values))
    x, u = initial_state(plant, d)
    f = plant.fluxes(x[None], u[None], d[None])
    flux = np.concatenate([np.broadcast_to(getattr(f, k), (1, 1)) for k in FLUXES], axis=-1)
    flows = plant.flows(u[None])
    r = measure(plant, x[None], u[None], d[None], flux, np.zeros((1, s.n_cdu)), flows)
    r |= {k: np.full_like(r[k], v) for k, v in changes.items()}
    q = np.tile(r["q_cdu"], (40, 1))
    past = History(
        15.0, 600.0, q, np.tile(r["q_rack"], (40, 1)), np.full(40, r["q_air"][0, 0]), np.full(40, 288.0), np.full(40, 298.0), None
    )
    return plant, Measurement(t=600.0, time=pd.Timestamp("2024-04-07", tz="UTC"), values=r), Persistence().predict(past, 86400.0)
