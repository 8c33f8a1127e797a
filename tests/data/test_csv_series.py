"""CSV files of users: encodings, dialects, ends and time stamps that must be refused with the line and the cure."""

import numpy as np
import pandas as pd
import pytest

from lowlift.data import load_workload
from lowlift.data.errors import DataError, DialectError, MissingDataError, TimeZoneError

ROWS = [f"2023-07-04T{k // 4:02d}:{15 * (k % 4):02d}:00-07:00,{6000 + 10 * k}.0" for k in range(8)]
TEXT = "\n".join(["time,total_kW", *ROWS]) + "\n"


def read(path, **options):
    return load_workload(path, n_units=64, unit_power=125e3, liquid_share=0.85, days=1.0, **options)


def written(tmp_path, data: bytes | str, name: str = "load.csv"):
    path = tmp_path / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TEXT.replace("total_kW", "Wärme_kW").encode("latin-1"), r"load.csv: line 1 \(byte 6\) is not UTF-8 .*save the file as UTF-8"),
        (TEXT.encode("utf-16"), "written in UTF-16; save it as UTF-8"),
        (TEXT.encode("utf-16-le"), "byte 1 is zero"),
        (bytes(range(256)), "byte 0 is zero: not a text file"),
        (b"\x89PNG\r\n\x1a\n" + b"\xff" * 50, "line 1 .* is not UTF-8"),
    ],
)
def test_other_encodings_are_named(tmp_path, data: bytes, said: str) -> None:
    with pytest.raises(DialectError, match=said):
        read(written(tmp_path, data))


def test_blank_lines_at_the_end_quotes_and_capital_suffix(tmp_path) -> None:
    load = read(written(tmp_path, TEXT.replace("time,total_kW", '"time","total_kW"') + "\n  \n\n", "OK.CSV"))
    assert len(load.P_it) == 8


def test_blanks_after_the_last_line_are_no_cut(tmp_path) -> None:
    assert len(read(written(tmp_path, TEXT.replace("6070.0", "607.0") + "   ")).P_it) == 8


def test_a_file_with_tabs(tmp_path) -> None:
    path = written(tmp_path, TEXT.replace(",", "\t"))
    with pytest.raises(DialectError, match="tab seen; set --delimiter"):
        read(path)
    assert len(read(path, delimiter="tab").P_it) == 8


@pytest.mark.parametrize(("delimiter", "decimal"), [("", "."), (";;", "."), (",", ","), (",", "x")])
def test_impossible_dialects(tmp_path, delimiter: str, decimal: str) -> None:
    with pytest.raises(DialectError, match="one character each"):
        read(written(tmp_path, TEXT), delimiter=delimiter, decimal=decimal)


def test_F04_no_third_outcome(tmp_path) -> None:
    """A point is never taken for a mark of thousands, nor the reverse."""
    with pytest.raises(DialectError, match=r"line 2, total_kW = '6000\.0' is not a number with the decimal mark ','; set --decimal '\.'"):
        read(written(tmp_path, TEXT.replace(",", ";")), delimiter=";", decimal=",")
    assert read(written(tmp_path, TEXT.replace(",", ";").replace(".", ",")), delimiter=";", decimal=",").P_it[0] == pytest.approx(6e6)


@pytest.mark.parametrize("cell", ["", " ", "6_000", "six", "0x17"])
def test_cells_that_are_no_numbers_name_their_line(tmp_path, cell: str) -> None:
    with pytest.raises(DataError, match="line 4, total_kW"):
        read(written(tmp_path, TEXT.replace("6020.0", cell)))


@pytest.mark.parametrize("cut", range(1, 26))
def test_D09_every_cut_of_the_last_line_is_refused(tmp_path, cut: int) -> None:
    """Down to the line break alone, which a number with the decimals of the others may do without."""
    data = TEXT[:-cut]
    if cut == 1:
        assert read(written(tmp_path, data)).P_it[-1] == pytest.approx(6.07e6)
        return
    with pytest.raises(DataError, match=r"line 9"):
        read(written(tmp_path, data))


