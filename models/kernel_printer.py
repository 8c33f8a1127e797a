"""CasADi graphs printed as C functions on arrays ``[component][lane]``, a lane being one of the plants computed together.

:class:`VectorPrinter` prints a graph of columns (MX). Instructions on columns of the same length that need nothing from each other's
neighbours share one loop, so that what lives only inside it stays in registers; gathers become indices; sums over components and calls
stand between the loops. Scalar graphs that it calls are printed by :func:`~lowlift.models.c_forms.scalar_source`.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from lowlift.models.c_forms import number
from lowlift.models.lowering import LoweringError
from lowlift.models.operations import by_code


def leaves(record: Any) -> list[Any]:
    """The signals of nested records and tuples, in order."""
    if dataclasses.is_dataclass(record):
        return [leaf for f in dataclasses.fields(record) for leaf in leaves(getattr(record, f.name))]
    return [leaf for part in record for leaf in leaves(part)] if isinstance(record, tuple) else [record]


@dataclasses.dataclass(frozen=True)
class _Place:
    """Where a stored vector lies: component ``k`` at ``base[(offset + index[k]) * LANES + lane]``."""

    base: str
    offset: int


@dataclasses.dataclass(eq=False)
class _Value:
    """One vector of a graph."""

    n: int
    kind: str
    """``input``, ``constant``, ``each`` (element by element), ``view``, ``join``, ``sum``, ``call`` or ``result`` of a call."""
    args: "tuple[_Value, ...]" = ()
    form: str = ""
    data: Any = None
    level: int = 0
    """Loops of a level need results of lower levels only."""
    place: _Place | None = None

    @property
    def ready(self) -> int:
        """Level from which it may be read at any component."""
        if self.kind in ("input", "constant"):
            return 0
        if self.kind == "view":
            return self.args[0].ready
        return self.level if self.kind == "result" else self.level + 1


class VectorPrinter:
    """Prints one vector graph as a C function.

    Args:
        name: of the function.
        inputs: records (or single columns) of symbols, by the name of the argument that holds them.
        outputs: records (or single columns) of expressions in these symbols, likewise.

    Raises:
        LoweringError: a node cannot be printed, named with its operation code.
    """

    def __init__(self, name: str, inputs: dict[str, Any], outputs: dict[str, Any]) -> None:
        import casadi as ca

        self.name, self.inputs, self.outputs = name, inputs, outputs
        self.work = 0
        self.called: dict[str, Any] = {}
        self._tables: dict[tuple[str, str], str] = {}
        self._lines: list[str] = []
        of_inputs, of_outputs = ([leaf for record in side.values() for leaf in leaves(record)] for side in (inputs, outputs))
        self._graph = ca.Function(name, of_inputs, [ca.densify(ca.MX(v)) for v in of_outputs], {"cse": True})
        self._in, self._out = self._places(inputs), self._places(outputs)
        self._values: list[_Value] = []
        self._results: list[tuple[_Place, _Value]] = []
        self._read_graph()

    @staticmethod
    def _places(records: dict[str, Any]) -> list[_Place]:
        import casadi as ca

        places = []
        for name, record in records.items():
            offset = 0
            for leaf in leaves(record):
                places.append(_Place(name, offset))
                offset += int(ca.MX(leaf).shape[0])
        return places

    # -- reading the graph ----------------------------------------------------------------------------------------

    def _read_graph(self) -> None:
        import casadi as ca

        f = self._graph
        forms = by_code()
        at: dict[int, _Value] = {}
        done = [0] * f.n_out()
        for k in range(f.n_instructions()):
            op, out, arg = f.instruction_id(k), f.instruction_output(k), f.instruction_input(k)
            if op == ca.OP_OUTPUT:
                # The parts of a joined output come one after the other.
                place, value = self._out[out[0]], at[arg[0]]
                self._results.append((_Place(place.base, place.offset + done[out[0]]), value))
                done[out[0]] += value.n
                continue
            node = f.instruction_MX(k)
            if op == ca.OP_CALL:
                self._read_call(node.which_function(), tuple(at[a] for a in arg), out, at)
                continue
            if op == ca.OP_CONST:
                constant = np.asarray(node.to_DM(), dtype=float)
                at[out[0]] = self._add(_Value(constant.shape[0], "constant", data=constant))
                continue
            if not node.is_dense() or node.shape[1] != 1:
                raise LoweringError(f"{self.name}: instruction {k} is no dense column, but {node.sparsity().dim(True)}")
            n, args = int(node.shape[0]), tuple(at[a] for a in arg) if op != ca.OP_INPUT else ()
            if op == ca.OP_INPUT:
                value = _Value(n, "input", place=self._in[arg[0]])
            elif op in forms:
                value = _Value(n, "each", args, forms[op].in_c([v.kind == "constant" and not np.isnan(v.data).any() for v in args]))
            elif op == ca.OP_GETNONZEROS:
                value = _Value(n, "view", args, data=np.asarray(node.mapping()).ravel().astype(int))
            elif op == ca.OP_VERTCAT:
                value = _Value(n, "join", args)
            elif op == ca.OP_MTIMES and args[1].kind == "constant":
                value = _Value(n, "sum", (args[0], args[2]), data=args[1].data)
            else:
                raise LoweringError(f"{self.name}: instruction {k} with CasADi operation code {op} has no C form")
            at[out[0]] = self._add(value)

    def _read_call(self, function: Any, args: tuple[_Value, ...], out: Sequence[int], at: dict[int, _Value]) -> None:
        self.called[function.name()] = function
        call = self._add(_Value(0, "call", args, function.name()))
        for j, slot in enumerate(out):
            at[slot] = self._add(_Value(int(function.numel_out(j)), "result", (call,)))
        call.data = [at[slot] for slot in out]

    def _add(self, value: _Value) -> _Value:
        """Keep a value at the first level where its arguments can be had."""
        levels = [a.level if value.kind == a.kind == "each" and value.n == a.n else a.ready for a in value.args]
        value.level = max(levels, default=0)
        self._values.append(value)
        return value

    # -- printing -------------------------------------------------------------------------------------------------

    def source(self) -> str:
        """The C function."""
        self._give_places()
        for level in range(1 + max(v.level for v in self._values)):
            here = [v for v in self._values if v.level == level]
            for n in sorted({v.n for v in here if v.kind == "each"}):
                self._print_loop(n, [v for v in here if v.kind == "each" and v.n == n])
            for v in here:
                if v.kind == "sum":
                    self._print_sum(v)
                elif v.kind == "join":
                    self._print_join(v)
                elif v.kind == "call":
                    self._print_call(v)
        for place, value in self._results:
            if value.place != place:
                self._print_copy(place, value)
        arguments = [f"const double *restrict {name}" for name in self.inputs] + [f"double *restrict {name}" for name in self.outputs]
        head = f"static void {self.name}({', '.join(arguments)}, double *restrict work) {{"
        tables = [f"  static const {kind} {name}{line}" for (kind, line), name in self._tables.items()]
        return "\n".join([head, *tables, *self._lines, "}\n"])

    def _give_places(self) -> None:
        """Results are computed where they belong, parts of a join in the join, all else that must be stored in ``work``."""
        for place, value in self._results:
            if value.kind in ("each", "sum", "join", "result") and value.place is None:
                value.place = place
        for value in self._values:
            if value.kind == "join":
                place = self._place(value)
                offset = place.offset
                for part in value.args:
                    if part.kind in ("each", "sum", "result") and part.place is None:
                        part.place = _Place(place.base, offset)
                    offset += part.n
        for value in self._values:
            # What other loops, sums, joins, views and calls read must be stored.
            for a in value.args:
                in_one_loop = value.kind == a.kind == "each" and (a.level, a.n) == (value.level, value.n)
                if a.kind in ("each", "sum", "join") and not in_one_loop:
                    self._place(a)
            if value.kind == "result":
                self._place(value)

    def _place(self, value: _Value) -> _Place:
        if value.place is None:
            value.place = _Place("work", self.work)
            self.work += value.n
        return value.place

    def _table(self, values: np.ndarray) -> str:
        """Name of a constant table."""
        kind = "int" if np.issubdtype(values.dtype, np.integer) else "double"
        text = ", ".join(str(v) if kind == "int" else number(v) for v in values.ravel().tolist())
        line = f"[{values.size}] = {{{text}}};"
        if (kind, line) not in self._tables:
            self._tables[kind, line] = f"t{len(self._tables)}"
        return self._tables[kind, line]

    def _read(self, v: _Value, k: str) -> str:
        """Expression of component ``k`` of a value that lies somewhere."""
        if v.kind == "constant":
            column = v.data[:, 0]
            return number(column[0]) if np.all(column == column[0]) else f"{self._table(column)}[{k}]"
        if v.kind == "view":
            source, index = v, np.arange(v.n)
            while source.kind == "view":
                source, index = source.args[0], source.data[index]
            if source.kind == "constant":
                return self._read(_Value(v.n, "constant", data=source.data[index]), k)
            if v.n == 1:
                k = str(index[0])
            elif np.array_equal(index, index[0] + np.arange(v.n)):
                k = f"{k} + {index[0]}"
            else:
                k = f"{self._table(index)}[{k}]"
            v = source
        elif v.n == 1:
            k = "0"
        assert v.place is not None  # noqa: S101 - given by _give_places
        return f"{v.place.base}[({v.place.offset} + {k}) * LANES + l]"

    def _print_loop(self, n: int, values: list[_Value]) -> None:
        names = {id(v): f"a{k}" for k, v in enumerate(values)}
        self._lines.append(f"  for (int k = 0; k < {n}; k++) EACH_LANE {{" if n > 1 else "  EACH_LANE {")
        for v in values:
            args = [names.get(id(a)) or self._read(a, "k") for a in v.args]
            self._lines.append(f"    const double {names[id(v)]} = {v.form.format(*args)};")
            if v.place is not None:
                self._lines.append(f"    {self._read(v, 'k')} = {names[id(v)]};")
        self._lines.append("  }")

    def _print_sum(self, v: _Value) -> None:
        """``v = start + matrix x``, row by row over what is not zero."""
        start, x = v.args
        rows, columns = np.nonzero(v.data)
        first = self._table(np.searchsorted(rows, np.arange(v.n + 1)))
        weights = v.data[rows, columns]
        weight = "" if np.all(weights == 1.0) else f"{self._table(weights)}[j] * "
        element = weight + self._read(x, f"{self._table(columns)}[j]")
        self._lines += [
            f"  for (int k = 0; k < {v.n}; k++) {{",
            "    double sum[LANES];",
            f"    EACH_LANE sum[l] = {self._read(start, 'k')};",
            f"    for (int j = {first}[k]; j < {first}[k + 1]; j++) EACH_LANE sum[l] += {element};",
            f"    EACH_LANE {self._read(v, 'k')} = sum[l];",
            "  }",
        ]

    def _print_join(self, v: _Value) -> None:
        place = self._place(v)
        offset = place.offset
        for part in v.args:
            if part.place != _Place(place.base, offset):
                self._print_copy(_Place(place.base, offset), part)
            offset += part.n

    def _print_copy(self, to: _Place, value: _Value) -> None:
        target = _Value(value.n, "result", place=to)
        self._lines.append(f"  for (int k = 0; k < {value.n}; k++) EACH_LANE {self._read(target, 'k')} = {self._read(value, 'k')};")

    def _print_call(self, v: _Value) -> None:
        pointers = []
        for a in (*v.args, *v.data):
            if a.place is None:
                self._print_copy(self._place(a), a)
            assert a.place is not None  # noqa: S101 - just given
            pointers.append(f"{a.place.base} + {a.place.offset} * LANES")
        self._lines.append(f"  {v.form}({', '.join(pointers)});")
