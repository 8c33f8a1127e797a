"""What the commands of ``lowlift schedule`` share: schedules, stores, devices and people, as their options name them."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from lowlift.terminal import UsageError

if TYPE_CHECKING:
    from lowlift.bms.bacnet_link import Device
    from lowlift.bms.store import ScheduleStore
    from lowlift.models.plant import SiteRecord
    from lowlift.sim.schedule import Schedule

TIMEOUT_MIN, TIMEOUT_MAX = 1e-3, 3600.0
"""Longest wait for an answer [s]: BACnet counts milliseconds."""


def words(made: "Schedule") -> str:
    """One line about a schedule."""
    kind = "a record of a simulated period" if made.simulated else "for the plant"
    names = len({row.point for row in made.rows})
    span = f"{made.valid_from.isoformat()} to {made.valid_to.isoformat()}"
    return f"{made.site}, {made.controller}, {kind}: {len(made.rows)} rows of {names} points, {span}\n{made.checksum}"


def checked(file: Path, plant: str | None, form: str | None) -> "Schedule":
    """A schedule that fits its plant."""
    from lowlift.bms.formats import read_schedule

    made = read_schedule(file, form=form)
    made.check(site=site_of(plant, made.site))
    return made


def read_past(file: Path) -> "Schedule":
    """A schedule that may be over."""
    import pandas as pd

    from lowlift.bms.formats import read_schedule

    return read_schedule(file, now=pd.Timestamp(0, tz="UTC"))


def site_of(plant: str | None, name: str) -> "SiteRecord":
    """The site of a plant, or the packaged one of that name: limits are never taken from where a schedule says.

    Raises:
        UsageError: no plant is given, and the schedule's is no packaged one.
    """
    from lowlift.models.site import load_site, site_names

    if plant is None and name not in site_names():
        raise UsageError(f"the schedule is for {name!r}, which is no packaged plant: give its plant with --plant")
    return load_site(plant or name)


def opened(store: Path, plant: str) -> "ScheduleStore":
    """The store of a plant."""
    from lowlift.bms.store import ScheduleStore

    return ScheduleStore(store, site_of(plant, plant))


def device(address: str, instance: int, bind: str, clock: str | None, timeout: float) -> "Device":
    """A device as the options say."""
    from lowlift.bms.bacnet_link import Device
    from lowlift.data.csv_series import known_zone
    from lowlift.wire.bacnet_address import parse_bacnet_address

    if not 0 <= instance <= 4194302:
        raise UsageError(f"--instance = {instance}: must be 0 to 4194302")
    if not TIMEOUT_MIN <= timeout <= TIMEOUT_MAX:
        raise UsageError(f"--timeout = {timeout:g} s: must be from {TIMEOUT_MIN:g} to {TIMEOUT_MAX:g}")
    at, own = parse_bacnet_address(address, "--address"), parse_bacnet_address(bind, "--bind")
    if at.port == 0 or "/" in address:
        raise UsageError(f"--address {address}: must be like 10.0.0.5 or 10.0.0.5:47808")
    clock = None if clock is None else known_zone(clock, "--clock")
    return Device(address=f"{at.host}:{at.port}", instance=instance, bind=own.text, clock=clock, timeout=timeout)


def person(who: str | None) -> str:
    """Who decides."""
    if who is not None:
        return who
    try:
        return getpass.getuser()
    except (OSError, KeyError) as error:
        raise UsageError("--who: the login name is not known; name the person") from error
