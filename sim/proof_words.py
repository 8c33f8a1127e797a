"""The oracle's self-proof in words: each finding with its threshold and verdict, for the command line and the report alike."""

import dataclasses
from collections.abc import Mapping
from typing import Any

GRID_CHANGE_MAX = 0.005
"""Largest change of energy by halving the oracle's grid, as a share of cooling energy, at which its grid counts as fine enough."""
PERFECT_MIN = 0.97
"""Smallest share of the gap that MPC with perfect forecasts must close: the rest of MPC's gap is then due to forecasts."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One sentence of the proof."""

    text: str
    holds: bool | None
    """Nothing where it cannot be told."""

    @property
    def verdict(self) -> str:
        """One or two words."""
        return "cannot be told" if self.holds is None else "holds" if self.holds else "does not hold"


def findings(proof: Mapping[str, Any]) -> list[Finding]:
    """Findings of a proof as :func:`lowlift.sim.proof.prove` makes them; none without an oracle."""
    found = []
    if "nobody_below" in proof:
        names = ", ".join(proof.get("below", ()))
        said = "nobody did" if proof["nobody_below"] else f"but {names or 'somebody'} did"
        text = f"Nobody may use less energy than the oracle, or close more than its gap, at equal or less violation of limits: {said}."
        found.append(Finding(text, bool(proof["nobody_below"])))
    if "oracle_violation_Kh" in proof:
        found.append(_violation(proof))
    if "grid_halving_change" in proof:
        change = float(proof["grid_halving_change"])
        text = (
            f"Halving the oracle's time grid must change its energy by less than {100 * GRID_CHANGE_MAX:g} % of cooling energy: "
            f"it changes by {100 * change:+.2f} %."
        )
        found.append(Finding(text, abs(change) < GRID_CHANGE_MAX))
    if "perfect_mpc_gap_closed" in proof:
        closed, other = proof["perfect_mpc_gap_closed"], proof.get("perfect_mpc_gap_closed_g36")
        text = (
            f"MPC with perfect forecasts must close at least {100 * PERFECT_MIN:g} % of the gap to the oracle: it closes "
            f"{_share(closed)} of the gap from SiteTuned and {_share(other)} of that from Guideline36."
        )
        decisive = other if closed is None else closed
        found.append(Finding(text, None if decisive is None else bool(decisive >= PERFECT_MIN)))
    return found


def _violation(proof: Mapping[str, Any]) -> Finding:
    """The oracle's violation of limits beside everybody's: it bounds nobody who keeps them better."""
    own, others, better = float(proof["oracle_violation_Kh"]), proof["violation_Kh"], proof["keeps_better"]
    each = ", ".join(f"{name} {violation:.2g}" for name, violation in others.items())
    text = f"The oracle may not violate limits more than those it bounds: it violates them by {own:.2g} K·h; {each}."
    if better:
        text += f" It violates limits more than {', '.join(better)} and is no bound for {'it' if len(better) == 1 else 'them'}."
    return Finding(text, not better)


def _share(value: float | None) -> str:
    return "n/a" if value is None else f"{100 * value:.1f} %"
