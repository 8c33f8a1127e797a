"""Any schedule goes through every format unchanged, or is refused with a reason."""

import dataclasses
import itertools

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from schedule_cases import AUTUMN, MADE, POINTS, SPRING, row, schedule

from lowlift.bms.daylight import held_over
from lowlift.bms.formats import FORMATS
from lowlift.sim.schedule import Schedule, schedule_of
from lowlift.sim.schedule_rows import ScheduleError

PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"]) | st.just(" "), max_size=90)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    """A few points with rows of whole seconds around a change of the clock, gaps included, in any order."""
    zone, day = draw(st.sampled_from([*AUTUMN.items(), *SPRING.items()]))
    begin = pd.Timestamp(day, tz=zone)
    rows = []
    for name in draw(st.lists(st.sampled_from(sorted(POINTS)), min_size=1, max_size=3, unique=True)):
        p = POINTS[name]
        edges = sorted(draw(st.sets(st.integers(0, 100_000), min_size=2, max_size=9)))
        for a, b in itertools.pairwise(edges):
            if len(rows) == 0 or draw(st.booleans()):
                value = round(p.low + draw(st.floats(0.0, 1.0)) * (p.high - p.low), 3)
                times = (begin + pd.Timedelta(seconds=s) for s in (a, b))
                rows.append(row(name, *times, min(max(value, p.low), p.high), rate_per_min=1e9, provenance=draw(PRINTABLE)))
    rows = draw(st.permutations(rows))
    return dataclasses.replace(schedule(), timezone=zone, rows=tuple(rows), scenario=draw(PRINTABLE), controller=draw(PRINTABLE))


@given(schedules())
@settings(max_examples=25, deadline=None)
def test_every_format_gives_back_what_it_was_given(made: Schedule) -> None:
    for form in FORMATS.values():
        sent = held_over(made) if form.name == "bacnet" else made
        if not sent.rows:
            continue
        try:
            text = form.encode(sent)
        except ScheduleError as error:
            assert form.name == "bacnet" and "single-precision" in str(error)
            continue
        assert schedule_of(form.decode(text, "x"), "x", now=MADE) == sent, form.name
