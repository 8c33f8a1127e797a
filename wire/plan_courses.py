"""A controller's plan as courses of points, in site units: what a panel draws, and what a client sends to one.

Of a plan's predictions those have a course that have a point for each of their components, so means over a group of CDUs have none.
"""

import numpy as np

from lowlift.controllers.interface import Plan
from lowlift.models.plant import Plant
from lowlift.wire.point_list import PointList

COOLING, PUE = "P_cooling", "PUE"
"""Figures that no meter shows, but a panel; a plant that has a point of either name keeps its own."""


class CourseError(ValueError):
    """A course has a value that is no number; the message names it."""


def is_derived(points: PointList) -> bool:
    """Whether a panel derives :data:`COOLING` and :data:`PUE` beside the points."""
    return COOLING not in points.index and PUE not in points.index


def courses_of(plan: Plan, plant: Plant, points: PointList) -> dict[str, list[float]]:
    """Courses in site units, by point: setpoints in force (``.fbk``), readings, meters, cooling power.

    Args:
        plan: in SI, as controllers make them; a course has as many values as its times, or one fewer.
        plant: what is planned for.
        points: its points.

    Raises:
        CourseError: a value that is no number.
    """
    sheet = plant.site.sheet
    courses = {f"{name}.fbk": plan.setpoints[:, k] for k, name in enumerate(sheet.setpoints.names)}
    components = {s.name: s.components() for s in sheet.measurements.signals} | {use.column: [use.column] for use in sheet.end_uses}
    for name, predicted in plan.predicted.items():
        known, course = components.get(name, []), np.asarray(predicted)
        if course.ndim == 2 and course.shape[1] == len(known):
            courses |= {component: course[:, k] for k, component in enumerate(known)}
    values = {name: _site(points, name, name, course) for name, course in courses.items()}
    if is_derived(points) and COOLING in plan.predicted:
        values[COOLING] = _site(points, COOLING, sheet.powers[0], np.asarray(plan.predicted[COOLING])[:, 0])
    return values


def _site(points: PointList, name: str, like: str, course: np.ndarray) -> list[float]:
    """In the unit of the point ``like``."""
    if not np.isfinite(course).all():
        raise CourseError(f"plan: {name} must be finite throughout")
    point = points[like]
    return [point.from_si(float(v)) for v in course]