def test_D09_whole_numbers_of_varying_length_cannot_be_trusted_without_a_line_break(tmp_path) -> None:
    text = TEXT.replace(".0\n", "\n").replace("6030", "950").rstrip("\n")
    assert read(written(tmp_path, text)).P_it[-1] == pytest.approx(6.07e6)
    with pytest.raises(DialectError, match=r"line 9 \(byte 230\) ends without a line break and '607' is shorter"):
        read(written(tmp_path, text[:-1]))
    assert read(written(tmp_path, text[:-1] + "\n")).P_it[-1] == pytest.approx(0.607e6)


@pytest.mark.parametrize("stamp", ["04.07.2023 00:30", "07/04/2023 00:30", "2023-07-04T25:00-07:00", "noon", ""])
def test_time_stamps_that_are_not_iso_name_their_line(tmp_path, stamp: str) -> None:
    with pytest.raises(DataError, match=r"line 4: time = .* is not ISO 8601"):
        read(written(tmp_path, TEXT.replace(ROWS[2].split(",")[0], stamp)))


def test_F11_a_mix_with_and_without_offset_is_refused(tmp_path) -> None:
    with pytest.raises(TimeZoneError, match=r"line 4: .*carries no offset from UTC, other rows do"):
        read(written(tmp_path, TEXT.replace(ROWS[2], ROWS[2].replace("-07:00", ""))))


def test_the_load_stays_in_its_own_zone(tmp_path) -> None:
    path = written(tmp_path, TEXT)
    assert read(path).start.utcoffset() == pd.Timedelta(hours=-7)
    assert read(path, zone="America/New_York").start == pd.Timestamp("2023-07-04T03:00", tz="America/New_York")


@pytest.mark.parametrize(
    ("zone", "said"), [("Mars/Base", "'Mars/Base' .--zone. is unknown"), ("Europe/Berln", "did you mean Europe/Berlin")]
)
def test_unknown_zones(tmp_path, zone: str, said: str) -> None:
    with pytest.raises(TimeZoneError, match=said):
        read(written(tmp_path, TEXT), zone=zone)
    with pytest.raises(TimeZoneError, match=said):
        read("llm_training", zone=zone)


def test_F07_the_skipped_hour_and_half_of_the_repeated_one(tmp_path) -> None:
    def text(day: str, hours: list[int]) -> str:
        return "time,total_kW\n" + "".join(f"{day}T{h:02d}:00:00,6000.0\n" for h in hours)

    with pytest.raises(TimeZoneError, match=r"line 4: 2025-03-30T02:00:00 in Europe/Berlin falls into the hour"):
        read(written(tmp_path, text("2025-03-30", [0, 1, 2, 3])), zone="Europe/Berlin")
    with pytest.raises(TimeZoneError, match=r"line 4: 2025-10-26T02:00:00 .*write offsets"):
        read(written(tmp_path, text("2025-10-26", [0, 1, 2, 3])), zone="Europe/Berlin")
    assert len(read(written(tmp_path, text("2025-10-26", [0, 1, 2, 2, 3])), zone="Europe/Berlin").P_it) == 5


def test_one_time_only(tmp_path) -> None:
    with pytest.raises(MissingDataError, match="all rows carry the time"):
        read(written(tmp_path, "\n".join(["time,total_kW", ROWS[0], ROWS[0]]) + "\n"))


def test_unit_columns_and_odd_headers(tmp_path) -> None:
    with pytest.raises(DataError, match="does not end in its unit"):
        read(written(tmp_path, TEXT.replace("total_kW", "total")))
    with pytest.raises(DataError, match="first column is 'zeit'"):
        read(written(tmp_path, TEXT.replace("time,", "zeit,")))
    with pytest.raises(DataError, match="2 unit columns; 64 or one total"):
        read(written(tmp_path, "\n".join(["time,a_kW,b_kW", *(f"{r},1.0" for r in ROWS)]) + "\n"))
    names = ",".join(f"r{k}_kW" for k in range(64))
    load = read(written(tmp_path, "\n".join([f"time,{names}", *(r.split(",")[0] + ",90.0" * 64 for r in ROWS)]) + "\n"))
    np.testing.assert_allclose(load.q_liquid + load.q_air, 90e3)
