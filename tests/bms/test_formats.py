"""Every format gives the same schedule back and refuses what is unfit or edited, naming the row."""

from pathlib import Path

import pandas as pd
import pytest
from schedule_cases import AUTUMN, MADE, SITE, SPRING, STEADY, altered, schedule

from lowlift.bms.formats import FORMATS, format_of, read_schedule, write_schedule
from lowlift.sim.schedule import schedule_of
from lowlift.sim.schedule_rows import ScheduleError

DAYS = [*AUTUMN.items(), *SPRING.items(), *STEADY.items()]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize(("zone", "day"), DAYS)
def test_round_trip(tmp_path: Path, form: str, zone: str, day: str) -> None:
    made = schedule(zone, day)
    path = write_schedule(made, tmp_path / f"a{FORMATS[form].suffix}", site=SITE, now=MADE)
    back = read_schedule(path, site=SITE, now=MADE)
    assert back == made and back.checksum == made.checksum
    assert [r.valid_from.isoformat() for r in back.rows] == [r.valid_from.isoformat() for r in made.rows]
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\r\n", b"\n"))
    assert read_schedule(path, site=SITE, now=MADE) == made
