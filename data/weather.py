"""Weather: typical years in EPW and measured series in CSV, on a zone-aware index, in SI units.

An EPW row is labelled with the hour that ENDS at its time stamp; most quantities are readings at that moment. Here a row
stands at its own time stamp (row 1 at 01:00 local standard time) and values between rows are interpolated linearly. A
typical year is put into one declared calendar year, because its months come from different ones.
"""

import dataclasses
import gzip
import io
import re
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from lowlift.data.errors import DataError, MissingDataError, UnknownNameError, WeatherGapError
from lowlift.data.remote import fetch

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
        """Linear interpolation at the given instants; a typical year goes on after its end.

        Raises:
            MissingDataError: the series does not cover the index; names the missing span.
        """
        if index.tz is None:
            raise DataError(f"{self.name}: the requested times carry no zone")
        first, last = self.frame.index[0], self.frame.index[-1]
        if not self.typical and (index[0] < first or index[-1] > last):
            raise MissingDataError(f"weather {self.name} covers {first} to {last}, but {index[0]} to {index[-1]} is needed")
        x, own = index.as_unit("ns").asi8, self.frame.index.as_unit("ns").asi8  # type: ignore[attr-defined]
        year = len(own) * 3.6e12 if self.typical else None
        return pd.DataFrame({c: np.interp(x, own, self.frame[c].to_numpy(), period=year) for c in self.frame}, index=index)


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
    if path.suffix in (".epw", ".gz"):
        if not path.is_file():
            raise DataError(f"{path}: no such file")
        return load_epw(path)
    raise UnknownNameError("weather", name, [*EMBEDDED, *REMOTE])


def load_epw(path: Path, *, name: str | None = None, year: int | None = None) -> Weather:
    """Read an EPW file with pvlib; a year of 8,784 rows keeps its 29 February. Without ``year`` it is a typical year.

    Missing codes become gaps; gaps up to six hours are interpolated and counted.
    """
    from pvlib.iotools import read_epw

    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    text = raw.decode("utf-8-sig", errors="replace")
    rows = _check_rows(path, text)
    typical = year is None
    if year is None:
        year = TYPICAL_YEAR if rows == 8760 else TYPICAL_YEAR + 1
    try:
        _, meta = read_epw(io.StringIO(text), coerce_year=year)
    except (ValueError, KeyError, IndexError) as error:
        raise DataError(f"{path}: not a readable EPW file: {error}") from error
    cells = [line.split(",") for line in text.splitlines()[HEADER_LINES:]]
    zone = _fixed_zone(float(meta["TZ"]))
    index = pd.date_range(f"{year}-01-01 01:00", periods=rows, freq="h", tz=zone)
    columns, filled = {}, 0
    for field, spec in FIELDS.items():
        columns[field], n = _column(path, cells, field, spec)
        filled += n
    return Weather(
        name=name or path.name.removesuffix(".gz").removesuffix(".epw"),
        frame=pd.DataFrame(columns, index=index),
        latitude=float(meta["latitude"]),
        longitude=float(meta["longitude"]),
        altitude=float(meta["altitude"]),
        source=f"{meta['city']}, {meta['data_type']}",
        n_filled=filled,
        typical=typical,
    )


def _check_rows(path: Path, text: str) -> int:
    lines = text.splitlines()
    if not lines or not lines[0].startswith("LOCATION"):
        raise DataError(f"{path}: line 1 does not begin with LOCATION: not an EPW file")
    body = lines[HEADER_LINES:]
    for k, line in enumerate(body):
        if line.count(",") < 30:
            raise DataError(f"{path}: line {HEADER_LINES + k + 1} is cut off ({line.count(',') + 1} fields, 32 to 35 expected)")
    if len(body) not in (8760, 8784):
        raise DataError(f"{path}: {len(body)} hourly rows; 8760 or, in a leap year, 8784 are expected")
    return len(body)


def _column(
    path: Path, cells: list[list[str]], field: str, spec: tuple[int, float, float, float, float, float, str]
) -> tuple[np.ndarray, int]:
    position, missing, factor, offset, low, high, unit = spec
    try:
        values = np.array([float(row[position]) for row in cells])
    except ValueError as error:
        raise DataError(f"{path}: field {field}: {error}") from error
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
    if not re.fullmatch(r"-?\d+", f"{hours:g}"):
        import datetime

        return datetime.timezone(datetime.timedelta(hours=hours))  # type: ignore[return-value]
    return f"Etc/GMT{-int(hours):+d}" if hours else "UTC"
