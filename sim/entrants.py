"""Who takes part in a comparison: controllers by name, as a run, or a user's own object, each with the forecast it is entitled to."""

import functools
from collections import Counter
from collections.abc import Callable, Sequence

from lowlift.controllers.fixed import AsOperated, FixedSetpoint
from lowlift.controllers.forecast import Forecaster, Perfect, Persistence
from lowlift.controllers.guideline36 import Guideline36
from lowlift.controllers.interface import Controller
from lowlift.controllers.mpc import MPC
from lowlift.controllers.oracle import Oracle
from lowlift.controllers.site_tuned import SiteTuned
from lowlift.controllers.static import StaticOptimal
from lowlift.data.hints import hint
from lowlift.models.liquid_hall import LiquidHall
from lowlift.sim.closed_loop import Run
from lowlift.sim.scenario import Scenario

AS_OPERATED = "AsOperated"
CONTROLLERS = ("FixedSetpoint", AS_OPERATED, "Guideline36", "SiteTuned", "StaticOptimal", "MPC")
"""Controllers by name, in table order; AsOperated exists for Frontier only."""
PERFECT, HALVED = "MPC with perfect forecasts", "Oracle on half the grid"
GRID = 300.0
AS_OPERATED_VARIANTS: dict[str, dict[str, float]] = {
    "AsOperated, limits -5 K": {"limit_shift": -5.0},
    "AsOperated, limits +5 K": {"limit_shift": 5.0},
    "AsOperated, tower water 20 °C": {"T_tower": 293.15},
}
"""Sensitivity of the as-operated run: other limits behind its flow [K], colder tower water [K]."""
PARTS = ("name", "period", "reset", "decide")
"""What makes an object a controller; see :class:`lowlift.controllers.Controller`."""

Entrant = str | Run | Controller
"""A name, a controller with its forecaster, or a plain controller."""


class ControllerError(ValueError):
    """What was given cannot take part in a comparison; the message says what is missing."""


class UnknownControllerError(ControllerError):
    """A controller name that does not exist; the message lists near ones."""


class DuplicateControllerError(ControllerError):
    """Two controllers of one name: their results could not be told apart."""


def make_run(name: str, plant: LiquidHall, scenario: Scenario) -> Run:
    """A controller by name, with the forecaster it is entitled to.

    Raises:
        UnknownControllerError: no such controller (for this plant).
    """
    site = plant.site
    past_only = Persistence()

    def rule() -> Controller:
        return Guideline36(site)

    makers: dict[str, Callable[[], Run]] = {
        "FixedSetpoint": lambda: Run(FixedSetpoint(site)),
        "Guideline36": lambda: Run(Guideline36(site)),
        "SiteTuned": lambda: Run(SiteTuned(site)),
        "StaticOptimal": lambda: Run(StaticOptimal(plant, rule()), past_only),
        "MPC": lambda: Run(MPC(plant, rule()), past_only),
        "Oracle": lambda: Run(Oracle(plant, rule(), grid=GRID), _perfect(plant, scenario, GRID)),
        PERFECT: lambda: Run(MPC(plant, rule(), name=PERFECT), _perfect(plant, scenario, GRID)),
        HALVED: lambda: Run(Oracle(plant, rule(), grid=GRID / 2, name=HALVED), _perfect(plant, scenario, GRID / 2)),
    }
    if site.name == "frontier":
        for variant in (AS_OPERATED, *AS_OPERATED_VARIANTS):
            makers[variant] = functools.partial(_as_operated, plant, scenario, variant)
    if name not in makers:
        known = [n for n in (*CONTROLLERS, "Oracle") if n in makers]
        if name == AS_OPERATED:
            raise UnknownControllerError(f"controller AsOperated is the published operation of frontier only; {site.name} has none")
        raise UnknownControllerError(f"unknown controller {name!r} for {site.name}; {hint(name, known)}")
    return makers[name]()


def _perfect(plant: LiquidHall, scenario: Scenario, grid: float) -> Perfect:
    s = scenario
    return Perfect(s.step, s.q_cdu(plant), s.q_hottest(plant), s.q_air, s.T_wb, s.T_db, grid)


def _as_operated(plant: LiquidHall, scenario: Scenario, name: str) -> Run:
    options = AS_OPERATED_VARIANTS.get(name, {})
    scored = slice(round(scenario.warm_up / scenario.step), None)
    q_cdu, q_hottest = scenario.q_cdu(plant)[scored], scenario.q_hottest(plant)[scored]
    return Run(
        AsOperated(plant.site, q_cdu, q_hottest, limit_shift=options.get("limit_shift", 0.0), T_tower=options.get("T_tower"), name=name)
    )


def enter(entrant: Entrant, plant: LiquidHall, scenario: Scenario) -> Run:
    """Turn what a user gave into a run.

    A plain controller is given forecasts from the past only, an :class:`Oracle` perfect ones on its own grid; pass a :class:`Run` for
    any other.
    """
    if isinstance(entrant, str):
        return make_run(entrant, plant, scenario)
    if isinstance(entrant, Run):
        return entrant
    forecaster: Forecaster = _perfect(plant, scenario, entrant.period) if isinstance(entrant, Oracle) else Persistence()
    return Run(entrant, forecaster)


def check_names(entrants: Sequence[Entrant], added: Sequence[str] = ()) -> None:
    """Before anything is simulated: everybody is a controller, and no two have one name.

    Args:
        entrants: what the user gave.
        added: names that the comparison adds itself.

    Raises:
        ControllerError: nobody takes part, or something is no controller.
        DuplicateControllerError: a name comes twice.
    """
    if not entrants:
        raise ControllerError(f"no controllers to compare; name some of {', '.join(CONTROLLERS)}")
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


def default_controllers(plant: LiquidHall) -> list[str]:
    """All controllers that exist for a plant."""
    return [n for n in CONTROLLERS if n != AS_OPERATED or plant.site.name == "frontier"]
