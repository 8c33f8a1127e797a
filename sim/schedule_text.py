"""Writing and reading the text of a schedule file: CSV with a commented head, or JSON, with or without byte-order mark."""

import csv
import io
import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from lowlift.sim.schedule_rows import CHECK, FIELDS, TEXTS, TIMES, Row, ScheduleError


def csv_text(sealed: dict[str, Any]) -> str:
    """CSV with a commented head."""
    out = io.StringIO()
    for key, value in sealed.items():
        if key != "rows":
            out.write(f"# {key}: {value if key == 'checksum' else json.dumps(value)}\n")
    writer = csv.DictWriter(out, (*FIELDS, CHECK), lineterminator="\n")
    writer.writeheader()
    writer.writerows(sealed["rows"])
    return out.getvalue()


def json_text(sealed: dict[str, Any]) -> str:
    """Indented JSON."""
    return json.dumps(sealed, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def read_record(path: str | Path) -> dict[str, Any]:
    """Head entries by name, and ``rows`` as a list of records, all as written.

    Raises:
        ScheduleError: unreadable.
    """
    text = read_text(path)
    return parse_json(path, text) if text.lstrip().startswith("{") else parse_csv(path, text)


def read_text(path: str | Path) -> str:
    """Text of a file, with or without byte-order mark; line ends as they are.

    Raises:
        ScheduleError: unreadable.
    """
    try:
        return Path(path).read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ScheduleError(f"{path}: cannot be read: {error}") from error


def parse_json(path: str | Path, text: str) -> dict[str, Any]:
    """Sealed record of a JSON text.

    Raises:
        ScheduleError: no JSON object.
    """
    try:
        record = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise ScheduleError(f"{path}: not valid JSON: {error}") from error
    if not isinstance(record, dict):
        raise ScheduleError(f"{path}: must hold one JSON object")
    return record


def parse_csv(path: str | Path, text: str) -> dict[str, Any]:
    """Sealed record of a CSV text.

    Raises:
        ScheduleError: a head entry is not readable.
    """
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
    if not isinstance(record, dict) or set(record) != {*FIELDS, CHECK} or None in record.values():
        raise ScheduleError(f"{path}: row {k}: must have exactly the columns {', '.join((*FIELDS, CHECK))}")
    values: dict[str, Any] = {}
    for name in FIELDS:
        text = record[name]
        try:
            if name in TIMES:
                values[name] = read_time(path, f"row {k}: {name}", text).tz_convert(zone)
            elif name in TEXTS:
                values[name] = str(text)
            else:
                values[name] = int(text) if name == "priority" else float(text)
                if not math.isfinite(values[name]):
                    raise ValueError
        except ScheduleError:
            raise
        except (ValueError, TypeError, OverflowError) as error:
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
