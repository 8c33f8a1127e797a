"""Jacobians and Hessians of scalar graphs with fewer operations than seeds of colours need.

A stage of a hall is some two thousand operations, most of them functions of one value only: a property of water at a temperature, a curve
of a machine at a load. They are differentiated forward, to the second order, as functions of that value. Only where two values meet
both become *nodes*, and the sweeps below run over nodes alone, a fifth of the graph: backward for each output, for its row of the
Jacobian; and backward with pairs of nodes, for the Hessian of a weighted sum (R. M. Gower and M. P. Mello, "A new framework for the
computation of Hessians", Optimization Methods and Software 27 (2012) 251-273).
"""

import dataclasses
import functools
from collections import defaultdict
from typing import Any


@dataclasses.dataclass(frozen=True)
class _Local:
    """What a value's change is made of: slopes by node, curvature by pair of nodes (smaller one first, a mixed one counted once)."""

    slope: dict[int, Any]
    curvature: dict[tuple[int, int], Any]


class Sweeps:
    """Derivatives of outputs with respect to variables; other symbols in them are constants.

    Args:
        outputs: column of SX expressions.
        variables: column of SX symbols.
    """

    def __init__(self, outputs: Any, variables: Any) -> None:
        self._rows, self._columns = outputs.numel(), variables.numel()
        self._at: dict[int, int] = {}
        """Node of a variable to its place among the variables."""
        self._nodes: dict[int, _Local] = {}
        """All others, in the order of the graph."""
        self._outputs: list[int | None] = []
        self._read(outputs, variables)

    def _read(self, outputs: Any, variables: Any) -> None:
        import casadi as ca

        free = ca.vertcat(*ca.Function("free", [variables], [outputs], {"allow_free": True, "cse": True}).free_sx())
        f, inputs = ca.Function("graph", [variables, free], [outputs], {"cse": True}), (variables, free)
        found: dict[int, int | None] = {}
        held: dict[int, int] = {}
        """Register of the graph to value."""
        value: list[Any] = []
        local: list[_Local | None] = []
        """Of every value; none where it is constant."""
        for k in range(f.n_instructions()):
            op, out, arg = f.instruction_id(k), f.instruction_output(k), f.instruction_input(k)
            i = len(value)
            if op == ca.OP_OUTPUT:
                found[out[1]] = self._as_node(held[arg[0]], local)
                continue
            if op == ca.OP_INPUT:
                value.append(inputs[arg[0]][arg[1]])
                local.append(_Local({i: ca.SX(1)}, {}) if arg[0] == 0 else None)
                if arg[0] == 0:
                    self._at[i] = arg[1]
            elif op == ca.OP_CONST:
                value.append(ca.SX(f.instruction_constant(k)))
                local.append(None)
            else:
                of = [held[a] for a in arg]
                result, *derivatives = _rules(op, len(of))(*(value[j] for j in of))
                value.append(result)
                local.append(self._joined(of, derivatives, local))
            held[out[0]] = i
        # Structurally zero outputs are no instruction.
        self._outputs = [found.get(r) for r in range(self._rows)]

    def _as_node(self, i: int, local: list[_Local | None]) -> int | None:
        """The node that stands for a value: its own, made where it has none yet; none where it is constant."""
        mine = local[i]
        if mine is None:
            return None
        if i not in mine.slope:
            import casadi as ca

            self._nodes[i] = mine
            local[i] = _Local({i: ca.SX(1)}, {})
        return i

    def _joined(self, of: list[int], derivatives: list[Any], local: list[_Local | None]) -> _Local | None:
        """The local derivatives of a value from those of its arguments, of which no two may depend on different nodes."""
        first, second = derivatives[: len(of)], derivatives[len(of) :]
        slopes = {p: d for p, d in enumerate(first) if local[of[p]] is not None and not d.is_zero()}
        if len({node for p in slopes for node in _some(local[of[p]]).slope}) > 1:
            for p in slopes:
                self._as_several(of[p], local)
        slope: dict[int, Any] = {}
        curvature: dict[tuple[int, int], Any] = {}
        for p, d in slopes.items():
            mine = _some(local[of[p]])
            for node, s in mine.slope.items():
                _add(slope, node, d * s)
            for pair, s in mine.curvature.items():
                _add(curvature, pair, d * s)
        for p, q, d in zip((0, 1, 1), (0, 0, 1), second, strict=False):
            if p not in slopes or q not in slopes or d.is_zero():
                continue
            for a, s in _some(local[of[p]]).slope.items():
                for b, t in _some(local[of[q]]).slope.items():
                    # A mixed derivative acts twice on a node that stands behind both arguments.
                    _add(curvature, (min(a, b), max(a, b)), d * (s * t) * (2.0 if p != q and a == b else 1.0))
        return _Local(slope, curvature) if slope else None

    def _as_several(self, i: int, local: list[_Local | None]) -> None:
        """A value of several nodes becomes one; a function of one node stays what it is."""
        if len(_some(local[i]).slope) > 1:
            self._as_node(i, local)

    def jacobian(self) -> Any:
        """Of the outputs: sparse ``(rows, columns)``."""
        import casadi as ca

        result = ca.SX(self._rows, self._columns)
        order = sorted(self._nodes, reverse=True)
        for r, output in enumerate(self._outputs):
            if output is None:
                continue
            adjoint = {output: ca.SX(1)}
            for i in (j for j in order if j <= output):
                mine = adjoint.pop(i, None)
                if mine is not None:
                    for j, s in self._nodes[i].slope.items():
                        _add(adjoint, j, mine * s)
            for j, a in adjoint.items():
                result[r, self._at[j]] = a
        return result

    def gradient(self, weights: Any) -> Any:
        """Of the outputs' sum with weights ``(rows,)``: dense ``(columns,)``."""
        adjoint = self._seeded(weights)
        for i in sorted(self._nodes, reverse=True):
            self._pull(i, adjoint)
        return self._dense(adjoint)

    def hessian(self, weights: Any) -> tuple[Any, Any]:
        """Of the outputs' sum with weights ``(rows,)``: lower triangle, sparse ``(columns, columns)``, and the dense gradient."""
        import casadi as ca

        adjoint = self._seeded(weights)
        pairs: dict[int, dict[int, Any]] = defaultdict(dict)

        def push(a: int, b: int, term: Any) -> None:
            _add(pairs[a], b, term)
            if a != b:
                pairs[b][a] = pairs[a][b]

        for i in sorted(self._nodes, reverse=True):
            local = self._nodes[i]
            row = pairs.pop(i, {})
            own = row.pop(i, None)
            for other, term in row.items():
                del pairs[other][i]
                for j, s in local.slope.items():
                    push(j, other, term * s * (2.0 if j == other else 1.0))
            if own is not None:
                slopes = list(local.slope.items())
                for p, (a, s) in enumerate(slopes):
                    for b, t in slopes[: p + 1]:
                        push(a, b, own * (s * t))
            if i in adjoint:
                for (a, b), c in local.curvature.items():
                    push(a, b, adjoint[i] * c)
            self._pull(i, adjoint)
        result = ca.SX(self._columns, self._columns)
        for i, row in pairs.items():
            for j, term in row.items():
                if self._at[j] <= self._at[i]:
                    result[self._at[i], self._at[j]] = term
        return result, self._dense(adjoint)

    def _seeded(self, weights: Any) -> dict[int, Any]:
        adjoint: dict[int, Any] = {}
        for r, output in enumerate(self._outputs):
            if output is not None:
                _add(adjoint, output, weights[r])
        return adjoint

    def _pull(self, i: int, adjoint: dict[int, Any]) -> None:
        mine = adjoint.pop(i, None)
        if mine is not None:
            for j, s in self._nodes[i].slope.items():
                _add(adjoint, j, mine * s)

    def _dense(self, adjoint: dict[int, Any]) -> Any:
        import casadi as ca

        result = ca.SX.zeros(self._columns)
        for j, a in adjoint.items():
            result[self._at[j]] = a
        return result


