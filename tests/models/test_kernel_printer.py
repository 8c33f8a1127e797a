"""Printed C does what its CasADi graph does, whatever the shape of the graph; what cannot be printed is refused."""

import ctypes
import functools

import casadi as ca
import numpy as np
import pytest
from compiler_here import needs_compiler

from lowlift.models import kernel_build
from lowlift.models.c_forms import scalar_source
from lowlift.models.kernel_build import build
from lowlift.models.kernel_printer import VectorPrinter
from lowlift.models.kernel_source import packaged
from lowlift.models.lowering import LoweringError, lower
from lowlift.models.operations import FORMS, by_code

LANES = 3
HEAD = f"""#define LANES {LANES}
#define EACH_LANE for (int l = 0; l < LANES; l++)
#include <math.h>
"""


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(kernel_build, "cache_folder", lambda: tmp_path)


def scalar_function() -> ca.Function:
    a, b = ca.SX.sym("a", 2), ca.SX.sym("b")
    return ca.Function("scalar", [a, b], [ca.vertcat(a[1] - b, 2.0, ca.fmax(a[0], b)), ca.if_else(a[0] < b, -(-3.0 * b), a[0] ** 1.5)])


def run(inputs: dict[str, ca.MX], outputs: dict[str, ca.MX], values: list[np.ndarray]) -> list[np.ndarray]:
    """Outputs by the printed function, from values ``(n, LANES)`` of the inputs."""
    printer = VectorPrinter("graph", inputs, outputs)
    body = printer.source()
    called = "".join(scalar_source(f) for f in printer.called.values())
    names = [*inputs, *outputs]
    results = [np.full((v.shape[0], LANES), np.nan) for v in outputs.values()]
    arguments = ", ".join(f"double *{n}" for n in names)
    call = f"double work[{printer.work} * LANES + 1]; graph({', '.join(names)}, work);"
    wrapper = f"void run({arguments}) {{ {call} }}"
    library, _ = build(HEAD + called + body + wrapper)
    library.run(*(ctypes.c_void_p(np.ascontiguousarray(v).ctypes.data) for v in (*values, *results)))
    return results


@needs_compiler
def test_every_kind_of_node() -> None:
    """Slices, gathers, constants, weighted and plain sums, joins, calls and outputs that share parts."""
    x, y, s = ca.MX.sym("x", 5), ca.MX.sym("y", 2), ca.MX.sym("s")
    weights = ca.DM([[0.5, 0, 0, 2, 0], [0, -1, 0, 0, 0], [1, 1, 1, 1, 1]])
    product = ca.mtimes(ca.sparsify(weights), x * s)
    first, second = scalar_function()(ca.vertcat(ca.sum1(x), y[1]), s)
    table = x + np.arange(5.0)
    reverse = table[[4, 3, 2, 1, 0]]
    outputs = {
        "sums": product + 1.0,
        "joined": ca.vertcat(x[1:3], s, ca.exp(y), 7.0, product),
        "called": first * second,
        "gathered": ca.sqrt(reverse * reverse) + s,
        "views": reverse[1:4],
        "raw": x,
        "constant": ca.MX(ca.DM([1.0, 2.0])),
        "twice": ca.vertcat(ca.exp(y), ca.exp(y)),
    }
    rng = np.random.default_rng(0)
    values = [rng.uniform(0.5, 2.0, (n, LANES)) for n in (5, 2, 1)]
    got = run({"x": x, "y": y, "s": s}, outputs, values)
    f = ca.Function("f", [x, y, s], list(outputs.values()))
    for lane in range(LANES):
        for name, result, expected in zip(outputs, got, f(*(v[:, lane] for v in values)), strict=True):
            np.testing.assert_allclose(result[:, lane], np.asarray(expected).ravel(), rtol=1e-14, err_msg=name)


@needs_compiler
def test_every_operation() -> None:
    x, y = ca.MX.sym("x", 4), ca.MX.sym("y", 4)
    outputs = {
        f"o{k}": v
        for k, v in enumerate((
            -x, x * x, x + x, 1.0 / x, ca.logic_not(x), ca.sign(y - 1.0), ca.fabs(-x), ca.acos(x / 3.0), ca.exp(x), ca.log(x), ca.sqrt(x),
            ca.sin(x), ca.cos(x), ca.tanh(x), ca.expm1(x), ca.log1p(x), x - y, x / y, ca.fmin(x, y), ca.fmax(x, y), x < y, x <= y, x == y,
            x != y, ca.logic_and(x < y, y > 1.0), ca.logic_or(x < y, y > 1.0), ca.if_else(x < y, x, y), x**y, x**2.5,
        ))
    }  # fmt: skip
    rng = np.random.default_rng(1)
    values = [rng.uniform(0.5, 2.0, (4, LANES)) for _ in range(2)]
    values[1][0] = values[0][0]
    got = run({"x": x, "y": y}, outputs, values)
    f = ca.Function("f", [x, y], list(outputs.values()))
    for lane in range(LANES):
        for k, (result, expected) in enumerate(zip(got, f(*(v[:, lane] for v in values)), strict=True)):
            np.testing.assert_allclose(result[:, lane], np.asarray(ca.densify(expected)).ravel(), rtol=1e-13, atol=1e-15, err_msg=f"o{k}")


