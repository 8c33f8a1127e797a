"""Lowering: a CasADi graph printed back as vectorised NumPy source.

CasADi differentiates; NumPy runs thousands of plants at once. :func:`lower` walks the instructions of an
expanded (SX) CasADi function and prints each as one NumPy statement on arrays, so that a function of scalars
becomes a function of batches, derivatives included. The result is plain, readable Python source
(:attr:`Lowered.source`) and is its own test oracle against the CasADi function it came from.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

UNARY = {
    "OP_NEG": "-{0}",
    "OP_SQ": "{0} * {0}",
    "OP_TWICE": "{0} + {0}",
    "OP_INV": "1.0 / {0}",
    "OP_NOT": "np.equal({0}, 0.0).astype(float)",
    "OP_EXP": "np.exp({0})",
    "OP_LOG": "np.log({0})",
    "OP_SQRT": "np.sqrt({0})",
    "OP_SIN": "np.sin({0})",
    "OP_COS": "np.cos({0})",
    "OP_TAN": "np.tan({0})",
    "OP_ASIN": "np.arcsin({0})",
    "OP_ACOS": "np.arccos({0})",
    "OP_ATAN": "np.arctan({0})",
    "OP_TANH": "np.tanh({0})",
    "OP_SINH": "np.sinh({0})",
    "OP_COSH": "np.cosh({0})",
    "OP_FABS": "np.abs({0})",
    "OP_SIGN": "np.sign({0})",
    "OP_EXPM1": "np.expm1({0})",
    "OP_LOG1P": "np.log1p({0})",
    "OP_FLOOR": "np.floor({0})",
    "OP_CEIL": "np.ceil({0})",
    "OP_ASSIGN": "{0}",
}
BINARY = {
    "OP_ADD": "{0} + {1}",
    "OP_SUB": "{0} - {1}",
    "OP_MUL": "{0} * {1}",
    "OP_DIV": "{0} / {1}",
    "OP_FMIN": "np.minimum({0}, {1})",
    "OP_FMAX": "np.maximum({0}, {1})",
    "OP_LT": "np.less({0}, {1}).astype(float)",
    "OP_LE": "np.less_equal({0}, {1}).astype(float)",
    "OP_EQ": "np.equal({0}, {1}).astype(float)",
    "OP_NE": "np.not_equal({0}, {1}).astype(float)",
    "OP_AND": "np.logical_and({0}, {1}).astype(float)",
    "OP_OR": "np.logical_or({0}, {1}).astype(float)",
    "OP_POW": "np.power({0}, {1})",
    "OP_CONSTPOW": "np.power({0}, {1})",
    "OP_IF_ELSE_ZERO": "np.where({0}, {1}, 0.0)",
    "OP_HYPOT": "np.hypot({0}, {1})",
    "OP_ATAN2": "np.arctan2({0}, {1})",
    "OP_COPYSIGN": "np.copysign({0}, {1})",
}


class LoweringError(NotImplementedError):
    """The graph holds a node that has no NumPy counterpart here (a call, an interpolant, an external)."""


class Lowered:
    """A NumPy function made from a CasADi one.

    Call it with one array per CasADi input, each of shape ``(n_i, ...)``: the component axis comes first (rows
    stay contiguous), the batch axes after it. It returns one array ``(m_j, ...)`` per output, where ``m_j`` is the
    number of structural nonzeros of a sparse output, in column-major order.
    """

    def __init__(self, name: str, source: str, function: Callable[..., tuple[np.ndarray, ...]]) -> None:
        self.name = name
        self.source = source
        self._function = function

    def __call__(self, *inputs: np.ndarray) -> tuple[np.ndarray, ...]:
        """Evaluate on a batch."""
        return self._function(*inputs)


def lower(function: Any) -> Lowered:
    """Print a CasADi function as NumPy source and compile it.

    Raises:
        LoweringError: a node cannot be printed, named with its operation code.
    """
    import casadi as ca

    f = function.expand() if not function.is_a("SXFunction") else function
    unary = {getattr(ca, k): v for k, v in UNARY.items() if hasattr(ca, k)}
    binary = {getattr(ca, k): v for k, v in BINARY.items() if hasattr(ca, k)}
    lines = [f"def {f.name()}({', '.join(f'i{k}' for k in range(f.n_in()))}):"]
    # A constant output must still take the shape of the batch, hence the rows are filled, not stacked.
    lines.append(f"    shape = np.broadcast_shapes({', '.join(f'i{k}.shape[1:]' for k in range(f.n_in()))})")
    for k in range(f.n_out()):
        lines.append(f"    o{k} = np.empty(({f.nnz_out(k)}, *shape))")
    for k in range(f.n_instructions()):
        op = f.instruction_id(k)
        out = f.instruction_output(k)
        arg = f.instruction_input(k)
        if op == ca.OP_INPUT:
            lines.append(f"    w{out[0]} = i{arg[0]}[{arg[1]}]")
        elif op == ca.OP_OUTPUT:
            lines.append(f"    o{out[0]}[{out[1]}] = w{arg[0]}")
        elif op == ca.OP_CONST:
            lines.append(f"    w{out[0]} = {f.instruction_constant(k)!r}")
        elif op in unary:
            lines.append(f"    w{out[0]} = " + unary[op].format(f"w{arg[0]}"))
        elif op in binary:
            lines.append(f"    w{out[0]} = " + binary[op].format(f"w{arg[0]}", f"w{arg[1]}"))
        else:
            raise LoweringError(f"{f.name()}: instruction {k} with CasADi operation code {op} has no NumPy form")
    lines.append(f"    return ({', '.join(f'o{k}' for k in range(f.n_out()))},)")
    source = "\n".join(lines) + "\n"
    namespace: dict[str, Any] = {"np": np, "nan": np.nan, "inf": np.inf}
    exec(compile(source, f"<lowered {f.name()}>", "exec"), namespace)
    return Lowered(f.name(), source, namespace[f.name()])