def _some(local: _Local | None) -> _Local:
    assert local is not None  # noqa: S101 - slopes exist only of values that are not constant
    return local


def _add(into: dict[Any, Any], key: Any, term: Any) -> None:
    if not term.is_zero():
        into[key] = into[key] + term if key in into else term


@functools.cache
def _rules(op: int, arity: int) -> Any:
    """An operation with its derivatives: ``(a, b) -> value, d_a, d_b, d_aa, d_ba, d_bb``, or ``a -> value, d_a, d_aa``.

    CasADi's own, but for a few whose derivatives share what the value has computed.
    """
    import casadi as ca

    a, b = ca.SX.sym("a"), ca.SX.sym("b")
    if arity == 1:
        value = ca.SX.unary(op, a)
        slope = {ca.OP_SQRT: 0.5 / value, ca.OP_INV: -(value * value), ca.OP_TANH: 1.0 - value * value}.get(op)
        if slope is None:
            slope = ca.densify(ca.jacobian(value, a))
        second = {ca.OP_SQRT: -(slope * slope) / value, ca.OP_INV: -2.0 * slope * value, ca.OP_TANH: -2.0 * value * slope}.get(op)
        return ca.Function("rules", [a], [value, slope, ca.densify(ca.jacobian(slope, a)) if second is None else second])
    if op == ca.OP_DIV:
        value, inverse = a / b, 1.0 / b
        by_b = -value * inverse
        return ca.Function("rules", [a, b], [value, inverse, by_b, ca.SX(0), -inverse * inverse, -2.0 * by_b * inverse])
    value = ca.SX.binary(op, a, b)
    slopes = [ca.densify(ca.jacobian(value, s)) for s in (a, b)]
    seconds = [ca.densify(ca.jacobian(slopes[p], s)) for p, q in ((0, 0), (1, 0), (1, 1)) for s in ((a, b)[q],)]
    return ca.Function("rules", [a, b], [value, *slopes, *seconds])
