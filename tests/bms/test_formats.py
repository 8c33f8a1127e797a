"""Every format gives the same schedule back and refuses what is unfit or edited, naming the row."""

import dataclasses
import re
from pathlib import Path

import pandas as pd
import pytest
from schedule_cases import AUTUMN, MADE, SITE, SPRING, STEADY, altered, schedule

from lowlift.bms.formats import FORMATS, format_of, read_schedule, write_schedule
from lowlift.models.site import load_site
from lowlift.sim.schedule import Schedule, schedule_of
from lowlift.sim.schedule_rows import ScheduleError

DAYS = [*AUTUMN.items(), *SPRING.items(), *STEADY.items()]
LENGTH = dict.fromkeys(AUTUMN.values(), 25) | dict.fromkeys(SPRING.values(), 23)


def of_day(form: str, zone: str, day: str) -> Schedule:
    """A BACnet device whose clock is changed cannot be told what differs between the passes of a repeated hour."""
    return schedule(zone, day, quiet=form == "bacnet")


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_round_trip(tmp_path: Path, form: str, zone: str, day: str) -> None:
    made = of_day(form, zone, day)
    path = write_schedule(made, tmp_path / f"a{FORMATS[form].suffix}", site=SITE, now=MADE)
    back = read_schedule(path, site=SITE, now=MADE)
    assert back == made and back.checksum == made.checksum
    assert [r.valid_from.isoformat() for r in back.rows] == [r.valid_from.isoformat() for r in made.rows]
    own = [r for r in back.rows if r.point == "T_supply_set[1]"]
    assert sum((r.valid_to - r.valid_from for r in own), pd.Timedelta(0)) == pd.Timedelta(hours=LENGTH.get(day, 24))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r\n", b"\n"))
    assert read_schedule(path, site=SITE, now=MADE) == made


def unchecked(form: str, made: Schedule, **how: object) -> Schedule:
    """Through the text of a format and back, where only the importer checks."""
    chosen = FORMATS[form]
    return schedule_of(chosen.decode(chosen.encode(made), "x"), "x", **{"site": SITE, "now": MADE} | how)  # type: ignore[arg-type]


UNFIT = [
    ({"value": 99.0}, r"row 3: T_supply_set\[1\] = 99 degC: outside 17 to 42"),
    ({"fallback": -5.0}, r"row 3: T_supply_set\[1\] fallback = -5 degC"),
    ({"priority": 0}, r"row 3: T_supply_set\[1\] priority = 0"),
    ({"unit": "kPa"}, r"row 3: T_supply_set\[1\] must state the limits 17 to 42 degC"),
    ({"high": 50.0}, r"row 3: T_supply_set\[1\] must state the limits 17 to 42 degC"),
    ({"rate_per_min": 5.0}, r"row 3: T_supply_set\[1\] states a rate limit of 5 degC/min; that of the site is 1.25"),
    ({"point": "T_supply_set[9]"}, r"row 3: gb200_hall has no point 'T_supply_set\[9\]'"),
    ({"value": 31.5, "rate_per_min": 0.01}, r"row 3: T_supply_set\[1\] goes from 30.25 to 31.5 degC within 30 min: .*its limit is 0.01"),
]
ONCE = ("fallback", "priority", "unit", "high", "rate_per_min")
"""What a BACnet Schedule object has once for all rows."""


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("changes", "said"), UNFIT)
def test_f43_unfit_rows_are_refused_by_name(form: str, changes: dict[str, object], said: str) -> None:
    bad = altered(schedule(), 2, **changes)
    if form == "bacnet" and set(changes) & set(ONCE):
        bad = dataclasses.replace(schedule(), rows=(schedule().rows[0], altered(schedule(), 2, **changes).rows[2]))
        for _row in bad.rows:
            bad = altered(bad, 0, **{name: value for name, value in changes.items() if name in ONCE})
        said = said.replace("row 3", "row [12]").replace("30.25 to", "30 to").replace("within 30 min", "within 60 min")
        if "goes from" in said:
            bad = altered(bad, 0, valid_to=bad.rows[1].valid_from)
    with pytest.raises(ScheduleError, match=said):
        unchecked(form, bad)


@pytest.mark.parametrize("form", FORMATS)
def test_f43_nothing_unfit_is_written(tmp_path: Path, form: str) -> None:
    for bad in (altered(schedule(), 2, value=99.0), altered(schedule(), 2, point="T_x")):
        with pytest.raises(ScheduleError, match=r"row 3: "):
            write_schedule(bad, tmp_path / f"a{FORMATS[form].suffix}", site=SITE, now=MADE)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", [f for f in FORMATS if f != "bacnet"])
def test_f43_overlaps_are_refused_by_name(form: str) -> None:
    longer = altered(schedule(), 2, valid_to=schedule().rows[2].valid_to + pd.Timedelta(minutes=12))
    with pytest.raises(ScheduleError, match=r"rows 3 and 4: T_supply_set\[1\] overlaps from 2030-07-04T01:30:00\+02:00"):
        unchecked(form, longer)


@pytest.mark.parametrize("form", FORMATS)
def test_f43_the_past_is_refused_by_name(form: str) -> None:
    later = pd.Timestamp("2030-07-04 00:30", tz="Europe/Berlin")
    with pytest.raises(ScheduleError, match=r"row 1: T_supply_set\[1\] ends 2030-07-04T00:30:00\+02:00, in the past"):
        unchecked(form, schedule(), now=later)
    assert unchecked(form, schedule(), now=later - pd.Timedelta(seconds=1)) == schedule()


