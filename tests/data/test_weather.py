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


def reyeared(lines: list[str], year: str) -> list[str]:
    return lines[:8] + [",".join([year, *line.split(",")[1:]]) for line in lines[8:]]


def test_a_file_of_one_year_stays_in_it_and_ends_there(tmp_path) -> None:
    weather = load_epw(written(tmp_path, reyeared(original(), "2021")))
    assert not weather.typical and weather.frame.index[0] == pd.Timestamp("2021-01-01 01:00", tz="Etc/GMT+7")
    with pytest.raises(MissingDataError, match="covers 2021-01-01"):
        weather.at(pd.DatetimeIndex(["2023-07-04T00:00-07:00"]))
    assert load_epw(written(tmp_path, original())).typical
    without_29_february = load_epw(written(tmp_path, reyeared(original(), "2024")))
    assert without_29_february.typical and without_29_february.frame.index[0].year == 2023


def edited(change: str) -> list[str]:
    lines = original()
    if change == "swapped":
        lines[1008], lines[1009] = lines[1009], lines[1008]
    elif change == "repeated":
        lines[1009] = lines[1008]
    elif change == "missing":
        del lines[1008]
    elif change == "hour 0":
        cells = lines[1008].split(",")
        lines[1008] = ",".join([*cells[:3], "0", *cells[4:]])
    return lines


@pytest.mark.parametrize(("change", "line"), [("swapped", 1009), ("repeated", 1010), ("missing", 1009), ("hour 0", 1009)])
def test_rows_out_of_order_name_the_line(tmp_path, change: str, line: int) -> None:
    with pytest.raises(DataError, match=rf"line {line} is month 2, day 11, hour \d+, expected is month 2, day 11, hour {line - 1008 + 16}"):
        load_epw(written(tmp_path, edited(change)))


@pytest.mark.parametrize(("field", "said"), [(6, "line 1009: T_db = 'x1' is not a number"), (2, "line 1009: month, day, hour = 2, x1")])
def test_cells_that_are_no_numbers_name_the_line(tmp_path, field: int, said: str) -> None:
    with pytest.raises(DataError, match=said):
        load_epw(written(tmp_path, with_codes(original(), 1000, 1, field, "x1")))


def test_cells_of_columns_that_are_not_used_do_not_matter(tmp_path) -> None:
    assert len(load_epw(written(tmp_path, with_codes(original(), 1000, 1, 20, "x1"))).frame) == 8760


def test_damaged_archives_say_so(tmp_path) -> None:
    whole = gzip.compress("\n".join(original()).encode())
    for name, data, said in [
        ("a.epw.gz", b"LOCATION,plain text", "not a gzip file"),
        ("b.epw.gz", whole[:-2000], "cut off"),
        ("c.epw.gz", whole[:1000] + b"\0" * 50 + whole[1050:], "damaged"),
        ("d.EPW", "\n".join(original()).encode("utf-16"), "UTF-16"),
        ("e.epw", bytes(range(256)), "not a text file"),
    ]:
        path = tmp_path / name
        path.write_bytes(data)
        with pytest.raises(DataError, match=said):
            load_weather(path)
    with pytest.raises(DataError, match="cannot be read"):
        load_epw(tmp_path)


def test_an_accent_in_the_head_and_capital_suffixes_are_no_error(tmp_path) -> None:
    lines = original()
    lines[0] = lines[0].replace("Davis", "D\xe1vis")
    path = tmp_path / "Station.EPW"
    path.write_bytes("\r\n".join([*lines, "", ""]).encode("latin-1"))
    weather = load_weather(path)
    assert weather.name == "Station" and "\xe1" in weather.source


def test_head_without_a_place_is_refused(tmp_path) -> None:
    with pytest.raises(DataError, match=r"line 1 .LOCATION. does not give"):
        load_epw(written(tmp_path, ["LOCATION,nowhere", *original()[1:]]))
    with pytest.raises(DataError, match=r"line 1 .*time zone"):
        load_epw(written(tmp_path, [original()[0].replace("-7.0", "-70.0"), *original()[1:]]))


def test_zones_of_half_an_hour(tmp_path) -> None:
    weather = load_epw(written(tmp_path, [original()[0].replace("-7.0", "5.5"), *original()[1:]]))
    assert weather.frame.index[0] == pd.Timestamp("2023-01-01T01:00+05:30")


def test_columns_agree_with_pvlib() -> None:
    from pvlib.iotools import read_epw

    with resources.as_file(resources.files("lowlift.data") / "weather" / EMBEDDED["tucson"]) as path, gzip.open(path, "rt") as file:
        frame, _ = read_epw(file, coerce_year=2023)
    ours = load_weather("tucson").frame
    np.testing.assert_allclose(ours["T_db"], frame["temp_air"] + 273.15)
    np.testing.assert_allclose(ours["p"], frame["atmospheric_pressure"])


@pytest.mark.parametrize(
    ("asked", "played"),
    [("2024-04-07 12:00", "2023-04-07 12:00"), ("2025-12-31 12:00", "2023-12-31 12:00"), ("2024-02-29 12:00", "2023-02-28 12:00"),
     ("2024-03-01 00:00", "2023-03-01 00:00"), ("2019-01-01 12:00", "2023-01-01 12:00")],
)  # fmt: skip
def test_a_typical_year_comes_back_day_by_day(asked: str, played: str) -> None:
    weather = load_weather("tucson")
    got, own = (weather.at(pd.DatetimeIndex([pd.Timestamp(t, tz="Etc/GMT+7")])).to_numpy() for t in (asked, played))
    np.testing.assert_allclose(got, own)


def test_a_typical_leap_year_leaves_its_29_february_out_in_other_years(tmp_path) -> None:
    lines = original()
    feb28 = [line for line in lines[8:] if line.split(",")[1:3] == ["2", "28"]]
    leap = [",".join([*line.split(",")[:2], "29", *line.split(",")[3:]]) for line in feb28]
    at = 8 + (31 + 28) * 24
    weather = load_epw(written(tmp_path, lines[:at] + leap + lines[at:]))
    assert weather.typical
    zone = "Etc/GMT+7"
    got = weather.at(pd.date_range("2023-03-01 01:00", periods=24, freq="h", tz=zone))
    np.testing.assert_allclose(got.to_numpy(), load_weather("tucson").at(got.index).to_numpy())
