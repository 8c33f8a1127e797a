"""Load series from a CSV file of a user: dialect, encoding, cut-off ends, time stamps and their zone.

The file has a header, a ``time`` column of ISO 8601 stamps and columns whose names end in their unit. Nothing is guessed: what is not as
declared is refused with the line, what was seen, and the option to set (named as on the command line and in Python).
"""

import datetime
import zoneinfo
from pathlib import Path

import numpy as np
import pandas as pd

from lowlift.data.errors import DataError, DialectError, MissingDataError, TimeZoneError
from lowlift.data.hints import near
from lowlift.data.text import read_text
from lowlift.data.validate import ValidationReport, in_order

UNITS = {"_W": 1.0, "_kW": 1e3, "_MW": 1e6}
DELIMITERS = {";": "';'", "\t": "tab", "|": "'|'", ",": "','"}


def known_zone(zone: str, option: str = "--zone") -> str:
    """The zone itself, if there is such a one; errors name the ``option`` that it was given for.

    Raises:
        TimeZoneError: unknown; near matches are named.
    """
    try:
        zoneinfo.ZoneInfo(zone)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        like = near(zone, zoneinfo.available_timezones())
        hint = f"did you mean {', '.join(like)}?" if like else "write it like Europe/Berlin or Etc/GMT+5"
        raise TimeZoneError(f"zone {zone!r} ({option}) is unknown; {hint}") from error
    return zone


def read_csv(path: Path, *, zone: str | None, delimiter: str, decimal: str) -> tuple[pd.DataFrame, ValidationReport]:
    """Read a load CSV into watts on a sorted, unique, uniform, zone-aware index.

    The index is in ``zone`` if given, else in the offset of the first row.

    Raises:
        DialectError: the text is written in another dialect or encoding than declared, or is cut off.
        TimeZoneError: time stamps without a zone and none given, some with and some without, or ambiguous ones.
        DuplicateTimestampError: one time stamp with two values.
        MissingDataError: gaps, empty cells.
        DataError: anything else, with the line.
    """
    delimiter = "\t" if delimiter in ("tab", "\\t") else delimiter
    if len(delimiter) != 1 or decimal not in (".", ",") or delimiter == decimal:
        raise DialectError(f"delimiter {delimiter!r}, decimal {decimal!r}: one character each, different ones, decimal '.' or ','")
    text = read_text(path)
    lines = text.splitlines()
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) < 3:
        raise DataError(f"{path}: {len(lines)} lines; a header and at least two rows are expected")
    header = _cells(lines[0], delimiter)
    if len(header) < 2:
        seen = next((shown for mark, shown in DELIMITERS.items() if mark in lines[0]), "something else")
        raise DialectError(f"{path}: no {delimiter!r} in the header, {seen} seen; set --delimiter (delimiter=) and --decimal (decimal=)")
    if header[0] != "time":
        raise DataError(f"{path}: first column is {header[0]!r}; it must be 'time'")
    factors = [_factor(path, name) for name in header[1:]]
    rows = [_cells(line, delimiter) for line in lines[1:]]
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DialectError(
                f"{path}: line {number} (byte {_byte_of(text, number)}) has {len(row)} fields, the header {len(header)}: "
                "cut off, or a decimal mark that is also the delimiter"
            )
    if not set("\r\n") & set(text[len(text.rstrip()) :]):
        _check_end(path, text, lines, rows, decimal)
    values = np.array([[_number(path, i, header[j], cell, decimal) for j, cell in enumerate(row[1:], 1)] for i, row in enumerate(rows, 2)])
    index = _index(path, [row[0] for row in rows], zone)
    return in_order(path, pd.DataFrame(values * np.array(factors), index=index, columns=header[1:]))


def _cells(line: str, delimiter: str) -> list[str]:
    return [cell.strip().strip('"') for cell in line.split(delimiter)]


def _factor(path: Path, name: str) -> float:
    for suffix, factor in sorted(UNITS.items(), key=lambda item: -len(item[0])):
        if name.endswith(suffix):
            return factor
    raise DataError(f"{path}: column {name!r} does not end in its unit (_W, _kW or _MW)")


def _byte_of(text: str, number: int) -> int:
    return len("".join(text.splitlines(keepends=True)[: number - 1]).encode())


def _check_end(path: Path, text: str, lines: list[str], rows: list[list[str]], decimal: str) -> None:
    """Refuse a last line without a line break unless its last cell is as complete as those above it.

    A number that lost its last digits is still a number. It is trusted where all cells above have the same count of decimals and it has
    too, or where none of them is longer.
    """
    last, above = rows[-1][-1], [row[-1] for row in rows[:-1]]
    decimals = {len(cell.partition(decimal)[2]) for cell in above}
    whole = len(last.partition(decimal)[2]) in decimals if len(decimals) == 1 and 0 not in decimals else len(last) >= max(map(len, above))
    if not whole:
        raise DialectError(
            f"{path}: line {len(lines)} (byte {_byte_of(text, len(lines))}) ends without a line break and {last!r} is shorter than the "
            "values above it: cut off? If it is whole, end it with a line break"
        )


def _number(path: Path, line: int, name: str, cell: str, decimal: str) -> float:
    where = f"{path}: line {line}, {name} = {cell!r}"
    if not cell:
        raise MissingDataError(f"{path}: line {line}, {name} is empty")
    other = "," if decimal == "." else "."
    if other in cell:
        raise DialectError(f"{where} is not a number with the decimal mark {decimal!r}; set --decimal {other!r} (decimal={other!r})?")
    try:
        if "_" in cell:
            raise ValueError
        return float(cell.replace(decimal, "."))
    except ValueError:
        raise DialectError(f"{where} is not a number") from None


def _index(path: Path, stamps: list[str], zone: str | None) -> pd.DatetimeIndex:
    times = []
    for line, stamp in enumerate(stamps, start=2):
        try:
            times.append(datetime.datetime.fromisoformat(stamp))
        except ValueError:
            raise DataError(f"{path}: line {line}: time = {stamp!r} is not ISO 8601, like 2025-07-04T02:30+02:00") from None
    naive = [k for k, t in enumerate(times) if t.tzinfo is None]
    if naive and len(naive) < len(times):
        raise TimeZoneError(f"{path}: line {naive[0] + 2}: time = {stamps[naive[0]]!r} carries no offset from UTC, other rows do")
    if not naive:
        index = pd.DatetimeIndex(pd.to_datetime(times, utc=True))
        return index.tz_convert(times[0].tzinfo if zone is None else zone)
    if zone is None:
        raise TimeZoneError(f"{path}: time stamps carry no zone ({stamps[0]}); give one, e.g. --zone Europe/Berlin (zone='Europe/Berlin')")
    bare = pd.DatetimeIndex(times)
    try:
        return bare.tz_localize(zone, ambiguous="infer", nonexistent="raise")
    except ValueError as error:
        reason = "falls into the hour that daylight saving skips or repeats, and the order of rows does not tell which"
        line = _first_unclear(bare, zone) + 2
        raise TimeZoneError(
            f"{path}: line {line}: {stamps[line - 2]} in {zone} {reason}; write offsets, e.g. 2025-10-26T02:30+02:00"
        ) from error


def _first_unclear(bare: pd.DatetimeIndex, zone: str) -> int:
    clear = bare.tz_localize(zone, ambiguous="NaT", nonexistent="NaT")
    return int(np.argmax(clear.isna()))