@pytest.mark.parametrize("form", FORMATS)
def test_another_site_is_refused(form: str) -> None:
    with pytest.raises(ScheduleError, match=r"made for gb200_hall, not for frontier"):
        unchecked(form, schedule(), site=load_site("frontier"))


EDITS = {
    "csv": [(",30.25,", ",30.5,"), (",13,", ",8,"), ("MPC: plan 1,", "MPC: plan 2,")],
    "json": [('"value": 30.25', '"value": 30.5'), ('"priority": 13', '"priority": 8')],
    "icalendar": [
        ("X-LOWLIFT-VALUE:30.25", "X-LOWLIFT-VALUE:30.5"),
        ("SUMMARY:T_supply_set[1] = 30.25", "SUMMARY:T_supply_set[1] = 30.5"),
        ("DTSTART;TZID=Europe/Berlin:20300704T003000", "DTSTART;TZID=Europe/Berlin:20300704T001500"),
        ("DTEND;TZID=Europe/Berlin:20300704T010000", "DTEND;TZID=Europe/Berlin:20300704T011500"),
        ("X-LOWLIFT-FALLBACK:17.0", "X-LOWLIFT-FALLBACK:18.0"),
        ("UID:", "UID:0"),
    ],
    "haystack": [(",30.25°C,", ",30.5°C,"), (",13,", ",8,"), ("00:30:00+02:00", "00:15:00+02:00")],
    "haystack-json": [('"val": 30.25,', '"val": 30.5,'), ('"level": 13', '"level": 8')],
    "niagara": [(",30.25,", ",30.5,"), ("2030-07-03 22:30:00", "2030-07-03 22:15:00"), (",17.0,13,", ",18.0,13,")],
    "bacnet": [('"value": 30.25', '"value": 30.5'), ('"time": "00:30:00"', '"time": "00:15:00"'), ('"00:00:00"', '"00:10:00"')],
}


@pytest.mark.parametrize(("form", "old", "new"), [(form, *edit) for form, edits in EDITS.items() for edit in edits])
def test_f44_edits_are_refused_with_the_row_named(tmp_path: Path, form: str, old: str, new: str) -> None:
    path = write_schedule(schedule(), tmp_path / f"a{FORMATS[form].suffix}", site=SITE, now=MADE)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScheduleError, match=r"row [12]\b"):
        read_schedule(path, site=SITE, now=MADE)


HEADS = {
    "csv": '# simulated: false', "json": '"simulated": false', "icalendar": "X-LOWLIFT-SIMULATED:FALSE", "haystack": "lowliftSimulated:F",
    "haystack-json": '"lowliftSimulated": false', "niagara": '"simulated": false', "bacnet": r"\"simulated\":false",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMATS)
def test_f44_an_edited_head_is_refused(tmp_path: Path, form: str) -> None:
    path = write_schedule(schedule(), tmp_path / f"a{FORMATS[form].suffix}", site=SITE, now=MADE)
    text, old = path.read_text(encoding="utf-8"), HEADS[form]
    for word, other in (("false", "true"), ("FALSE", "TRUE"), (":F", ":T")):
        old, new = HEADS[form], HEADS[form].replace(word, other)
        if new != old:
            assert old in text
            path.write_text(text.replace(old, new), encoding="utf-8")
            with pytest.raises(ScheduleError, match=r"head was edited"):
                read_schedule(path, site=SITE, now=MADE)
            break
    else:
        pytest.fail("nothing edited")


@pytest.mark.parametrize("form", FORMATS)
def test_half_written_files_are_refused(tmp_path: Path, form: str) -> None:
    path = write_schedule(schedule(), tmp_path / f"a{FORMATS[form].suffix}", site=SITE, now=MADE)
    whole = path.read_bytes()
    for share in (0.0, 0.01, 0.1, 0.5, 0.9, 0.99):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ScheduleError):
            read_schedule(path, site=SITE, now=MADE)


@pytest.mark.parametrize("form", FORMATS)
def test_a_row_taken_out_is_noticed(form: str) -> None:
    made = schedule()
    fewer = dataclasses.replace(made, rows=made.rows[:-1])
    record = FORMATS[form].decode(FORMATS[form].encode(fewer), "x") | {"checksum": f"sha256:{made.checksum}"}
    with pytest.raises(ScheduleError, match=r"rows were added, taken out or moved"):
        schedule_of(record, "x", SITE, MADE)


def test_formats_go_by_their_suffix() -> None:
    assert {format_of(f"x{f.suffix}").name for f in FORMATS.values()} == set(FORMATS)
    assert format_of("x.txt", "niagara").name == "niagara"
    with pytest.raises(ScheduleError, match=re.escape("icalendar (.ics)")):
        format_of("x.xlsx")
    with pytest.raises(ScheduleError, match=r"no format 'pdf'"):
        format_of("x.csv", "pdf")


@pytest.mark.parametrize("form", [f for f in FORMATS if f not in ("csv", "json")])
def test_what_a_format_cannot_hold_is_refused_by_name(form: str) -> None:
    with pytest.raises(ScheduleError, match=r"row 2: T_supply_set\[1\] provenance has control characters"):
        FORMATS[form].encode(altered(schedule(), 1, provenance="a\nb"))
    split = schedule().rows[1].valid_to + pd.Timedelta(milliseconds=5)
    with pytest.raises(ScheduleError, match=r"row 2: .* has fractions of a second"):
        FORMATS[form].encode(altered(schedule(), 1, valid_to=split))
    with pytest.raises(ScheduleError, match=r"timezone = 'Mars/Base' is unknown"):
        FORMATS[form].encode(dataclasses.replace(schedule(), timezone="Mars/Base"))
