"""Where a run on the wire begins: settled on the plant's own default setpoints, under the load and weather of its first instant.

The steady state that the closed loop starts from (:func:`lowlift.sim.closed_loop.initial_state`) is that of actuators in the middle of
their range, whatever the load: the regulatory layer leaves it in the first minutes, and until then air or water may be beyond a limit. A
comparison does not mind, its warm-up is not scored. A site that somebody connects to has been running for long.
"""

import dataclasses

import numpy as np

from lowlift.hil.served_plant import ServedPlant, Start
from lowlift.models.plant import Plant
from lowlift.sim.scenario import Scenario

WINDOW, STILL = 600.0, 0.05
"""Settled is where no temperature that is read has moved by more than so much [K] in so long [s]."""
LONGEST = 4.0 * 3600.0
"""Plant time after which it is taken as it is [s]: machines that are staged may never stand still."""


def settled(plant: Plant, scenario: Scenario) -> Start:
    """States and actuators of a plant that has run for long.

    Args:
        plant: the plant.
        scenario: its first instant is held; its step is the one that is run at.
    """
    held = ("q_rack", "q_air", "T_wb", "T_db", "p")
    served = ServedPlant(plant, dataclasses.replace(scenario, **{name: getattr(scenario, name)[:1] for name in held}))
    each = max(round(WINDOW / scenario.step), 1)
    # Not the states: those of an FMU are none of ours, its time among them.
    temperatures = [k for s in plant.site.sheet.measurements.signals for k in [s.unit == "K"] * s.size]
    while served.t < LONGEST:
        before = served.true[0, temperatures]
        for _ in range(each):
            served.step()
        if np.abs(served.true[0, temperatures] - before).max(initial=0.0) <= STILL:
            break
    return Start(x=served.x, u=served.u, own=served.own)
