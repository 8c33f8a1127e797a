"""Declared ranges: what they say, how they are asked, and that documentation and table agree."""

import importlib
import math
import re

import machines
import numpy as np
import pytest

from lowlift.thermal.component import Component, Range

MACHINES = {k: v for k, v in vars(machines).items() if isinstance(v, Component)}
OWN = {"EIR", "CARRIER_30XA500", "AIR_CHILLER", "CHIP"}
"""Temperatures that belong to one machine, not to the relation."""


@pytest.mark.parametrize("name", MACHINES)
def test_ranges_are_open_and_violations_measure_the_distance(name: str) -> None:
    machine = MACHINES[name]
    for key, bound in machine.ranges.items():
        assert bound.low < bound.high, key
        inside = bound.low + 1.0 if math.isinf(bound.high) else 0.5 * (bound.low + bound.high)
        assert machine.violations(**{key: inside})[key] == 0.0
        assert machine.violations(**{key: bound.low - 2.0})[key] == pytest.approx(2.0)
        assert machine.outside(**{key: inside}) == []
        (words,) = machine.outside(**{key: np.array([inside, bound.low - 2.0])})
        assert words.startswith(f"{type(machine).__name__}: {key} = {bound.low - 2.0:.6g} {bound.unit}, declared {bound.low:g} to ")
        if math.isfinite(bound.high):
            assert machine.violations(**{key: bound.high + 3.0})[key] == pytest.approx(3.0)


def test_undeclared_arguments_are_refused() -> None:
    with pytest.raises(KeyError, match="CoolingTowerCell declares no range of T_db, q; declared are T_w_in, T_wb, m_w, p, y"):
        machines.MERKEL.violations(q=1.0, T_db=300.0)


def test_rounding_is_no_violation() -> None:
    assert machines.MERKEL.outside(y=1.0 + 1e-12) == []
    assert Range(0.0, 1.0).excess(1.5) == 0.5


@pytest.mark.parametrize("name", [k for k in MACHINES if k not in OWN])
def test_temperatures_declared_are_those_documented(name: str) -> None:
    """Bounds in kelvin stand in the documentation of the component's module."""
    machine = MACHINES[name]
    module = importlib.import_module(type(machine).__module__)
    text = f"{module.__doc__} {type(machine).__doc__}"
    documented = {float(x) for x in re.findall(r"(-?\d+(?:\.\d+)?) (?:K|C)\b", text)}
    documented |= {round(x + 273.15, 2) for x in documented}
    for key, bound in machine.ranges.items():
        for edge in (bound.low, bound.high):
            if bound.unit == "K" and math.isfinite(edge):
                assert any(abs(edge - x) < 0.06 for x in documented), (key, edge)
