"""A plant on the wire begins as a site that has been running: at rest, and without alarms."""

import dataclasses

import numpy as np
import pytest
from wire_plants import PLANTS, plant, points

from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.serve import serving
from lowlift.hil.served_plant import ServedPlant
from lowlift.hil.settling import STILL, settled


@pytest.mark.parametrize("name", PLANTS)
def test_a_served_plant_begins_without_alarms(name: str) -> None:
    one = serving(plant(name), [], step=5.0).served
    alarms = [p.name for p in points(name).points if p.name.startswith("alarm.")]
    begin = one.x.copy()
    for _ in range(60):
        shown = one.image.values()
        assert not [alarm for alarm in alarms if shown[points(name).position(alarm)]], one.t
        one.step()
    assert not [event for event in one.image.events() if event.kind != "run"]
    # The load of the first minutes is another one than that of the first instant.
    assert np.abs(one.x - begin).max() < 5.0


def test_settled_is_where_nothing_moves() -> None:
    hall, day = plant(), scenario_of(plant())
    start = settled(hall, day)
    held = dataclasses.replace(day, **{name: getattr(day, name)[:1] for name in ("q_rack", "q_air", "T_wb", "T_db", "p")})
    again = ServedPlant(hall, held, start=start)
    assert again.k == 0 and again.image.value(points().position("elapsed")) == 0.0
    for _ in range(40):
        again.step()
    assert np.abs(again.x - start.x).max() <= 2.0 * STILL
