"""``lowlift commission``: a script, a site in process or behind a URL, and a folder for the report."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from lowlift.hil.commission_file import load_script
from lowlift.hil.commission_run import Result, run_script
from lowlift.hil.commission_script import Script, ScriptError, check_script
from lowlift.hil.commission_sites import InProcess, OverLink
from lowlift.hil.default_scenario import scenario_of
from lowlift.hil.fault_points import with_fault_points
from lowlift.hil.served_plant import ServedPlant
from lowlift.models.plant import Plant
from lowlift.wire.link import Link
from lowlift.wire.links import make_link
from lowlift.wire.points import points_of
from lowlift.wire.site_map import apply_map

ERRORS = (ScriptError,)
"""What a user of :func:`commission` can cause and mend, beside errors of scenarios and maps."""


def commission(
    script: str | Path | Script, plant: Plant, *, url: str | None = None, scenario: str | None = None, step: float = 5.0,
    map_file: str | Path | None = None, poll: float = 0.5, link: Mapping[str, Any] | None = None,
    progress: Callable[[float, str], object] = lambda share, words: None, stop: threading.Event | None = None,
) -> Result:  # fmt: skip
    """Run a commissioning script.

    Args:
        script: a script, or its file.
        plant: the plant, or that of which the site's points are.
        url: where the site is, as :func:`lowlift.wire.links.make_link` takes it; the plant is run in process where nothing is said.
        scenario: of a plant in process, see :func:`lowlift.hil.default_scenario.scenario_of`.
        step: of a plant in process [s].
        map_file: names and registers of an existing site.
        poll: real time between two looks over a link [s].
        link: options of the link, as :func:`lowlift.wire.links.make_link` takes them.
        progress: told the share done and what is going on.
        stop: ends the run in order when set: everything is put back, and what ran is in the result.

    Raises:
        ScriptError, ScenarioError, MapError, UrlError: as their texts say.
    """
    known = script if isinstance(script, Script) else load_script(script)
    points = points_of(plant)
    points = points if map_file is None else apply_map(points, map_file)
    check_script(known, points, plant)
    if url is None:
        served = ServedPlant(plant, scenario_of(plant, scenario), step=step, points=points)
        return run_script(known, InProcess(served), progress, stop)
    if known.faults:
        points = with_fault_points(points, known.faults)
    with _linked(make_link(points, url, **(link or {}))) as site:
        wait = time.sleep if stop is None else stop.wait
        return run_script(known, OverLink(site, f"{plant.site.name} at {url}", poll=poll, wait=wait), progress, stop)


@contextlib.contextmanager
def _linked(link: Link) -> Iterator[Link]:
    """The link, closed at the end; it connects when it is first used, so that a site that is not there gives a report too."""
    try:
        yield link
    finally:
        link.close()
