"""CasADi operations in C, and scalar graphs printed with them for several plants at once: arrays ``[component][lane]``, a lane a plant.

The printed text needs the macros ``LANES`` and ``EACH_LANE``, a loop over ``l``, and the functions of ``math.h``.
"""

from typing import Any

from lowlift.models.lowering import LoweringError

UNARY = {
    "OP_ASSIGN": "{0}",
    "OP_NEG": "-({0})",
    "OP_SQ": "{0} * {0}",
    "OP_TWICE": "{0} + {0}",
    "OP_INV": "1.0 / {0}",
    "OP_NOT": "({0} == 0.0 ? 1.0 : 0.0)",
    "OP_SIGN": "({0} > 0.0 ? 1.0 : ({0} < 0.0 ? -1.0 : 0.0))",
    "OP_FABS": "fabs({0})",
    "OP_ACOS": "acos({0})",
} | {f"OP_{name.upper()}": f"{name}({{0}})" for name in ("exp", "log", "sqrt", "sin", "cos", "tanh", "expm1", "log1p")}
BINARY = {
    "OP_ADD": "{0} + {1}",
    "OP_SUB": "{0} - {1}",
    "OP_MUL": "{0} * {1}",
    "OP_DIV": "{0} / {1}",
    "OP_FMIN": "({0} < {1} ? {0} : {1})",
    "OP_FMAX": "({0} > {1} ? {0} : {1})",
    "OP_LT": "({0} < {1} ? 1.0 : 0.0)",
    "OP_LE": "({0} <= {1} ? 1.0 : 0.0)",
    "OP_EQ": "({0} == {1} ? 1.0 : 0.0)",
    "OP_NE": "({0} != {1} ? 1.0 : 0.0)",
    "OP_AND": "({0} != 0.0 && {1} != 0.0 ? 1.0 : 0.0)",
    "OP_OR": "({0} != 0.0 || {1} != 0.0 ? 1.0 : 0.0)",
    "OP_IF_ELSE_ZERO": "({0} != 0.0 ? {1} : 0.0)",
    "OP_POW": "pow({0}, {1})",
    "OP_CONSTPOW": "pow({0}, {1})",
}


def number(value: float) -> str:
    """A constant in C, to the last digit."""
    return repr(float(value)).replace("inf", "INFINITY").replace("nan", "NAN")


def scalar_source(f: Any) -> str:
    """A scalar graph (SX), for every lane: one long straight line."""
    import casadi as ca

    unary, binary = ({getattr(ca, k): v for k, v in table.items()} for table in (UNARY, BINARY))
    arguments = [f"const double *restrict i{k}" for k in range(f.n_in())] + [f"double *restrict o{k}" for k in range(f.n_out())]
    lines = [f"static void {f.name()}({', '.join(arguments)}) {{", "  EACH_LANE {"]
    at: dict[int, str] = {}
    for k in range(f.n_instructions()):
        op, out, arg = f.instruction_id(k), f.instruction_output(k), f.instruction_input(k)
        if op == ca.OP_INPUT:
            at[out[0]] = f"i{arg[0]}[{arg[1]} * LANES + l]"
        elif op == ca.OP_OUTPUT:
            lines.append(f"    o{out[0]}[{out[1]} * LANES + l] = {at[arg[0]]};")
        elif op == ca.OP_CONST:
            at[out[0]] = number(f.instruction_constant(k))
        elif op in unary or op in binary:
            form = unary[op] if op in unary else binary[op]
            lines.append(f"    const double a{k} = {form.format(*(at[a] for a in arg))};")
            at[out[0]] = f"a{k}"
        else:
            raise LoweringError(f"{f.name()}: instruction {k} with CasADi operation code {op} has no C form")
    return "\n".join([*lines, "  }", "}\n"])
