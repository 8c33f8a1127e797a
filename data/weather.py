"""Weather from EPW files, typical years and measured ones, on a zone-aware index, in SI units.

An EPW row is labelled with the hour that ENDS at its time stamp; most quantities are readings at that moment. Here a row
stands at its own time stamp (row 1 at 01:00 local standard time) and values between rows are interpolated linearly. Month, day
and hour of every row are checked. Where all rows carry the same year they stay in it; a typical year, whose months come from
different ones, is put into one declared calendar year and taken as periodic.
"""

import calendar
import dataclasses
import gzip
import io
import re
import zlib
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from lowlift.data.errors import DataError, MissingDataError, UnknownNameError, WeatherGapError
from lowlift.data.remote import fetch
from lowlift.data.text import decode

EMBEDDED = {
    "tucson": "USA_AZ_Davis-Monthan.AFB.722745_TMY3.epw.gz",
    "dulles": "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw.gz",
    "chicago": "USA_IL_Chicago-OHare.Intl.AP.725300_TMY3.epw.gz",
    "san_francisco": "USA_CA_San.Francisco.Intl.AP.724940_TMY3.epw.gz",
    "port_angeles": "USA_WA_Port.Angeles-William.R.Fairchild.Intl.AP.727885_TMY3.epw.gz",
}
REMOTE = {
    "phoenix": "weather/USA_AZ_Phoenix-Sky.Harbor.TMYx.epw",
    "san_jose": "weather/USA_CA_San.Jose-Mineta.TMYx.epw",
    "leesburg": "weather/USA_VA_Leesburg.Exec.TMYx.epw",
    "seattle": "weather/USA_WA_Seattle-Tacoma.TMYx.epw",
    "atlanta": "weather/USA_GA_Atlanta-Hartsfield-Jackson.TMYx.epw",
    "shanghai": "weather/CHN_Shanghai-Hongqiao.TMYx.epw",
}
FIELDS = {
    # name: (EPW column, missing from, factor, offset, low, high, unit of the file)
    "T_db": (6, 99.9, 1.0, 273.15, -70.0, 60.0, "C"),
    "T_dp": (7, 99.9, 1.0, 273.15, -90.0, 40.0, "C"),
    "rh": (8, 999.0, 0.01, 0.0, 0.0, 110.0, "%"),
    "p": (9, 999999.0, 1.0, 0.0, 50000.0, 110000.0, "Pa"),
}
MAX_GAP_H = 6
HEADER_LINES = 8
TYPICAL_YEAR = 2023
"""Calendar year given to typical years (not a leap year)."""


@dataclasses.dataclass(frozen=True)
class Weather:
    """A weather series: ``frame`` has a zone-aware index and the columns ``T_db, T_dp`` [K], ``rh`` [1], ``p`` [Pa]."""

    name: str
    frame: pd.DataFrame
    latitude: float
    longitude: float
    altitude: float
    source: str
    n_filled: int
    """Values filled by interpolation."""
    typical: bool = False
    """A typical year: it has no year before or after it and is taken as periodic."""

    def at(self, index: pd.DatetimeIndex) -> pd.DataFrame:
        """Linear interpolation at the given instants; a typical year comes back every year, day by day.

        Where one of the two years is a leap year and the other is not, 29 February is left out, or 28 February comes twice.

        Raises:
            MissingDataError: the series does not cover the index; names the missing span.
        """
        if index.tz is None:
            raise DataError(f"{self.name}: the requested times carry no zone")
        first, last = self.frame.index[0], self.frame.index[-1]
        if not self.typical and (index[0] < first or index[-1] > last):
            raise MissingDataError(f"weather {self.name} covers {first} to {last}, but {index[0]} to {index[-1]} is needed")
        if self.typical:
            x, own, year = self._hour_of_year(index), np.arange(1.0, len(self.frame) + 1.0), float(len(self.frame))
        else:
            # asi8 counts nanoseconds since 1970.
            x, own = index.as_unit("ns").asi8, self.frame.index.as_unit("ns").asi8  # type: ignore[attr-defined]
            year = None
        return pd.DataFrame({c: np.interp(x, own, self.frame[c].to_numpy(), period=year) for c in self.frame}, index=index)

    def _hour_of_year(self, index: pd.DatetimeIndex) -> np.ndarray:
        local = index.tz_convert(self.frame.index.tz)  # type: ignore[attr-defined]
        day = local.day_of_year.to_numpy() - 1
        shift = int(len(self.frame) == 8784) - local.is_leap_year.astype(int)
        day = day + np.where(day > 58, shift, 0)  # 58: 28 February, counted from zero
        return np.asarray(24.0 * day + local.hour + local.minute / 60.0 + local.second / 3600.0 + local.microsecond / 3.6e9)


