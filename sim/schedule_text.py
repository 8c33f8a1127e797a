"""Reading the text of a schedule file: CSV with a commented head, or JSON, with or without byte-order mark."""

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd

from lowlift.sim.schedule_rows import FIELDS, TEXTS, TIMES, Row, ScheduleError


def read_record(path: str | Path) -> dict[str, Any]:
    """Head entries by name, and ``rows`` as a list of records, all as written.

    Raises:
        ScheduleError: unreadable.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScheduleError(f"{path}: cannot be read: {error}") from error
    return _parse_json(path, text) if text.lstrip().startswith("{") else _parse_csv(path, text)


def _parse_json(path: str | Path, text: str) -> dict[str, Any]:
    try:
        record: dict[str, Any] = json.loads(text)
    except json.JSONDecodeError as error:
        raise ScheduleError(f"{path}: not valid JSON: {error}") from error
    return record


def _parse_csv(path: str | Path, text: str) -> dict[str, Any]:
    lines = text.splitlines()
    record: dict[str, Any] = {}
    for line in (line for line in lines if line.startswith("# ")):
        key, _, value = line[2:].partition(": ")
        try:
            record[key] = value if key == "checksum" else json.loads(value)
        except json.JSONDecodeError as error:
            raise ScheduleError(f"{path}: head entry {key!r} is not readable") from error
    record["rows"] = list(csv.DictReader(line for line in lines if not line.startswith("#")))
    return record


def read_row(path: str | Path, k: int, record: dict[str, Any], zone: str) -> Row:
    """Row ``k`` (counted from one), its times in ``zone``.

    Raises:
        ScheduleError: columns or values are not those of a row.
    """
    if not isinstance(record, dict) or set(record) != set(FIELDS) or None in record.values():
        raise ScheduleError(f"{path}: row {k}: must have exactly the columns {', '.join(FIELDS)}")
    values: dict[str, Any] = {}
    for name, text in record.items():
        try:
            if name in TIMES:
                values[name] = read_time(path, f"row {k}: {name}", text).tz_convert(zone)
            elif name in TEXTS:
                values[name] = str(text)
            else:
                values[name] = int(text) if name == "priority" else float(text)
        except ScheduleError:
            raise
        except (ValueError, TypeError) as error:
            raise ScheduleError(f"{path}: row {k}: {name} = {text!r}: must be a number") from error
        except KeyError as error:
            # The time-zone library's way of not finding one.
            raise ScheduleError(f"{path}: timezone = {zone!r} is unknown") from error
    return Row(**values)


def read_time(path: str | Path, name: str, text: Any) -> pd.Timestamp:
    """An instant with its offset.

    Raises:
        ScheduleError: no time, or without offset.
    """
    try:
        at = pd.Timestamp(text)
        if at.tz is None:
            raise ValueError
    except (ValueError, TypeError):
        raise ScheduleError(f"{path}: {name} = {text!r}: must be an ISO 8601 time with an offset from UTC") from None
    return at
