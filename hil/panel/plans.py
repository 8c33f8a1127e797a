"""Plans of controllers, as the panel draws them over reality: courses of points in site units over plant time.

A controller in the same process publishes its :class:`lowlift.controllers.interface.Plan` with :meth:`PlanBoard.publish`; a program
elsewhere sends the courses to ``/api/plan``. A course holds for a point (``T_tower``) or a setpoint in force (``T_tower_set.fbk``); which
ones a plan has says :mod:`lowlift.wire.plan_courses`.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import pydantic

from lowlift.controllers.interface import Plan
from lowlift.hil.panel.shown import Shown
from lowlift.models.plant import Plant
from lowlift.wire.plan_courses import CourseError, courses_of
from lowlift.wire.point_list import PointList

LONGEST, WIDEST = 2000, 500
"""Most times and most points of a plan."""


class PlanError(ValueError):
    """A plan that cannot be drawn: unknown points, unequal lengths, times that do not rise."""


class PlanBody(pydantic.BaseModel):
    """A plan as it is sent."""

    model_config = pydantic.ConfigDict(extra="forbid", allow_inf_nan=False)

    source: str = pydantic.Field(min_length=1, max_length=60)
    t: list[float] = pydantic.Field(min_length=2, max_length=LONGEST)
    values: dict[str, list[float]] = pydantic.Field(min_length=1, max_length=WIDEST)


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShownPlan:
    """Courses of points; a course one shorter than the times holds over the intervals between them."""

    source: str
    """Who has planned."""
    made: float
    """Plant time at which it was published [s]."""
    t: tuple[float, ...]
    values: Mapping[str, tuple[float, ...]]

    @property
    def record(self) -> dict[str, Any]:
        """As plain data."""
        return {"source": self.source, "made": self.made, "t": list(self.t), "values": {k: list(v) for k, v in self.values.items()}}


class PlanBoard:
    """The newest plan. May be used from any thread.

    Args:
        plant: the plant that is planned for.
        points: its points.
        shown: what the panel knows of it.
    """

    def __init__(self, plant: Plant, points: PointList, shown: Shown) -> None:
        self._plant, self._points, self._shown = plant, points, shown
        self.newest: ShownPlan | None = None
        """None until somebody publishes one."""

    def publish(self, plan: Plan, source: str, now: float) -> ShownPlan:
        """Show a controller's plan.

        Args:
            plan: in SI, as controllers make them.
            source: who has planned.
            now: plant time [s].

        Raises:
            PlanError: a course has a value that is no number.
        """
        try:
            values = courses_of(plan, self._plant, self._points)
        except CourseError as error:
            raise PlanError(str(error)) from error
        return self.post(PlanBody(source=source, t=[float(t) for t in plan.t], values=values), now)

    def post(self, body: PlanBody, now: float) -> ShownPlan:
        """Show courses of points in site units.

        Raises:
            PlanError: as its text says; the plan before stays.
        """
        if any(b <= a for a, b in zip(body.t, body.t[1:], strict=False)):
            raise PlanError("plan: t must rise from value to value")
        for name, course in body.values.items():
            if name not in self._shown.index:
                raise PlanError(f"plan: no point {name!r}")
            if len(course) not in (len(body.t), len(body.t) - 1):
                raise PlanError(f"plan: {name} has {len(course)} values, must have {len(body.t)}, or one fewer")
        self.newest = ShownPlan(source=body.source, made=now, t=tuple(body.t), values={k: tuple(v) for k, v in body.values.items()})
        return self.newest


def why(error: pydantic.ValidationError) -> str:
    """Where a body is wrong, in one line."""
    first: Mapping[str, Any] = error.errors(include_url=False, include_context=False)[0]
    at: Sequence[Any] = first["loc"]
    return f"{'.'.join(str(part) for part in at) or 'body'}: {first['msg']}"
