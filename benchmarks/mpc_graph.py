"""CasADi functions as plain JSON, so that environments with other releases of CasADi can rebuild them: a peer may bring its own.

An expanded function is a list of scalar operations; each is written as its name, where it writes and what it reads. Needs CasADi only.
"""

from typing import Any

import casadi as ca

Graph = dict[str, Any]


def to_graph(function: Any) -> Graph:
    """A function of scalars as a document.

    Raises:
        NotImplementedError: an operation has no name in CasADi's list.
    """
    f = function if function.is_a("SXFunction") else function.expand()
    names = {getattr(ca, name): name for name in dir(ca) if name.startswith("OP_")}
    steps: list[list[Any]] = []
    for k in range(f.n_instructions()):
        op, out, into = f.instruction_id(k), f.instruction_output(k), f.instruction_input(k)
        if op not in names:
            raise NotImplementedError(f"{f.name()}: operation code {op} of instruction {k} has no name")
        if op == ca.OP_CONST:
            steps.append(["OP_CONST", out[0], float(f.instruction_constant(k))])
        elif op == ca.OP_OUTPUT:
            steps.append(["OP_OUTPUT", *out, into[0]])
        else:
            steps.append([names[op], out[0], *into])
    for j in range(f.n_out()):
        if f.nnz_out(j) != f.numel_out(j):
            raise NotImplementedError(f"{f.name()}: output {j} is sparse: make it dense first")
    return {
        "name": f.name(), "inputs": [[f.name_in(j), f.numel_in(j)] for j in range(f.n_in())],
        "outputs": [[f.name_out(j), f.numel_out(j)] for j in range(f.n_out())], "steps": steps,
    }  # fmt: skip


def apply_graph(graph: Graph, *inputs: Any) -> list[Any]:
    """The outputs as expressions of ``inputs`` (SX columns), one column an output."""
    work: dict[int, Any] = {}
    results: list[list[Any]] = [[ca.SX(0.0)] * size for _, size in graph["outputs"]]
    for name, out, *rest in graph["steps"]:
        if name == "OP_INPUT":
            work[out] = inputs[rest[0]][rest[1]]
        elif name == "OP_CONST":
            work[out] = ca.SX(rest[0])
        elif name == "OP_OUTPUT":
            results[out][rest[0]] = work[rest[1]]
        elif len(rest) == 1:
            work[out] = ca.SX.unary(getattr(ca, name), work[rest[0]])
        else:
            work[out] = ca.SX.binary(getattr(ca, name), work[rest[0]], work[rest[1]])
    return [ca.vertcat(*column) for column in results]
