import dataclasses
import html.parser
import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import synthetic_runs as synthetic

from lowlift.sim import plots
from lowlift.sim.kpis import kpis, table
from lowlift.sim.report import Published, ReportInput, render, report
from lowlift.sim.report_charts import charts
from lowlift.sim.report_method import alarms
from lowlift.sim.report_story import story
from lowlift.sim.trajectory import Trajectory

VOID = {"meta", "br", "hr", "img", "link", "input"}


class Checker(html.parser.HTMLParser):
    """Collects text and checks that tags nest."""

    def __init__(self) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.text: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.stack.append(tag)
        self.ids += [v for k, v in attrs if k == "id" and v]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [v for k, v in attrs if k == "id" and v]

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if "svg" not in self.stack and "style" not in self.stack:
            self.text.append(data)


def chapter(site: str) -> ReportInput:
    runs = synthetic.comparison(site)
    proof = {"nobody_below": True, "below": [], "grid_halving_change": 0.0031, "perfect_mpc_gap_closed": 0.95}
    published = Published(
        saving=0.312, sensitivity={"-5 K": 0.25, "+5 K": 0.33}, conditions="theirs is one year, ours a day", note="pumps at full flow"
    )
    return ReportInput(
        title=f"A day of {site} <script>", trajectories=runs, table=table(runs.values()), proof=proof,
        notes=["declared note"], published=published if site == "frontier" else None,
        extras={"Data": ["trace of Frontier & others"]}, see_also={"The other hall": "other/report.html"},
    )  # fmt: skip


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = report(
        [chapter("frontier"), chapter("gb200_hall")],
        tmp_path_factory.mktemp("r") / "report.html",
        title="Two",
    )
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def checked(page: str) -> Checker:
    checker = Checker()
    checker.feed(page)
    assert checker.stack == []
    return checker


