"""One helper for the pairwise backend test: NumPy = CasADi SX = MX = lowered NumPy."""

from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np
from numpy.testing import assert_allclose

from lowlift.models.lowering import lower


def assert_backends_agree(
    function: Callable[..., Any],
    *inputs: np.ndarray,
    rtol: float = 1e-9,
    atol: float = 1e-9,
    gradient: bool = True,
) -> None:
    """Evaluate ``function`` of scalars on samples ``(n,)`` with every backend and compare the results.

    ``function`` returns one signal or a sequence (a named record counts) of signals. With ``gradient`` also asserts
    that the CasADi Jacobian is finite at every sample.
    """
    samples = [np.asarray(i, dtype=float) for i in inputs]
    n = samples[0].size

    def as_list(result: Any) -> list[Any]:
        if hasattr(result, "__dataclass_fields__"):
            return [getattr(result, name) for name in result.__dataclass_fields__]
        return list(result) if isinstance(result, tuple | list) else [result]

    expected = [np.broadcast_to(np.asarray(r, dtype=float), (n, 1))[:, 0] for r in as_list(function(*(s[:, None] for s in samples)))]
    sx = [ca.SX.sym(f"x{k}") for k in range(len(samples))]
    f_sx = ca.Function("f_sx", sx, [ca.SX(r) for r in as_list(function(*sx))])
    mx = [ca.MX.sym(f"x{k}") for k in range(len(samples))]
    f_mx = ca.Function("f_mx", mx, [ca.MX(r) for r in as_list(function(*mx))])
    lowered = lower(ca.Function("f_low", sx, [ca.densify(ca.SX(r)) for r in as_list(function(*sx))]))
    low = lowered(*(s[None, :] for s in samples))
    for k, reference in enumerate(expected):
        for name, f in (("SX", f_sx), ("MX", f_mx)):
            got = np.array([float(f(*row)[k] if len(expected) > 1 else f(*row)) for row in zip(*samples, strict=True)])
            assert_allclose(got, reference, rtol=rtol, atol=atol, err_msg=f"{name}, output {k}")
        assert_allclose(low[k][0], reference, rtol=rtol, atol=atol, err_msg=f"lowered, output {k}")
    if gradient:
        jac = ca.Function(
            "jacobian_f",
            sx,
            [ca.jacobian(ca.vertcat(*(ca.SX(r) for r in as_list(function(*sx)))), ca.vertcat(*sx))],
        )
        for row in zip(*samples, strict=True):
            assert np.all(np.isfinite(np.asarray(jac(*row)))), f"gradient not finite at {row}"
