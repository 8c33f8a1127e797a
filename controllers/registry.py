"""What the lists of controllers of all kinds of plants share: their entries, names of runs, and words for what a plant has not."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lowlift.controllers.interface import Controller
from lowlift.controllers.operation import Entry, Knowledge
from lowlift.models.plant import SiteRecord

AS_OPERATED = "AsOperated"
OPERATED_SITE = "frontier"
"""The site whose operation has been published."""
PERFECT, HALVED = "MPC with perfect forecasts", "Oracle on half the grid"
"""Runs that prove the oracle."""
PREDICTIVE = ("MPC", "Oracle", PERFECT, HALVED)
"""Controllers that need a prediction model of their plant."""


def entry(make: Callable[[Any], Controller], knows: Knowledge = Knowledge.NOTHING) -> Entry:
    """A controller that is made from the plant alone."""
    return Entry(make=lambda plant, loads: make(plant), knows=knows)


def unavailable(site: SiteRecord, have: Iterable[str], reasons: Mapping[str, str]) -> dict[str, str]:
    """For :attr:`lowlift.controllers.operation.Operation.missing`: why a site has none of these controllers, and which it has.

    Args:
        site: the site.
        have: names of its controllers.
        reasons: by name what keeps a controller from this kind of plant.
    """
    named = ", ".join(have)
    return {name: f"{name} is not available for {site.name}: {why}; controllers are {named}" for name, why in reasons.items()}


def operated_elsewhere(site: SiteRecord) -> dict[str, str]:
    """For the same, at sites whose operation has not been published."""
    return {AS_OPERATED: f"controller {AS_OPERATED} is the published operation of {OPERATED_SITE} only; {site.name} has none"}