def test_the_page_needs_no_network(page: str) -> None:
    assert set(re.findall(r'(?:src|href)="([^#"][^"]*)"', page)) == {"other/report.html"}
    assert "@import" not in page
    assert not re.findall(r"url\((?!#)", page)
    assert set(re.findall(r"https?://[^\s\"<]+", page)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "prefers-color-scheme: dark" in page
    assert 'name="viewport"' in page
    assert page.count("<svg") == 2 * 22
    assert len(page) < 3e6


def test_ids_are_unique_and_text_is_escaped(page: str, checked: Checker) -> None:
    assert len(checked.ids) == len(set(checked.ids))
    assert "<script" not in page


def test_it_says_what_was_saved_and_how(checked: Checker) -> None:
    text = re.sub(r"\s+", " ", " ".join(checked.text))
    for part in (
        "less cooling energy than SiteTuned",
        "MPC used 484 kWh less for cooling than SiteTuned",
        "27.8 %",
        "35.3 %",
        "31.2 %",
        "-5 K: 25.0 % ; +5 K: 33.0 %",
        "Pumps at full flow.",
        "31.2 % of liquid-loop cooling energy (CDU pumps, facility pumps, tower pumps, tower fans) in 1 day",
        "Theirs is one year, ours a day.",
        "declared note",
        "dew point plus margin",
        "trace of Frontier & others",
        "nobody did. holds",
        "it closes 95.0 % of the gap from SiteTuned",
        "Chillers saved",
        "85.7 %",
    ):
        assert part in text, part


def test_charts_are_read_aloud_by_their_heading_and_fit_phones(page: str) -> None:
    labels = re.findall(r'aria-label="([^"]*)"', page)
    assert set(labels) == set(re.findall(r"<h3>([^<]*)</h3>\s*<figure>", page))
    assert page.count('class="plot wide"') == page.count('class="plot phone"') == 22
    assert "min-width: 560px" not in page


def test_the_main_table_fits_a_laptop(page: str) -> None:
    main = page.split("<h3>All controllers</h3>")[1].split("</thead>")[0]
    assert main.count("<th>") <= 9


def test_limits_are_legible_in_both_modes(page: str) -> None:
    assert "#c1272d" not in page.split("</style>")[1]
    modes = [dict(re.findall(r"--(\w+): (#\w{6})", block)) for block in re.findall(r":root \{([^}]*)\}", page)]
    assert len(modes) == 2
    for mode in modes:
        assert contrast(mode["bad"], mode["paper"]) > 4.5
        assert contrast(mode["muted"], mode["paper"]) > 4.5


def contrast(a: str, b: str) -> float:
    """Contrast ratio of WCAG 2."""

    def luminance(code: str) -> float:
        parts = (int(code[k : k + 2], 16) / 255.0 for k in (1, 3, 5))
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_interventions_are_in_words(page: str) -> None:
    assert "T_supply_set" not in page
    assert "secondary supply temperature of group 1" in page
    assert "12.85 to 14 °C" in page


def test_the_head_says_where_when_and_on_what_data(page: str) -> None:
    assert page.count('<a href="other/report.html">The other hall</a>') == 2
    assert "4 July 2024 (1 day, local time America/Phoenix), generated load; weather not stated." in page


def test_published_figures_appear_on_their_own_site_only(page: str) -> None:
    assert page.count("27.8 %") == 1


def test_captions_name_who_leaves_the_axis_and_nobody_hides_the_hero(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = synthetic.comparison(days=0.25)
    drawn: dict[str, list[str]] = {}
    for name in ("temperatures", "setpoints"):
        draw = getattr(plots, name)

        def record(shown: dict[str, Trajectory], name: str = name, draw: Callable[..., object] = draw) -> object:
            drawn[name] = list(shown)
            return draw(shown)

        monkeypatch.setattr(plots, name, record)
    captions = {c["heading"]: c["caption"] for c in charts(runs, table(runs.values()), "MPC", "SiteTuned", "c1")}
    assert drawn == {key: ["SiteTuned", "Oracle", "MPC"] for key in ("temperatures", "setpoints")}
    assert "by persistence" in captions["The plan against what happened"]
    for heading in ("Cooling energy so far", "PUE so far"):
        assert "FixedSetpoint and Guideline36 used so much more that they leave the axis." in captions[heading]


def test_no_sentence_is_said_twice() -> None:
    data = chapter("frontier")
    data.trajectories["FixedSetpoint"].notes.append("pumps at full flow")
    checker = Checker()
    checker.feed(re.sub(r"<(style|table|figcaption).*?</\1>", "", render([data], "x"), flags=re.DOTALL))
    blocks = re.findall(r"[^.;:]{30,}", re.sub(r"\s+", " ", " | ".join(checker.text)))
    assert [b for b in set(blocks) if blocks.count(b) > 1] == []
    assert " ".join(checker.text).lower().count("pumps at full flow") == 1


def sentences(run: object, reference: object) -> str:
    return " ".join(story(run, reference, kpis(run), kpis(reference)))  # type: ignore[arg-type]


def test_the_story_is_true_when_nothing_is_saved() -> None:
    better, worse = synthetic.run("SiteTuned", scale=0.9), synthetic.run("MPC", scale=1.0, dT=12.0)
    text = sentences(worse, better)
    assert "more for cooling than SiteTuned" in text
    assert "less for cooling" not in text
    assert " saved " not in text
    assert "Limits were exceeded" in text
    assert "more than under SiteTuned" in text


def changed(reference: Trajectory, **factors: float) -> Trajectory:
    """The reference with some columns multiplied, vectors whole."""
    f = reference.frame
    columns = {c: f[c] * k for name, k in factors.items() for c in f.columns if c == name or c.startswith(f"{name}[")}
    return dataclasses.replace(reference, controller="MPC", frame=f.assign(**columns))


def test_the_story_gives_reasons_and_where_it_was_paid_for() -> None:
    reference = synthetic.run("SiteTuned")
    run = changed(reference, P_tower_fans=0.5, y_fan=0.5, P_cw_pumps=1.1, m_cw=1.2)
    told = story(run, reference, kpis(run), kpis(reference))
    assert 3 <= len(told) <= 5
    text = " ".join(told)
    assert "Tower fans saved 1,080 kWh against SiteTuned (" in text
    assert "because the speed of the tower fans was lower, 28 % of full speed instead of 55 on average, and fan power goes with" in text
    assert "Tower pumps used 192 kWh more than under SiteTuned (" in text
    assert "because the tower water flow was higher, 300 kg/s instead of 250" in text
    # What did not change is not told.
    assert "CDU pumps" not in text


def test_the_story_claims_no_cause_that_it_does_not_see() -> None:
    reference = synthetic.run("SiteTuned")
    equal = changed(reference, P_tower_fans=0.5, y_fan=0.9999)
    assert "because the speed" not in sentences(equal, reference)
    contrary = changed(reference, P_tower_fans=0.5, y_fan=1.1)
    assert "although the speed of the tower fans was higher" in sentences(contrary, reference)


def test_the_story_tells_the_effect_on_the_water() -> None:
    reference = synthetic.run("SiteTuned")
    run = changed(reference, P_tower_fans=0.5, y_fan=0.5, T_tower=1.004)
    assert "; tower water was 1.2 K warmer (28.1 °C)." in sentences(run, reference)


def test_every_broken_limit_is_an_alarm_with_peak_limit_time_and_duration() -> None:
    reference = synthetic.run("SiteTuned")
    frame = reference.frame.copy()
    begin = pd.Timestamp("2024-07-04 07:00", tz="America/Phoenix")
    frame.loc[begin : begin + pd.Timedelta(minutes=33), "T_inlet"] = 273.15 + 30.0
    frame.loc[begin + pd.Timedelta(minutes=20), "T_inlet"] = 273.15 + 35.0
    frame.loc[begin, "T_chip[1]"] = 273.15 + 99.0
    run = dataclasses.replace(reference, controller="MPC", frame=frame)
    rows = alarms(kpis(run), kpis(reference))
    assert [row["text"] for row in rows] == [
        "hottest server air 35.0 °C, limit 27 °C, 34 min above, peak 4 July 07:20",
        "hottest chip 99.0 °C, limit 85 °C, 1 min above, peak 4 July 07:00",
    ]
    assert rows[0]["reference"] == "SiteTuned: kept"
    page = render([ReportInput(title="x", trajectories={"SiteTuned": reference, "MPC": run}, table=table([reference, run]))], "x")
    assert page.count('class="card alarm"') == 2
    assert rows[0]["text"][1:] in page
    assert alarms(kpis(reference)) == []


def test_one_run_alone_can_be_reported(tmp_path: Path) -> None:
    runs = {"Mine": synthetic.run("Mine", days=0.25)}
    path = report(ReportInput(title="One", trajectories=runs, table=table(runs.values())), tmp_path / "a.html")
    Checker().feed(path.read_text(encoding="utf-8"))
    with pytest.raises(ValueError, match="no runs"):
        report([], tmp_path / "b.html")


def test_missing_figures_read_not_available(tmp_path: Path) -> None:
    runs = {"MPC": synthetic.run("MPC"), "SiteTuned": synthetic.run("SiteTuned", scale=1.1)}
    data = ReportInput(
        title="x",
        trajectories=runs,
        table=table(runs.values()),
        proof={"perfect_mpc_gap_closed": None},
    )
    text = report(data, tmp_path / "a.html").read_text(encoding="utf-8")
    assert "n/a" in text
    assert "nan" not in re.sub(r"<svg.*?</svg>", "", text, flags=re.DOTALL)
