"""Lowering: a CasADi graph printed back as vectorised NumPy source.

CasADi differentiates; NumPy runs thousands of plants at once. :func:`lower` walks the instructions of an
expanded (SX) CasADi function and prints each as one NumPy statement on arrays, so that a function of scalars
becomes a function of batches, derivatives included. The result is plain Python source (:attr:`Lowered.source`) that
can be read line by line, stepped through and compared with the CasADi function it came from: its head says what each
input and output is, and every line does one operation. It is not readable as a formula is: intermediate results have no
names of their own, and the names that they share mean what the nearest line above made of them.
"""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from lowlift.models.operations import by_code


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

    Names are reused as soon as their value is dead, so that a block of the batch and all its intermediate results stay in the cache.

    Raises:
        LoweringError: a node cannot be printed, named with its operation code.
    """
    f = function.expand() if not function.is_a("SXFunction") else function
    inputs = [f"i{k}" for k in range(f.n_in())]
    outputs = [f"o{k}" for k in range(f.n_out())]
    lines = [f"def {f.name()}({', '.join(inputs)}):"]
    lines += _head(f)
    # A constant output must still take the shape of the batch, hence the rows are filled, not stacked.
    lines.append(f"    shape = np.broadcast_shapes({', '.join(f'{name}.shape[1:]' for name in inputs)})")
    lines += [f"    {name} = np.empty(({f.nnz_out(k)}, *shape))" for k, name in enumerate(outputs)]
    lines += [f"    {line}" for line in _named(_statements(f))]
    lines.append(f"    return ({', '.join(outputs)},)")
    source = "\n".join(lines) + "\n"
    namespace: dict[str, Any] = {"np": np, "nan": np.nan, "inf": np.inf, "mask": _mask, "pick": _pick}
    exec(compile(source, f"<lowered {f.name()}>", "exec"), namespace)
    return Lowered(f.name(), source, namespace[f.name()])


def _head(f: Any) -> list[str]:
    """What each input and output is, as the function's docstring."""

    def told(name: str, what: str, sparsity: Any) -> str:
        places = "components" if sparsity.is_dense() else f"nonzeros by columns of {sparsity.dim()}"
        return f"    {name}: {what}, {sparsity.nnz()} {places}"

    return [
        '    """Inputs and outputs, components first; names w... are given again once their value was used for the last time.', "",
        *(told(f"i{k}", f.name_in(k), f.sparsity_in(k)) for k in range(f.n_in())),
        *(told(f"o{k}", f.name_out(k), f.sparsity_out(k)) for k in range(f.n_out())), '    """',
    ]  # fmt: skip


@dataclasses.dataclass(frozen=True)
class _Statement:
    """One line: what it makes (a number of its own, ``None`` where it fills an output), how, and of what."""

    made: int | None
    form: str
    of: tuple[int, ...] = ()


def _statements(f: Any) -> list[_Statement]:
    """The instructions of a scalar graph, every result under a number of its own."""
    import casadi as ca

    forms = by_code()
    found: list[_Statement] = []
    held: dict[int, int] = {}
    """Register of the graph to number."""
    masks: dict[int, int] = {}
    for k in range(f.n_instructions()):
        op, out, arg = f.instruction_id(k), f.instruction_output(k), f.instruction_input(k)
        made = len(found)
        if op == ca.OP_INPUT:
            found.append(_Statement(made, f"i{arg[0]}[{arg[1]}]"))
        elif op == ca.OP_OUTPUT:
            found.append(_Statement(None, f"o{out[0]}[{out[1]}] = {{0}}", (held[arg[0]],)))
            continue
        elif op == ca.OP_CONST:
            found.append(_Statement(made, repr(f.instruction_constant(k))))
        elif op == ca.OP_IF_ELSE_ZERO:
            condition, value = held[arg[0]], held[arg[1]]
            if condition not in masks:
                masks[condition] = made
                found.append(_Statement(made, "mask({0})", (condition,)))
                made += 1
            found.append(_Statement(made, "pick({0}, {1})", (masks[condition], value)))
        elif op in forms:
            found.append(_Statement(made, forms[op].numpy, tuple(held[a] for a in arg)))
        else:
            raise LoweringError(f"{f.name()}: instruction {k} with CasADi operation code {op} has no NumPy form")
        held[out[0]] = made
    return found


def _named(statements: list[_Statement]) -> list[str]:
    """Lines of source: values get names, and names are given again when their value was used for the last time."""
    last = {number: line for line, s in enumerate(statements) for number in s.of}
    free: list[str] = []
    name: dict[int, str] = {}
    lines = []
    for line, s in enumerate(statements):
        text = s.form.format(*(name[number] for number in s.of))
        free += [name.pop(number) for number in dict.fromkeys(s.of) if last[number] == line]
        if s.made is None:
            lines.append(text)
        elif s.made in last:
            name[s.made] = free.pop() if free else f"w{len(name) + len(free)}"
            lines.append(f"{name[s.made]} = {text}")
    return lines


def _mask(condition: Any) -> np.ndarray:
    """All bits set where a condition holds, none elsewhere."""
    result: np.ndarray = np.negative(np.not_equal(condition, 0.0), dtype=np.int64)
    return result


def _pick(mask: np.ndarray, value: Any) -> np.ndarray:
    """The value where the mask is set and zero elsewhere, also where the value is no number; five times as fast as ``np.where``."""
    bits: np.ndarray = mask & np.asarray(value, dtype=np.float64).view(np.int64)
    return bits.view(np.float64)