def load_weather(name_or_path: str | Path) -> Weather:
    """Weather by catalogue name or from an ``.epw`` or ``.epw.gz`` file.

    Raises:
        UnknownNameError: neither a name nor a file.
        DataError: the file is damaged; names line and field.
        WeatherGapError: a gap longer than six hours.
    """
    name = str(name_or_path)
    if name in EMBEDDED:
        with resources.as_file(resources.files("lowlift.data") / "weather" / EMBEDDED[name]) as path:
            return load_epw(path, name=name)
    if name in REMOTE:
        return load_epw(fetch(REMOTE[name]), name=name)
    path = Path(name_or_path)
    if path.name.lower().endswith((".epw", ".gz")):
        if not path.is_file():
            raise DataError(f"{path}: no such file")
        return load_epw(path)
    raise UnknownNameError("weather", name, [*EMBEDDED, *REMOTE])


def load_epw(path: Path, *, name: str | None = None) -> Weather:
    """Read an EPW file, plain or gzipped; a year of 8,784 rows keeps its 29 February.

    Missing codes become gaps; gaps up to six hours are interpolated and counted. The head is read with pvlib.

    Raises:
        DataError: unreadable, cut off, rows out of order or missing, impossible values; names line and field.
        WeatherGapError: a gap longer than six hours.
    """
    from pvlib.iotools import read_epw

    text = decode(path, _unpacked(path), tolerant=True)
    lines = text.splitlines()
    cells = _rows(path, lines)
    year, typical = _year(cells)
    columns, filled = {}, 0
    for field, spec in FIELDS.items():
        columns[field], n = _column(path, cells, field, spec)
        filled += n
    try:
        _, meta = read_epw(io.StringIO("\n".join(lines[: HEADER_LINES + 1]) + "\n"), coerce_year=year)
        zone = _fixed_zone(float(meta["TZ"]))
    except (ValueError, KeyError, IndexError) as error:
        raise DataError(f"{path}: line 1 (LOCATION) does not give place, coordinates and time zone as in an EPW file") from error
    index = pd.date_range(f"{year}-01-01 01:00", periods=len(cells), freq="h", tz=zone)
    return Weather(
        name=name or re.sub(r"(\.epw)?(\.gz)?$", "", path.name, flags=re.IGNORECASE),
        frame=pd.DataFrame(columns, index=index),
        latitude=float(meta["latitude"]),
        longitude=float(meta["longitude"]),
        altitude=float(meta["altitude"]),
        source=f"{meta['city']}, {meta['data_type']}",
        n_filled=filled,
        typical=typical,
    )


def _unpacked(path: Path) -> bytes:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    if path.suffix.lower() != ".gz":
        return raw
    try:
        return gzip.decompress(raw)
    except EOFError as error:
        raise DataError(f"{path}: the compressed file is cut off; fetch it again") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise DataError(f"{path}: not a gzip file, or damaged; name an uncompressed file .epw") from error


