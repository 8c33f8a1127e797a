"""A plant linearised where it stands at rest: given load and weather, its initial actuators held."""

import dataclasses

import numpy as np

from lowlift.models.linear import LinearModel
from lowlift.models.plant import Conditions, Plant
from lowlift.models.site import ZERO_C
from lowlift.sim.scenario import ScenarioError


@dataclasses.dataclass(frozen=True)
class LinearPoint:
    """The linear model and how fast it is."""

    model: LinearModel
    time_constants: np.ndarray
    """``-1 / Re(lambda)`` of the stable modes, slowest first [s]."""


def linear_at(plant: Plant, load: float, wet_bulb: float | None = None, dry_bulb: float | None = None) -> LinearPoint:
    """Linearise at a share ``load`` of the rated load and at outdoor temperatures [degC], those of the design day if not given.

    Raises:
        ScenarioError: wet bulb above dry bulb.
        SteadyStateError: the plant has no rest there.
    """
    s = plant.site
    T_wb = s.T_wb_design if wet_bulb is None else wet_bulb + ZERO_C
    T_db = s.T_db_design if dry_bulb is None else dry_bulb + ZERO_C
    if T_wb > T_db:
        raise ScenarioError(f"wet bulb = {T_wb - ZERO_C:.4g} degC: must be at most the dry bulb, {T_db - ZERO_C:.4g} degC")
    liquid, air = load * s.rack_power * s.liquid_share, load * s.P_it_nominal * (1.0 - s.liquid_share)
    one = np.ones(1)
    d = plant.disturbances_from(
        Conditions(q_liquid=np.full((1, s.n_racks), liquid), q_air=air * one, T_wb=T_wb * one, T_db=T_db * one, p=s.p * one)
    )
    u = plant.initial_actuators()
    model = plant.linearize(plant.steady(u[None], d)[0], u, d[0])
    real = np.linalg.eigvals(model.A.to_numpy()).real
    return LinearPoint(model, np.sort(-1.0 / real[real < 0.0])[::-1])
