"""The oracle's self-proof on made-up records: whom its energy bounds, and whom it does not."""

from typing import Any

import pytest

from lowlift.sim.entrants import HALVED, PERFECT
from lowlift.sim.proof import prove
from lowlift.sim.proof_words import Finding, findings


def record(name: str, energy: float, violation: float, gap: float | None = None, gap_g36: float | None = None) -> dict[str, Any]:
    return {"controller": name, "energy_facility_corrected_kWh": energy, "energy_cooling_kWh": 0.1 * energy, "violation_Kh": violation,
            "gap_closed": gap, "gap_closed_g36": gap_g36}  # fmt: skip


ORACLE = record("Oracle", 1000.0, 0.2, 1.0, 1.0)
RULES = [record("Guideline36", 1100.0, 0.3, -0.5, 0.0), record("SiteTuned", 1050.0, 0.25, 0.0, 0.5)]


def verdicts(proof: dict[str, Any]) -> list[Finding]:
    return findings(proof)[:2]


def test_a_bound_that_holds() -> None:
    proof = prove([*RULES, record("MPC", 1004.0, 0.2 + 5e-10, 0.92, 0.96), ORACLE])
    assert (proof["nobody_below"], proof["below"], proof["keeps_better"]) == (True, [], [])
    assert [f.holds for f in verdicts(proof)] == [True, True]
    assert "it violates them by 0.2 K·h; Guideline36 0.3, SiteTuned 0.25, MPC 0.2." in verdicts(proof)[1].text


def test_less_energy_at_more_violation_says_nothing() -> None:
    proof = prove([*RULES, record("Mine", 990.0, 0.21, 1.2, 1.1), ORACLE])
    assert proof["nobody_below"] and proof["keeps_better"] == []


@pytest.mark.parametrize("violation", [0.2 + 9e-10, 0.2, 0.0])
def test_more_than_the_gap_closed_at_no_more_violation_fails(violation: float) -> None:
    proof = prove([*RULES, record("MPC", 999.0, violation, 1.02, 1.01), ORACLE])
    assert proof["below"] == ["MPC"] and not proof["nobody_below"]
    assert verdicts(proof)[0].holds is False and "but MPC did" in verdicts(proof)[0].text


def test_either_gap_decides_and_a_gap_that_cannot_be_told_does_not() -> None:
    assert prove([record("MPC", 1000.0, 0.0, None, 1.001), ORACLE])["below"] == ["MPC"]
    assert prove([record("MPC", 1000.0, 0.0, 1.001), ORACLE])["below"] == ["MPC"]
    assert prove([record("MPC", 1000.0, 0.0), ORACLE])["below"] == []


def test_nobody_below_is_no_bound_where_the_oracle_violates_more() -> None:
    proof = prove([*RULES, record("MPC", 1004.0, 0.001, 0.92, 0.96), ORACLE])
    assert proof["nobody_below"] and proof["keeps_better"] == ["MPC"]
    assert (proof["oracle_violation_Kh"], proof["violation_Kh"]["MPC"]) == (0.2, 0.001)
    energy, limits = verdicts(proof)
    assert (energy.holds, limits.holds) == (True, False)
    assert limits.text.endswith("It violates limits more than MPC and is no bound for it.")
    two = prove([record("FixedSetpoint", 1300.0, 0.0), record("MPC", 1004.0, 0.001), ORACLE])
    assert verdicts(two)[1].text.endswith("It violates limits more than FixedSetpoint, MPC and is no bound for them.")


def test_a_difference_of_no_weight_is_none() -> None:
    assert prove([*RULES, record("MPC", 1004.0, 0.16), ORACLE])["keeps_better"] == []


def test_runs_that_only_prove_take_part_but_the_halved_oracle_is_itself() -> None:
    finer, perfect = record(HALVED, 999.5, 0.0, 1.01, 1.005), record(PERFECT, 998.0, 0.1, 1.04, 1.02)
    variant = record("AsOperated, limits +5 K", 1400.0, 0.0)
    proof = prove([*RULES, ORACLE], [finer, perfect, variant])
    assert proof["below"] == [PERFECT] == proof["keeps_better"]
    assert set(proof["violation_Kh"]) == {"Guideline36", "SiteTuned", PERFECT}
    assert proof["grid_halving_change"] == pytest.approx(-0.5 / 100.0)
    assert (proof["perfect_mpc_gap_closed"], proof["perfect_mpc_gap_closed_g36"]) == (1.04, 1.02)


def test_without_an_oracle_nothing_is_proved() -> None:
    assert prove(RULES) == {} == prove(RULES, [ORACLE])
