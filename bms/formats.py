"""All file formats of schedules, by name and by suffix; writing checks first and reads back what it wrote."""

from pathlib import Path

import pandas as pd

from lowlift.bms.bacnet_form import BACNET
from lowlift.bms.codec import Format
from lowlift.bms.haystack_form import HAYSON, ZINC
from lowlift.bms.icalendar_form import ICALENDAR
from lowlift.bms.niagara_form import NIAGARA
from lowlift.models.plant import SiteRecord
from lowlift.sim.files import write_text
from lowlift.sim.schedule import Schedule, schedule_of
from lowlift.sim.schedule_rows import ScheduleError
from lowlift.sim.schedule_text import csv_text, json_text, parse_csv, parse_json, read_text

CSV = Format(name="csv", suffix=".csv", encode=lambda s: csv_text(s.sealed()), decode=lambda t, s: parse_csv(s, t), doc="CSV with a head")
JSON = Format(name="json", suffix=".json", encode=lambda s: json_text(s.sealed()), decode=lambda t, s: parse_json(s, t), doc="JSON")
FORMATS: dict[str, Format] = {f.name: f for f in (CSV, JSON, ICALENDAR, ZINC, HAYSON, NIAGARA, BACNET)}


def format_of(path: str | Path, name: str | None = None) -> Format:
    """The format of that name, or the one whose suffix ends the file's name; the longest wins.

    Raises:
        ScheduleError: no such format; the message lists them.
    """
    known = ", ".join(f"{f.name} ({f.suffix})" for f in FORMATS.values())
    if name is not None:
        if name not in FORMATS:
            raise ScheduleError(f"no format {name!r}; there are {known}")
        return FORMATS[name]
    fitting = [f for f in FORMATS.values() if Path(path).name.lower().endswith(f.suffix)]
    if not fitting:
        raise ScheduleError(f"{path}: its name ends like no format; name one: {known}")
    return max(fitting, key=lambda f: len(f.suffix))


def write_schedule(
    schedule: Schedule,
    path: str | Path,
    *,
    form: str | None = None,
    site: SiteRecord | None = None,
    now: pd.Timestamp | None = None,
) -> Path:
    """Check a schedule and write it, whole or not at all.

    The text is read back before it is written, so that no file leaves that could not be imported as the very same schedule.

    Args:
        schedule: the schedule.
        path: file to write.
        form: name of the format; by the file's suffix if none.
        site: if given, names, units and limits must be those of its setpoint table.
        now: present instant; the clock if none.

    Raises:
        ScheduleError: a row is at fault, or the format cannot hold it.
    """
    chosen = format_of(path, form)
    schedule.check(now, site)
    text = chosen.encode(schedule)
    if schedule_of(chosen.decode(text, path), path, site, now) != schedule:
        raise ScheduleError(f"{path}: {chosen.name} does not give this schedule back; not written")
    return write_text(path, text)


def read_schedule(
    path: str | Path, *, form: str | None = None, site: SiteRecord | None = None, now: pd.Timestamp | None = None
) -> Schedule:
    """Read and check a schedule of any format; see :func:`write_schedule`.

    Raises:
        ScheduleError: unreadable, edited, or a row at fault.
    """
    return schedule_of(format_of(path, form).decode(read_text(path), path), path, site, now)
