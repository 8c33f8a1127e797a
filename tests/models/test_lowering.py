"""Graphs printed as NumPy; that all of physics is the same in it is tested with physics."""

import casadi as ca
import numpy as np
import pytest

from lowlift.models.lowering import LoweringError, lower


def test_what_is_not_picked_may_be_no_number() -> None:
    x = ca.SX.sym("x", 2)
    low = lower(ca.Function("f", [x], [ca.if_else(x[0] > 0.0, ca.sqrt(x[0]), x[1]), ca.if_else(x[0] > 0.0, 3.0, 0.0)]))
    with np.errstate(invalid="ignore"):
        root, constant = low(np.array([[4.0, -4.0, 0.0], [7.0, 7.0, 7.0]]))
    assert root.tolist() == [[2.0, 7.0, 7.0]]
    assert constant.tolist() == [[3.0, 0.0, 0.0]]
    assert "np.where" not in low.source


def test_conditions_of_constants_and_constant_rows() -> None:
    x = ca.SX.sym("x")
    low = lower(ca.Function("f", [x], [ca.vertcat(ca.if_else(x, 2.0, x), 5.0)]))
    assert low(np.array([[0.0, 1.0]]))[0].tolist() == [[0.0, 2.0], [5.0, 5.0]]


def test_names_are_given_again() -> None:
    """A sum of many products needs a few names, however long it is."""
    x = ca.SX.sym("x", 60)
    total = ca.SX(0)
    for k in range(59):
        total += ca.sin(x[k]) * x[k + 1]
    low = lower(ca.Function("f", [x], [total]))
    names = {line.split(" = ")[0].strip() for line in low.source.splitlines() if line.strip().startswith("w")}
    assert len(names) < 10
    at = np.random.default_rng(0).normal(size=(60, 3))
    np.testing.assert_allclose(low(at)[0][0], (np.sin(at[:-1]) * at[1:]).sum(axis=0), rtol=1e-13)


def test_the_head_says_what_inputs_and_outputs_are() -> None:
    x, p = ca.SX.sym("x", 3), ca.SX.sym("p")
    low = lower(ca.Function("f", [x, p], [p * x, ca.jacobian(p * x, x)], ["state", "load"], ["rate", "slope"]))
    head = low.source.split('"""')[1]
    for line in ("i0: state, 3 components", "i1: load, 1 components", "o0: rate, 3 components", "o1: slope, 3 nonzeros by columns of 3x3"):
        assert line in head


def test_refuses_what_it_cannot_print() -> None:
    x = ca.SX.sym("x")
    with pytest.raises(LoweringError, match="operation code"):
        lower(ca.Function("f", [x], [ca.erf(x)]))
