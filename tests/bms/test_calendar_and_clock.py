"""What a calendar client reads is what the schedule says; clocks that change; values held over a repeated hour."""

import dataclasses
import datetime as dt
import re

import pandas as pd
import pytest
from schedule_cases import AUTUMN, MADE, SITE, SPRING, STEADY, altered, row, schedule

from lowlift.bms.bacnet_model import objects_of
from lowlift.bms.daylight import HELD, held_over
from lowlift.bms.haystack_form import decode_zinc, encode_zinc
from lowlift.bms.icalendar_form import decode, encode
from lowlift.bms.icalendar_lines import escaped, folded, parsed, unescaped
from lowlift.bms.zone_clock import changes, instant, zone_of
from lowlift.sim.schedule_rows import ScheduleError

START = "DTSTART;TZID=Europe/Berlin:20300704T000000"
DAYS = [*AUTUMN.items(), *SPRING.items(), *STEADY.items()]


@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_an_independent_reader_of_calendars_finds_the_same_instants(zone: str, day: str) -> None:
    """The icalendar library, which takes the zone from the file's own VTIMEZONE when its name means nothing to it."""
    import icalendar

    made = schedule(zone, day)
    # The library remembers zones by name.
    own = f"Plant time {zone.replace('/', ' ')} {day}"
    for text in (
        encode(made),
        encode(made).replace("\r\n ", "").replace(f"TZID={zone}", f"TZID={own}").replace(f"TZID:{zone}", f"TZID:{own}"),
    ):
        calendar = icalendar.Calendar.from_ical(text)
        events = [part for part in calendar.walk("VEVENT")]
        assert len(events) == len(made.rows)
        for event, r in zip(events, made.rows, strict=True):
            for name, at in (("DTSTART", r.valid_from), ("DTEND", r.valid_to)):
                assert event[name].dt.astimezone(dt.UTC) == at.to_pydatetime().astimezone(dt.UTC), (name, at)
            assert float(event["X-LOWLIFT-VALUE"]) == r.value and str(event["SUMMARY"]) == f"{r.point} = {r.value} {r.unit}"


def test_lines_are_folded_to_octets_and_end_in_crlf() -> None:
    text = encode(altered(schedule(), 0, provenance="µ" * 200))
    assert text.endswith("\r\n") and "\n" not in text.replace("\r\n", "")
    assert max(len(line.encode()) for line in text.split("\r\n")) <= 75
    assert "µ" * 200 in text.replace("\r\n ", "")
    for odd in ("a;b,c\\n\\", 'x"y', "µ" * 100):
        assert unescaped(escaped(odd)) == odd
        back = parsed(folded(["BEGIN:VCALENDAR", f"X-A:{escaped(odd)}", "END:VCALENDAR"]), "x")
        assert back.text("X-A") == odd


def test_uids_are_stable_and_tell_rows_apart() -> None:
    uids = re.findall(r"UID:(\S+)", encode(schedule()))
    revised = altered(dataclasses.replace(schedule(), created=MADE + pd.Timedelta(hours=1)), 3, value=30.2)
    assert re.findall(r"UID:(\S+)", encode(revised)) == uids and len(set(uids)) == len(uids)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("SUMMARY:", "RRULE:FREQ=DAILY\r\nSUMMARY:", "row 1: RRULE is not accepted"),
        (START, "DTSTART:20300704T000000", "row 1: DTSTART is in zone none"),
        (START, "DTSTART;VALUE=DATE:20300704", "row 1: DTSTART = '20300704'"),
        (
            "DTSTART;TZID=Europe/Berlin:20300704T000000",
            "DTSTART;TZID=Europe/Paris:20300704T000000",
            "row 1: DTSTART is in zone Europe/Paris",
        ),
        (START, "DTSTART;TZID=Europe/Berlin:20300331T023000", "row 1: DTSTART: .*does not exist"),
        ("X-LOWLIFT-ROW:2", "X-LOWLIFT-ROW:1", "row 1 is there twice"),
        ("X-LOWLIFT-ROW:2", "X-LOWLIFT-ROW:99", "row 2 is missing"),
        ("TZOFFSETTO:+0200", "TZOFFSETTO:+0300", "VTIMEZONE is not that of Europe/Berlin"),
        ("BEGIN:VCALENDAR", "BEGIN:VCARD", "closes|one VCALENDAR"),
        ("VERSION:2.0", "VERSION", "cannot read the line"),
    ],
)
def test_calendars_that_are_refused(old: str, new: str, said: str) -> None:
    text = encode(schedule())
    assert old in text
    with pytest.raises(ScheduleError, match=said):
        decode(text.replace(old, new, 1), "x")