VALUES = np.array([-np.inf, -2.5, -1.0, -0.3, 0.0, 0.4, 1.0, 1.7, np.inf, np.nan])
CODES = by_code()


@functools.cache
def operations() -> tuple[list[int], ca.Function]:
    """One output an operation, of two scalars, and of a scalar and a number either way."""
    codes = [code for code in CODES if code != ca.OP_ASSIGN]
    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    outputs = [ca.SX.binary(code, x, y) if "{1}" in CODES[code].c else ca.SX.unary(code, x) for code in codes]
    for code in [code for code in codes if "{1}" in CODES[code].c]:
        codes += [code] * 2
        outputs += [ca.SX.binary(code, ca.SX(0.7), y), ca.SX.binary(code, x, ca.SX(0.7))]
    return codes, ca.Function("operations", [x, y], [ca.vertcat(*outputs)])


@needs_compiler
@pytest.mark.parametrize("text", [HEAD, f"#define LANES {LANES}\n" + packaged("lanes.h")])
def test_every_operation_is_the_same_in_c_and_numpy(text: str) -> None:
    """Also where it has no value, and where an operand is none: what is not a number stays so in both or in neither."""
    codes, f = operations()
    at = np.array(np.meshgrid(VALUES, VALUES)).reshape(2, -1)
    at = np.pad(at, ((0, 0), (0, -at.shape[1] % LANES)), constant_values=1.0)
    with np.errstate(all="ignore"):
        (expected,) = lower(f)(at[:1], at[1:])
    library, _ = build(text + scalar_source(f) + "void run(double *x, double *y, double *o) { operations(x, y, o); }")
    names = {getattr(ca, name): name for name in FORMS}
    for start in range(0, at.shape[1], LANES):
        x, y = (np.ascontiguousarray(v[start : start + LANES]) for v in at)
        got = np.empty((len(codes), LANES))
        library.run(*(ctypes.c_void_p(v.ctypes.data) for v in (x, y, got)))
        for code, one, other in zip(codes, got, expected[:, start : start + LANES], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-13, err_msg=f"{names[code]} of {x} and {y}")


@pytest.mark.parametrize("name", FORMS)
def test_numbers_are_those_of_casadi(name: str) -> None:
    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    code = getattr(ca, name)
    f = ca.Function("f", [x, y], [ca.SX.binary(code, x, y) if "{1}" in FORMS[name].c else ca.SX.unary(code, x)])
    ordinary = VALUES[np.isfinite(VALUES)]
    at = np.array(np.meshgrid(ordinary, ordinary)).reshape(2, -1)
    with np.errstate(all="ignore"):
        (got,) = lower(f)(at[:1], at[1:])
    np.testing.assert_allclose(got[0], [float(f(a, b)) for a, b in at.T], rtol=1e-13)


def test_the_smaller_of_nothing_and_something_is_nothing() -> None:
    x, y = ca.SX.sym("x"), ca.SX.sym("y")
    f = ca.Function("f", [x, y], [ca.vertcat(ca.fmin(x, y), ca.fmax(x, y), ca.sign(x * y))])
    (got,) = lower(f)(np.array([[np.nan, 1.0]]), np.array([[1.0, np.nan]]))
    assert np.isnan(got).all()


def test_what_has_no_c_form_is_refused() -> None:
    x = ca.MX.sym("x", 3)
    with pytest.raises(LoweringError, match=r"graph: instruction \d+ with CasADi operation code"):
        VectorPrinter("graph", {"x": x}, {"o": ca.erf(x)})
    with pytest.raises(LoweringError, match="is no dense column"):
        VectorPrinter("graph", {"x": x}, {"o": ca.mtimes(ca.sparsify(ca.DM([[0, 0, 0], [1, 0, 2]])), x)})
    y = ca.SX.sym("y")
    with pytest.raises(LoweringError, match=r"scalar: instruction \d+ with CasADi operation code"):
        scalar_source(ca.Function("scalar", [y], [ca.erf(y)]))