def _rows(path: Path, lines: list[str]) -> list[list[str]]:
    """Cells of the hourly rows, which must be those of one year, hour by hour."""
    if not lines or not lines[0].startswith("LOCATION"):
        raise DataError(f"{path}: line 1 does not begin with LOCATION: not an EPW file")
    body = lines[HEADER_LINES:]
    while body and not body[-1].strip():
        body.pop()
    cells = [line.split(",") for line in body]
    for k, row in enumerate(cells, HEADER_LINES + 1):
        if len(row) < 31:
            raise DataError(f"{path}: line {k} is cut off ({len(row)} fields, 32 to 35 expected)")
    leap = any([c.strip() for c in row[1:3]] == ["2", "29"] for row in cells)
    expected = [(t.month, t.day, h + 1) for t in pd.date_range(f"{2024 if leap else 2023}-01-01", periods=366 if leap else 365)
                for h in range(24)]  # fmt: skip
    for k, (row, right) in enumerate(zip(cells, expected, strict=False), HEADER_LINES + 1):
        try:
            found = (int(row[1]), int(row[2]), int(row[3]))
        except ValueError:
            raise DataError(f"{path}: line {k}: month, day, hour = {', '.join(row[1:4])}: must be whole numbers") from None
        if found != right:
            shown, wanted = ("month {}, day {}, hour {}".format(*x) for x in (found, right))
            raise DataError(f"{path}: line {k} is {shown}, expected is {wanted}: rows are missing, repeated or out of order")
    if len(cells) != len(expected):
        raise DataError(f"{path}: {len(cells)} hourly rows; 8760 or, in a leap year, 8784 are expected")
    return cells


def _year(cells: list[list[str]]) -> tuple[int, bool]:
    """Calendar year of the rows, and whether it is a typical one.

    A file of one year that lacks or has a 29 February against the calendar cannot stand in its own year and is treated as typical.
    """
    leap = len(cells) == 8784
    years = {row[0].strip() for row in cells}
    if len(years) == 1:
        own = years.pop()
        if re.fullmatch(r"(1[6-9]|2[01])\d\d", own) and calendar.isleap(int(own)) == leap:
            return int(own), False
    return (TYPICAL_YEAR + 1 if leap else TYPICAL_YEAR), True


def _column(
    path: Path, cells: list[list[str]], field: str, spec: tuple[int, float, float, float, float, float, str]
) -> tuple[np.ndarray, int]:
    position, missing, factor, offset, low, high, unit = spec
    values = np.empty(len(cells))
    for k, row in enumerate(cells):
        try:
            values[k] = float(row[position])
        except ValueError:
            raise DataError(f"{path}: line {HEADER_LINES + k + 1}: {field} = {row[position]!r} is not a number") from None
    values[values >= missing] = np.nan
    outside = np.flatnonzero((values < low) | (values > high))
    if outside.size:
        k = int(outside[0])
        raise DataError(f"{path}: line {HEADER_LINES + k + 1}: {field} = {values[k]} {unit}: must lie in {low} to {high}")
    gaps = np.isnan(values)
    if gaps.any():
        edges = np.flatnonzero(np.diff(np.concatenate([[0], gaps.astype(int), [0]])))
        for a, b in zip(edges[::2], edges[1::2], strict=True):
            if b - a > MAX_GAP_H:
                raise WeatherGapError(
                    f"{path}: {field} is missing in lines {HEADER_LINES + a + 1} to {HEADER_LINES + b}: {b - a} h; "
                    f"at most {MAX_GAP_H} h are filled"
                )
        at = np.arange(len(values))
        values[gaps] = np.interp(at[gaps], at[~gaps], values[~gaps])
    return values * factor + offset, int(gaps.sum())


def _fixed_zone(hours: float) -> str:
    """EPW zones are fixed offsets without daylight saving; POSIX signs are reversed."""
    if not -12.0 <= hours <= 14.0:
        raise ValueError(f"no time zone is {hours} h from UTC")
    if not re.fullmatch(r"-?\d+", f"{hours:g}"):
        import datetime

        return datetime.timezone(datetime.timedelta(hours=hours))  # type: ignore[return-value]
    return f"Etc/GMT{-int(hours):+d}" if hours else "UTC"
