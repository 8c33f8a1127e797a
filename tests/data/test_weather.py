"""Weather files: good ones, and the damaged ones of the fault list."""

import dataclasses
import gzip
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lowlift.data.errors import DataError, MissingDataError, UnknownNameError, WeatherGapError
from lowlift.data.weather import EMBEDDED, load_epw, load_weather


def original() -> list[str]:
    path = resources.files("lowlift.data") / "weather" / EMBEDDED["tucson"]
    return gzip.decompress(path.read_bytes()).decode().splitlines()


def written(tmp_path: Path, lines: list[str]) -> Path:
    path = tmp_path / "station.epw"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def with_codes(lines: list[str], first: int, hours: int, field: int, code: str) -> list[str]:
    result = list(lines)
    for k in range(first, first + hours):
        cells = result[8 + k].split(",")
        cells[field] = code
        result[8 + k] = ",".join(cells)
    return result


@pytest.mark.parametrize("name", EMBEDDED)
def test_embedded_years(name: str) -> None:
    weather = load_weather(name)
    frame = weather.frame
    assert len(frame) == 8760
    assert frame.index.is_monotonic_increasing and frame.index.is_unique and frame.index.tz is not None
    assert frame.index[0].hour == 1
    assert frame["T_db"].between(230, 330).all() and (frame["T_dp"] <= frame["T_db"] + 0.6).all()
    assert frame["p"].between(8.5e4, 1.05e5).all()


def test_interpolation_and_its_end() -> None:
    weather = load_weather("tucson")
    middle = weather.frame.index[100] + pd.Timedelta(minutes=30)
    value = weather.at(pd.DatetimeIndex([middle]))["T_db"].iloc[0]
    assert value == pytest.approx(weather.frame["T_db"].iloc[100:102].mean())
    new_year = weather.frame.index[-1] + pd.Timedelta(minutes=30)
    assert weather.at(pd.DatetimeIndex([new_year]))["T_db"].iloc[0] == pytest.approx(weather.frame["T_db"].iloc[[-1, 0]].mean())
    of_one_year = dataclasses.replace(weather, typical=False)
    with pytest.raises(MissingDataError, match="is needed"):
        of_one_year.at(pd.DatetimeIndex([new_year]))
    with pytest.raises(DataError, match="no zone"):
        weather.at(pd.DatetimeIndex([pd.Timestamp("2023-02-01")]))


def test_F01_leap_year_keeps_its_29_february(tmp_path) -> None:
    lines = original()
    feb28 = [line for line in lines[8:] if line.split(",")[1:3] == ["2", "28"]]
    leap = [",".join([c if i != 2 else "29" for i, c in enumerate(line.split(","))]) for line in feb28]
    at = 8 + (31 + 28) * 24
    weather = load_epw(written(tmp_path, lines[:at] + leap + lines[at:]))
    assert len(weather.frame) == 8784
    assert weather.frame.index[-1] - weather.frame.index[0] == pd.Timedelta(hours=8783)
    assert ((weather.frame.index.month == 2) & (weather.frame.index.day == 29)).sum() == 24


def test_F02_missing_codes_are_filled_and_counted(tmp_path) -> None:
    weather = load_epw(written(tmp_path, with_codes(original(), 1000, 5, 6, "99.9")))
    assert weather.n_filled == 5
    filled = weather.frame["T_db"].iloc[999:1007].to_numpy()
    assert np.allclose(np.diff(filled[:7], 2), 0.0, atol=1e-9)


def test_F02_a_long_gap_is_refused_by_name(tmp_path) -> None:
    with pytest.raises(WeatherGapError, match=r"p is missing in lines 1009 to 1056: 48 h"):
        load_epw(written(tmp_path, with_codes(original(), 1000, 48, 9, "999999")))


def test_F03_cut_off_file_names_the_line(tmp_path) -> None:
    lines = original()
    lines[-1] = lines[-1][:40]
    with pytest.raises(DataError, match="line 8768 is cut off"):
        load_epw(written(tmp_path, lines))
    with pytest.raises(DataError, match="5000 hourly rows"):
        load_epw(written(tmp_path, original()[: 8 + 5000]))
    with pytest.raises(DataError, match="not an EPW file"):
        load_epw(written(tmp_path, ["a,b,c"]))


def test_impossible_value_names_line_field_and_bound(tmp_path) -> None:
    with pytest.raises(DataError, match=r"line 1009: T_db = 75.0 C: must lie in -70.0 to 60.0"):
        load_epw(written(tmp_path, with_codes(original(), 1000, 1, 6, "75.0")))


def test_F45_unknown_name_suggests() -> None:
    with pytest.raises(UnknownNameError, match="did you mean tucson"):
        load_weather("tuscon")