def test_a_calendar_client_may_reorder_events_and_add_its_own() -> None:
    text = encode(schedule())
    events = re.findall(r"BEGIN:VEVENT.*?END:VEVENT\r\n", text, flags=re.DOTALL)
    head, tail = text.split(events[0])[0], text.split(events[-1])[1]
    alarm = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nEND:VALARM\r\nEND:VEVENT"
    mixed = head + "".join(reversed(events)).replace("END:VEVENT", alarm) + tail
    assert decode(mixed, "x") == decode(text, "x")


def test_offsets_that_a_city_does_not_have_are_refused_by_row() -> None:
    text = encode_zinc(schedule())
    with pytest.raises(ScheduleError, match=r"row 2: ts = 2030-07-04T00:30:00\+01:00 Berlin: Europe/Berlin has no such time"):
        decode_zinc(text.replace("00:30:00+02:00 Berlin,2030-07-04T01:00", "00:30:00+01:00 Berlin,2030-07-04T01:00"), "x")
    with pytest.raises(ScheduleError, match=r"row 2 \(T_supply_set\[1\]\): unit °F"):
        decode_zinc("\n".join(line.replace("°C", "°F") if k == 3 else line for k, line in enumerate(text.split("\n"))), "x")


@pytest.mark.parametrize(("zone", "at"), [("Europe/Berlin", "2030-10-27 01:00"), ("America/Chicago", "2030-11-03 07:00")])
def test_changes_of_the_clock(zone: str, at: str) -> None:
    begin = pd.Timestamp("2030-09-01", tz=zone)
    (change,) = changes(zone_of(zone), begin, begin + pd.Timedelta(days=90))
    assert change.at == pd.Timestamp(at, tz="UTC") and not change.daylight
    assert change.repeated == (change.at - pd.Timedelta(hours=1), change.at + pd.Timedelta(hours=1))
    spring = changes(zone_of(zone), begin - pd.Timedelta(days=220), begin)
    assert [c.repeated for c in spring] == [None] and spring[0].daylight
    with pytest.raises(ScheduleError, match="does not exist"):
        instant(dt.datetime.fromisoformat(f"{SPRING[zone]}T02:30"), zone_of(zone))


@pytest.mark.parametrize(("zone", "day"), AUTUMN.items())
def test_values_held_over_the_repeated_hour_can_be_told_to_a_device(zone: str, day: str) -> None:
    made = schedule(zone, day)
    with pytest.raises(ScheduleError, match=r"row \d: T_supply_set\[1\] begins at .* within the hour that the clock of .* repeats"):
        objects_of(made)
    held = held_over(made)
    objects_of(held)
    held.check(MADE, SITE)
    assert len(held.rows) == len(made.rows) - 3
    (long,) = [r for r in held.rows if HELD in r.provenance]
    assert long.valid_to - long.valid_from == pd.Timedelta(hours=2) and long.valid_from.hour == (2 if zone == "Europe/Berlin" else 1)
    assert held_over(held) == held and held_over(schedule()) == schedule()
    assert objects_of(made, "UTC")[0].effective_period[0] < objects_of(made, "UTC")[0].effective_period[1]


def test_a_fallback_that_lasts_into_the_repeated_hour_lasts_through_it() -> None:
    begin = pd.Timestamp("2030-10-27 00:30", tz="UTC").tz_convert("Europe/Berlin")
    inside, across = (row("split", begin, begin + pd.Timedelta(minutes=m), 0.5) for m in (30, 300))
    assert held_over(dataclasses.replace(schedule(), rows=(inside,))).rows == ()
    (kept,) = held_over(dataclasses.replace(schedule(), rows=(across,))).rows
    assert kept.valid_from == pd.Timestamp("2030-10-27 03:00", tz="Europe/Berlin") and kept.valid_to == across.valid_to
