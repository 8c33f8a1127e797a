"""CSV that a Niagara station imports by its File driver.

Niagara has no stock importer of its schedule components from CSV; their stock way in from outside is the BACnet driver
(:mod:`lowlift.bms.bacnet_model`). What every station can import is time-stamped values of a delimited file, by the descriptors
``ExcelCsvFileImport`` and ``DelimitedFileImport`` under the Histories of a FileDevice ("Properties of history file import descriptors",
Niagara 4 Drivers documentation, driver-ExcelCsvFileImport). This is that form: one line for every value that a point takes, in the order
of time, and a line where it returns to its fallback value, so that whoever reads "the last value until now" reads the right one.

Set in the descriptor, one for each point: Row Start 2, Timestamp Column Index 0, Timestamp Format ``yyyy-MM-dd HH:mm:ss``, Time Zone UTC,
Value Column Index 1, Identifier Column Index 2 with the point's name as Identifier Pattern, Full Import On Execute true. Time stamps are in
UTC, because a column of local time without offset is ambiguous in the hour that daylight saving repeats; local time stands beside it.

The other columns are for the way back: they are checked against each other, fallback lines too.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lowlift.bms.codec import HEAD, Format, assembled, head_of, in_order, one_of, plain
from lowlift.bms.moves import moves
from lowlift.bms.zone_clock import zone_of
from lowlift.sim.schedule import Schedule
from lowlift.sim.schedule_rows import CHECK, FIELDS, Row, ScheduleError, row_check
from lowlift.sim.schedule_text import read_row

COLUMNS = ("timestamp_utc", "setpoint", "identifier", "row", *(name for name in FIELDS if name != "point"), CHECK)
MARK = "# lowlift "
STAMP = "%Y-%m-%d %H:%M:%S"
FALLBACK = "fallback"
"""In the column ``row``: the point returns to its fallback value."""


def encode(schedule: Schedule) -> str:
    """Text of a schedule.

    Raises:
        ScheduleError: a row that the format cannot hold.
    """
    plain(schedule, "Niagara CSV")
    zone_of(schedule.timezone)
    entries = schedule.record()["rows"]
    out = io.StringIO()
    out.write(f"{MARK}{json.dumps(head_of(schedule), ensure_ascii=True)}\n")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for stamp, value, point, k in _lines(schedule.rows):
        full = {} if k == FALLBACK else entries[int(k) - 1] | {CHECK: row_check(entries[int(k) - 1])}
        full.pop("point", None)
        writer.writerow({"timestamp_utc": stamp, "setpoint": value, "identifier": point, "row": k} | full)
    return out.getvalue()


def decode(text: str, source: str | Path) -> dict[str, Any]:
    """Sealed record of a text.

    Raises:
        ScheduleError: no such file, or one whose columns contradict each other.
    """
    first, _, rest = text.replace("\r\n", "\n").partition("\n")
    if not first.startswith(MARK):
        raise ScheduleError(f"{source}: not the Niagara form: its first line must begin with {MARK!r}")
    head = one_of(source, "head", first.removeprefix(MARK), json.loads, "JSON")
    if not isinstance(head, dict) or not set(head) <= set(HEAD):
        raise ScheduleError(f"{source}: head must be a JSON object with {', '.join(HEAD)}")
    reader = csv.DictReader(io.StringIO(rest))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ScheduleError(f"{source}: its columns must be {', '.join(COLUMNS)}")
    numbered, found = [], []
    for line in reader:
        if None in line or None in line.values():
            raise ScheduleError(f"{source}: line {reader.line_num + 1}: not {len(COLUMNS)} columns, perhaps half written")
        found.append((line["timestamp_utc"], line["setpoint"], line["identifier"], line["row"]))
        if line["row"] != FALLBACK:
            k = one_of(source, f"line {reader.line_num + 1}: row", line["row"], int, f"a number or {FALLBACK!r}")
            numbered.append((k, {"point": line["identifier"]} | {name: line[name] for name in (*FIELDS[1:], CHECK)}))
    listed = in_order(source, numbered)
    zone = str(head.get("timezone", "UTC"))
    zone_of(zone)
    rows = [read_row(source, k, entry, zone) for k, entry in enumerate(listed, 1)]
    wanted = set(_lines(rows))
    for line_, other in ((line_, line_ not in wanted) for line_ in found):
        if other:
            raise ScheduleError(f"{source}: row {line_[3]}: {line_[2]} = {line_[1]} at {line_[0]} UTC is not what the row says; refused")
    if len(found) != len(wanted):
        lost = sorted(wanted - set(found)) or sorted(found)
        raise ScheduleError(f"{source}: the line of {lost[0][2]} at {lost[0][0]} UTC ({lost[0][3]}) is missing or there twice; refused")
    return assembled(source, head, listed)


def _lines(rows: Sequence[Row]) -> list[tuple[str, str, str, str]]:
    """Time stamp, value, point and row of every line, in the order of time."""
    every = [move for own in moves(rows).values() for move in own]
    every.sort(key=lambda move: (move.at, move.k))
    return [(_stamp(m.at), repr(m.value), m.row.point, str(m.k) if m.begins else FALLBACK) for m in every]


def _stamp(at: pd.Timestamp) -> str:
    return at.tz_convert("UTC").strftime(STAMP)


NIAGARA = Format(name="niagara", suffix=".niagara.csv", encode=encode, decode=decode, doc="time-stamped values for Niagara's File driver")
