"""Differences of schedules by row and by effect, and the sheets an operator signs."""

import dataclasses
from pathlib import Path

import pandas as pd
import pytest
from schedule_cases import AUTUMN, altered, row, schedule

import lowlift.bms.preview as preview_module
from lowlift.bms.difference import compare_schedules
from lowlift.bms.preview import preview, save_preview
from lowlift.sim.schedule_rows import ScheduleError

OLD = schedule()


def test_equal_schedules_do_not_differ() -> None:
    assert compare_schedules(OLD, schedule()).same and compare_schedules(OLD, OLD).effects == ()
    assert compare_schedules(OLD, OLD).text().endswith("no row differs")


def test_rows_added_removed_and_changed_with_by_how_much() -> None:
    begin = pd.Timestamp("2030-07-05", tz="Europe/Berlin")
    extra = row("split", begin, begin + pd.Timedelta(hours=1), 0.5)
    new = altered(altered(OLD, 1, value=31.0), 2, high=41.0, valid_to=OLD.rows[2].valid_to - pd.Timedelta(minutes=10))
    new = dataclasses.replace(new, rows=(*new.rows[:4], *new.rows[5:], extra))
    found = compare_schedules(OLD, new)
    assert found.added == (extra,) and found.removed == (OLD.rows[4],)
    assert [(c.fields, c.by) for c in found.changed] == [(("value",), 0.75), (("valid_to", "high"), 0.0)]
    (effect,) = found.effects
    assert (effect.point, effect.hours, effect.mean, effect.largest) == ("T_supply_set[1]", 0.5, 0.75, 0.75)
    text = found.text()
    assert "~ T_supply_set[1] from 2030-07-04T00:30:00+02:00: 30.25 -> 31 degC (+0.75)" in text
    assert "ends 2030-07-04T01:20:00+02:00 (-10 min), high 42 -> 41 degC (-1)" in text
    assert "other values for 0.50 h, by +0.75 degC on average" in text and text.endswith("1 added, 1 removed, 2 changed")


def test_a_shift_in_time_is_an_effect_though_no_row_matches() -> None:
    late = pd.Timedelta(minutes=15)
    rows = tuple(dataclasses.replace(r, valid_from=r.valid_from + late, valid_to=r.valid_to + late) for r in OLD.rows)
    shifted = dataclasses.replace(OLD, rows=rows)
    found = compare_schedules(OLD, shifted)
    assert len(found.added) == len(found.removed) == len(OLD.rows) and not found.changed
    # Each of 47 changes of value (one step in five downwards by 1 K) comes 15 min late.
    (effect,) = found.effects
    assert effect.hours == pytest.approx(47 * 0.25) and effect.largest == 1.0
    assert effect.mean == pytest.approx(-(38 * 0.25 - 9 * 1.0) / 47)


def test_schedules_that_cannot_be_compared() -> None:
    with pytest.raises(ScheduleError, match=r"for gb200_hall and for frontier"):
        compare_schedules(OLD, dataclasses.replace(OLD, site="frontier"))
    with pytest.raises(ScheduleError, match=r"T_supply_set\[1\] is in degC in one schedule and in K"):
        compare_schedules(OLD, altered(OLD, 0, unit="K"))


def test_the_preview_shows_values_limits_and_what_was_before() -> None:
    (sheet,) = preview(altered(OLD, 1, value=40.0), OLD)
    assert tuple(sheet.get_size_inches()) == (8.27, 11.69)
    panels = [axes for axes in sheet.axes if axes.get_visible()]
    assert [axes.get_title(loc="left") for axes in panels] == ["T_supply_set[1]", "m_cw_set"]
    lines = {line.get_label(): line for line in panels[0].lines}
    assert max(lines["new"].get_ydata()) == 40.0 and max(lines["in force now"].get_ydata()) == 31.0
    assert len({str(line.get_linestyle()) for line in lines.values()}) > 1
    assert panels[0].get_ylabel() == "[degC]" and "limits 17 to 42" in panels[0].get_title(loc="right")
    words = " ".join(text.get_text() for text in sheet.texts)
    assert "approved by" in words and "for the plant" in words and OLD.checksum[:12] in words
    # The gap of the second point, in which the fallback holds, is open.
    assert pd.isna(panels[1].lines[0].get_ydata()).any()


def test_times_of_the_preview_are_the_site_s_own() -> None:
    (sheet,) = preview(schedule("Europe/Berlin", AUTUMN["Europe/Berlin"]))
    assert "CEST to Mon 28 Oct 2030 00:00 CET" in " ".join(text.get_text() for text in sheet.texts)


@pytest.mark.parametrize("suffix", ["pdf", "png", "svg"])
def test_previews_are_written(tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preview_module, "PANELS", 1)
    written = save_preview(OLD, tmp_path / f"a.{suffix}", OLD)
    assert [p.name for p in written] == (["a.pdf"] if suffix == "pdf" else [f"a-1.{suffix}", f"a-2.{suffix}"])
    assert all(p.stat().st_size > 5000 for p in written)
    with pytest.raises(ScheduleError, match=r"\.pdf, \.png or \.svg"):
        save_preview(OLD, tmp_path / "a.txt")
