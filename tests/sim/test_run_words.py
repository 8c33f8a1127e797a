"""Page head and axes in words."""

import dataclasses

import pandas as pd
import pytest
import synthetic_runs as synthetic

from lowlift.sim import demo, plots
from lowlift.sim.run_words import days, dry_bulb_assumed, lead, period, zone
from lowlift.sim.setting import Setting
from lowlift.sim.trajectory import Trajectory

FRONTIER = Setting(
    site="frontier", place="Oak Ridge, Tennessee", zone="America/New_York", weather="", workload="frontier",
    load="Frontier CDU heat, as measured", measured=True, dry_bulb_assumed=True,
)  # fmt: skip
TYPICAL = Setting(
    site="gb200_hall", place="Port Angeles", zone="Etc/GMT+8", weather="Fairchild, TMY3", workload="llm_training",
    load="llm training, seed 0", measured=False, dry_bulb_assumed=False,
)  # fmt: skip


def frontier() -> Trajectory:
    return dataclasses.replace(synthetic.run(site="frontier", days=0.25, tz="America/New_York"), setting=FRONTIER)


def test_the_lead_of_a_measured_day_names_what_is_assumed() -> None:
    assert lead(frontier()) == (
        "Oak Ridge, Tennessee, 4 July 2024 (6 hours, local time America/New_York), measured load: Frontier CDU heat, as measured; "
        "wet bulb from the trace; dry bulb assumed 5 K above it."
    )


def test_the_lead_of_a_generated_load_takes_its_place_from_the_weather() -> None:
    run = dataclasses.replace(synthetic.run(days=2.0, tz="Etc/GMT+8"), setting=TYPICAL)
    assert lead(run) == (
        "Port Angeles, 4 to 5 July 2024 (2 days, local time UTC-8), generated load: llm training, seed 0; weather of Fairchild, TMY3."
    )


def test_the_lead_reads_no_notes() -> None:
    said = lead(dataclasses.replace(frontier(), notes=["weather mars (Jezero); rows", "generated: nothing"]))
    assert said == lead(frontier())
    bare = dataclasses.replace(
        synthetic.run(days=0.25), notes=["weather mars (Jezero)", "wet bulb from the trace; dry bulb taken 5 K above"]
    )
    assert lead(bare) == "4 July 2024 (6 hours, local time America/Phoenix), generated load; weather not stated."
    assert not dry_bulb_assumed(bare)


def test_periods_and_zones() -> None:
    def over(start: str, end: str) -> pd.DatetimeIndex:
        return pd.date_range(start, end, freq="h", tz="UTC")

    assert period(over("2023-07-04", "2023-07-04 23:00")) == "4 July 2023"
    assert period(over("2023-07-31", "2023-08-01")) == "31 July to 1 August 2023"
    assert period(over("2023-12-31", "2024-01-01")) == "31 December 2023 to 1 January 2024"
    assert zone(over("2023-07-04", "2023-07-05").tz_convert("Etc/GMT-9")) == "UTC+9"
    assert (days(1.0), days(2.5), days(0.25)) == ("1 day", "2.5 days", "6 hours")


def test_axes_name_day_and_zone_and_an_assumed_dry_bulb_is_called_so() -> None:
    figure = plots.conditions(frontier())
    assert [ax.get_xlabel() for ax in figure.axes] == ["4 July 2024, America/New_York"] * 2
    assert [t.get_text() for t in figure.legends[0].get_texts()] == ["wet bulb", "dry bulb (assumed)"]
    known = plots.conditions(synthetic.run(days=0.25))
    assert [t.get_text() for t in known.legends[0].get_texts()] == ["wet bulb", "dry bulb"]
    hours = plots.savings(synthetic.run("MPC"), synthetic.run("SiteTuned")).axes[1]
    assert hours.get_xlabel() == "local hour, America/Phoenix"


def test_only_the_lowest_panels_name_the_day() -> None:
    figure = plots.temperatures({"MPC": synthetic.run("MPC", days=0.25)})
    shown = [ax.get_xlabel() for ax in figure.axes if ax.axison]
    assert shown == ["", "", "", "4 July 2024, America/Phoenix", "4 July 2024, America/Phoenix"]


@pytest.mark.parametrize("k", [0, 1])
def test_the_reports_of_the_demonstration_lead_to_each_other(k: int) -> None:
    own = demo.SCENARIOS[k][0] if k else "."
    other = demo.SCENARIOS[1 - k][0] if not k else "."
    (address,) = demo.links()[k].values()
    from posixpath import join, normpath

    assert normpath(join(own, address)) == normpath(join(other, "report.html"))
