"""The self-proof in words: thresholds and verdicts, the same on the command line and in the report."""

import pytest
import synthetic_runs as synthetic

from lowlift.sim.kpis import table
from lowlift.sim.proof_words import findings
from lowlift.sim.report import ReportInput, render
from lowlift.terminal import show_proof

GOOD = {
    "nobody_below": True,
    "below": [],
    "grid_halving_change": -0.0012,
    "perfect_mpc_gap_closed": 0.981,
    "perfect_mpc_gap_closed_g36": 0.99,
}
BAD = GOOD | {"nobody_below": False, "below": ["MPC", "Mine"], "grid_halving_change": 0.005, "perfect_mpc_gap_closed": 0.969}


def test_each_finding_has_threshold_outcome_and_verdict() -> None:
    texts = [f.text for f in findings(GOOD)]
    assert [f.verdict for f in findings(GOOD)] == ["holds"] * 3
    assert texts[0].endswith("nobody did.")
    assert "less than 0.5 % of cooling energy: it changes by -0.12 %." in texts[1]
    assert "at least 97 % of the gap to the oracle: it closes 98.1 % of the gap from SiteTuned and 99.0 % of that" in texts[2]
    assert [f.verdict for f in findings(BAD)] == ["does not hold"] * 3
    assert "but MPC, Mine did" in findings(BAD)[0].text
    assert findings({}) == []


def test_a_gap_too_small_to_tell_has_no_verdict_unless_the_other_gap_tells() -> None:
    small = {"perfect_mpc_gap_closed": None, "perfect_mpc_gap_closed_g36": None}
    assert findings(small)[0].verdict == "cannot be told"
    assert "closes n/a of the gap from SiteTuned" in findings(small)[0].text
    assert findings(small | {"perfect_mpc_gap_closed_g36": 0.98})[0].verdict == "holds"


def test_command_line_and_report_say_the_same_and_show_no_keys(capsys: pytest.CaptureFixture[str]) -> None:
    show_proof(BAD)
    printed = capsys.readouterr().out
    runs = {"MPC": synthetic.run("MPC", days=0.25), "SiteTuned": synthetic.run("SiteTuned", days=0.25)}
    page = render([ReportInput(title="x", trajectories=runs, table=table(runs.values()), proof=BAD)], "x")
    for f in findings(BAD):
        assert f"{f.text} {f.verdict}" in printed
        assert f.text.replace("'", "&#39;") in page
    for key in ("nobody below", "nobody_below", "grid halving change", "gap_closed"):
        assert key not in printed and key not in page
