"""A small plant and its served form, made once for the tests of wire and hil."""

import functools

from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.served_plant import ServedPlant
from lowlift.models.kinds import plant_of
from lowlift.models.plant import Plant
from lowlift.models.site import load_site
from lowlift.sim.scenario import Scenario
from lowlift.wire.point_list import PointList
from lowlift.wire.points import points_of

SMALL = "chiller_plant"
DAY = "workload=llm_training,weather=tucson,start=07-04,days=0.1"
PLANTS = ("air_hall", "chiller_plant", "frontier", "gb200_hall", "hybrid_hall")


@functools.cache
def plant(name: str = SMALL) -> Plant:
    return plant_of(load_site(name))


@functools.cache
def points(name: str = SMALL) -> PointList:
    return points_of(plant(name))


@functools.cache
def scenario(name: str = SMALL) -> Scenario:
    return scenario_of(plant(name), DAY)


def served(name: str = SMALL, **options) -> ServedPlant:
    return ServedPlant(plant(name), scenario(name), **({"step": 5.0, "points": points(name)} | options))
