"""Who takes part in a comparison: controllers by name, as a run, or a user's own object, each with the forecast it is entitled to."""

from collections import Counter
from collections.abc import Sequence

from lowlift.controllers.forecast import Forecaster, Perfect, Persistence
from lowlift.controllers.interface import Controller
from lowlift.controllers.liquid_operation import AS_OPERATED_VARIANTS
from lowlift.controllers.operation import Entry, Knowledge, operation_of
from lowlift.controllers.oracle import Oracle
from lowlift.controllers.registry import AS_OPERATED, HALVED, PERFECT
from lowlift.data.hints import hint
from lowlift.models.plant import Loads, Plant
from lowlift.sim.closed_loop import Run
from lowlift.sim.scenario import Scenario

__all__ = [
    "HALVED", "ControllerError", "DuplicateControllerError", "Entrant", "UnavailableControllerError", "UnknownControllerError",
    "check_names", "default_controllers", "enter", "live_run", "make_run", "name_of", "proof_names",
]  # fmt: skip

PARTS = ("name", "period", "reset", "decide")
"""What makes an object a controller; see :class:`lowlift.controllers.Controller`."""

Entrant = str | Run | Controller
"""A name, a controller with its forecaster, or a plain controller."""


class ControllerError(ValueError):
    """What was given cannot take part in a comparison; the message says what is missing."""


class UnknownControllerError(ControllerError):
    """A controller name that does not exist; the message lists near ones."""


class UnavailableControllerError(ControllerError, NotImplementedError):
    """A controller that exists, but not for this kind of plant; the message says why."""


class DuplicateControllerError(ControllerError):
    """Two controllers of one name: their results could not be told apart."""


def make_run(name: str, plant: Plant, scenario: Scenario) -> Run:
    """A controller by name, with the forecaster it is entitled to.

    Raises:
        UnknownControllerError: no such controller.
        UnavailableControllerError: there is one, but not for this plant.
    """
    entry = _entry(name, plant)
    controller = entry.make(plant, lambda: scenario.scored_loads(plant))
    return Run(controller, _forecaster(entry.knows, controller, plant, scenario))


def live_run(name: str, plant: Plant) -> Run:
    """A controller by name for a plant whose future nobody knows, with forecasts from the past.

    Raises:
        UnknownControllerError: no such controller.
        UnavailableControllerError: there is one, but not for this plant, or it must know the load of the run beforehand.
    """
    entry = _entry(name, plant)

    def no_loads() -> Loads:
        raise UnavailableControllerError(f"{name} must know the load of the run beforehand; it cannot control a plant that runs")

    if entry.knows is Knowledge.FUTURE:
        no_loads()
    return Run(entry.make(plant, no_loads), Persistence() if entry.knows is Knowledge.PAST else None)


def _entry(name: str, plant: Plant) -> Entry:
    operation = operation_of(plant.site)
    entries, missing = operation.controllers(plant.site), operation.missing(plant.site)
    if name in missing:
        raise UnavailableControllerError(missing[name])
    if name not in entries:
        known = [n for n in entries if entries[n].listed or n == "Oracle"]
        raise UnknownControllerError(f"unknown controller {name!r} for {plant.site.name}; {hint(name, known)}")
    return entries[name]


def _forecaster(knows: Knowledge, controller: Controller, plant: Plant, scenario: Scenario) -> Forecaster | None:
    if knows is Knowledge.NOTHING:
        return None
    return Persistence() if knows is Knowledge.PAST else perfect(plant, scenario, controller.period)


def perfect(plant: Plant, scenario: Scenario, grid: float) -> Perfect:
    """The truth of a scenario on a grid of ``grid`` seconds."""
    loads = scenario.loads(plant)
    return Perfect(scenario.step, loads.q_cdu, loads.q_rack, loads.q_air, scenario.T_wb, scenario.T_db, grid)


def enter(entrant: Entrant, plant: Plant, scenario: Scenario) -> Run:
    """Turn what a user gave into a run.

    A plain controller is given forecasts from the past only, an :class:`Oracle` perfect ones on its own grid; pass a :class:`Run` for
    any other.
    """
    if isinstance(entrant, str):
        return make_run(entrant, plant, scenario)
    if isinstance(entrant, Run):
        return entrant
    forecaster: Forecaster = perfect(plant, scenario, entrant.period) if isinstance(entrant, Oracle) else Persistence()
    return Run(entrant, forecaster)


def check_names(entrants: Sequence[Entrant], added: Sequence[str], known: Sequence[str]) -> None:
    """Before anything is simulated: everybody is a controller, and no two have one name.

    Args:
        entrants: what the user gave.
        added: names that the comparison adds itself.
        known: names that there are.

    Raises:
        ControllerError: nobody takes part, or something is no controller.
        DuplicateControllerError: a name comes twice.
    """
    if not entrants:
        raise ControllerError(f"no controllers to compare; name some of {', '.join(known)}")
    count = Counter([*(name_of(entrant) for entrant in entrants), *added])
    twice = [name for name, k in count.items() if k > 1]
    if twice:
        own = [name for name in twice if name in added]
        why = f"; {', '.join(own)} is added by oracle=True or proof=True" if own else ": give each its own name"
        raise DuplicateControllerError(f"more than one controller is called {' and '.join(twice)}{why}")


def name_of(entrant: Entrant) -> str:
    """Name of an entrant.

    Raises:
        ControllerError: it is no controller.
    """
    if isinstance(entrant, str):
        return entrant
    controller = entrant.controller if isinstance(entrant, Run) else entrant
    if isinstance(controller, type):
        raise ControllerError(f"{controller.__name__} is a class: pass a controller made from it, as {controller.__name__}(plant.site)")
    missing = [part for part in PARTS if not hasattr(controller, part)]
    if missing:
        raise ControllerError(f"{controller!r} is no controller: it has no {', no '.join(missing)}")
    return controller.name


def proof_names(controllers: Sequence[str]) -> list[str]:
    """Runs that prove the oracle: MPC with perfect forecasts, halved grid, and the variants of as-operated where it takes part."""
    return [PERFECT, HALVED, *(AS_OPERATED_VARIANTS if AS_OPERATED in controllers else ())]


def default_controllers(plant: Plant) -> list[str]:
    """All controllers that exist for a plant."""
    return [name for name, entry in operation_of(plant.site).controllers(plant.site).items() if entry.listed]
