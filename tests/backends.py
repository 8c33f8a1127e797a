"""One helper for the pairwise backend test: NumPy = CasADi SX = MX = lowered NumPy, all finite with finite slopes."""

import dataclasses
from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np
from numpy.testing import assert_allclose

from lowlift.models.lowering import lower


def flattened(result: Any) -> list[Any]:
    """Signals of a result: one signal, a sequence, or a named record with its properties; nested ones in depth-first order."""
    if dataclasses.is_dataclass(result):
        derived = [name for name, kind in vars(type(result)).items() if isinstance(kind, property)]
        result = [getattr(result, name) for name in (*(f.name for f in dataclasses.fields(result)), *derived)]
    if isinstance(result, tuple | list):
        return [signal for part in result for signal in flattened(part)]
    return [result]


def as_function(kind: Any, function: Callable[..., Any], n: int) -> ca.Function:
    """``function`` of ``n`` scalars as a CasADi function from symbols of one kind, a dense column of all results."""
    symbols = [kind.sym(f"x{k}") for k in range(n)]
    return ca.Function("f", symbols, [ca.densify(ca.vertcat(*(kind(r) for r in flattened(function(*symbols)))))])


def slopes(f: ca.Function) -> Callable[..., np.ndarray]:
    """Jacobian of a column of scalars' results, for batches: ``(outputs, arguments, n)``."""
    symbols = [ca.SX.sym(f"x{k}") for k in range(f.n_in())]
    jacobian = ca.densify(ca.jacobian(f(*symbols), ca.vertcat(*symbols)))
    low = lower(ca.Function("jacobian_f", symbols, [jacobian]))

    def at(*samples: np.ndarray) -> np.ndarray:
        flat = low(*(s[None, :] for s in samples))[0]
        return flat.reshape(f.n_in(), f.nnz_out(0), -1).swapaxes(0, 1)

    return at


def assert_backends_agree(function: Callable[..., Any], *inputs: np.ndarray, rtol: float = 1e-9, atol: float = 1e-9) -> None:
    """Evaluate ``function`` of scalars on samples ``(n,)`` with every backend and compare the results.

    ``function`` returns one signal or a sequence (a named record counts) of signals. All values must be finite, and so must
    the CasADi Jacobian, at every sample. Beside ``rtol`` of each value, ``atol`` times the usual size of an output (at least 1) is allowed
    for: what cancels, a watt of a megawatt, cannot agree to digits of its own.
    """
    samples = [np.asarray(i, dtype=float) for i in inputs]
    n = samples[0].size
    outcome = flattened(function(*(s[:, None] for s in samples)))
    expected = np.array([np.broadcast_to(np.asarray(r, dtype=float), (n, 1))[:, 0] for r in outcome])
    places = np.argwhere(~np.isfinite(expected))
    assert not places.size, f"output {places[0][0]} is not finite at {[float(s[places[0][1]]) for s in samples]}"
    allowed = rtol * np.abs(expected) + atol * np.maximum(np.median(np.abs(expected), axis=1, keepdims=True), 1.0)
    f_sx, f_mx = (as_function(kind, function, len(samples)) for kind in (ca.SX, ca.MX))
    for name, f in (("SX", f_sx), ("MX", f_mx)):
        got = np.asarray(f.map(n)(*(s[None, :] for s in samples)))
        assert_allclose(got / allowed, expected / allowed, rtol=0.0, atol=1.0, err_msg=f"{name}, in tolerances")
    low = lower(f_sx)(*(s[None, :] for s in samples))[0]
    assert_allclose(low / allowed, expected / allowed, rtol=0.0, atol=1.0, err_msg="lowered, in tolerances")
    with np.errstate(all="ignore"):  # slopes of both branches of a choice are evaluated
        jacobian = slopes(f_sx)(*samples)
    places = np.argwhere(~np.isfinite(jacobian))
    assert not places.size, f"slope of output {places[0][0]} is not finite at {[float(s[places[0][2]]) for s in samples]}"
