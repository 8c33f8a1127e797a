"""Exchanger arrangements: the reference table, order of merit, limits, backends."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference_tables import table, within

from lowlift.thermal import arrangements as arr
from lowlift.thermal.exchange import effectiveness_counterflow

RELATIONS = {
    "parallel": arr.effectiveness_parallel,
    "1S&T": arr.effectiveness_shell_tube,
    "crossflow, mixed Cmax": arr.effectiveness_crossflow_larger_mixed,
    "crossflow, mixed Cmin": arr.effectiveness_crossflow_smaller_mixed,
    "boiler": lambda NTU, C_ratio: arr.effectiveness_phase_change(NTU),
}


@pytest.mark.parametrize("name", RELATIONS)
def test_every_row_of_the_reference(name: str) -> None:
    t = table("hx_eps_ntu")
    t = t[t.config == name]
    assert len(t) > 5
    within(RELATIONS[name](t.NTU.to_numpy(), t.Cr.to_numpy()), t.eff, 1e-7)


@given(st.floats(0, 30), st.floats(0, 1))
def test_counterflow_is_best_and_parallel_flow_worst(NTU: float, C_ratio: float) -> None:
    best, worst = float(effectiveness_counterflow(NTU, C_ratio)), float(arr.effectiveness_parallel(NTU, C_ratio))
    for name in ("1S&T", "crossflow, mixed Cmax", "crossflow, mixed Cmin"):
        assert worst - 1e-12 <= float(RELATIONS[name](NTU, C_ratio)) <= best + 1e-12


@pytest.mark.parametrize("name", RELATIONS)
def test_without_ratio_all_are_one(name: str) -> None:
    NTU = np.array([0.0, 0.1, 1.0, 5.0, 40.0])
    np.testing.assert_allclose(RELATIONS[name](NTU, np.zeros(5)), -np.expm1(-NTU), rtol=1e-12)
