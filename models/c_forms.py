"""CasADi operations in C, and scalar graphs printed with them for several plants at once: arrays ``[component][lane]``, a lane a plant.

The printed text needs the macros ``LANES`` and ``EACH_LANE``, a loop over ``l``, and the functions of ``math.h``.
"""

import math
from typing import Any

from lowlift.models.lowering import LoweringError
from lowlift.models.operations import by_code


def number(value: float) -> str:
    """A constant in C, to the last digit."""
    return repr(float(value)).replace("inf", "INFINITY").replace("nan", "NAN")


def scalar_source(f: Any) -> str:
    """A scalar graph (SX), for every lane: one long straight line."""
    import casadi as ca

    forms = by_code()
    arguments = [f"const double *restrict i{k}" for k in range(f.n_in())] + [f"double *restrict o{k}" for k in range(f.n_out())]
    lines = [f"static void {f.name()}({', '.join(arguments)}) {{", "  EACH_LANE {"]
    at: dict[int, str] = {}
    numbers: dict[int, bool] = {}
    """Which registers hold a number that is written in the text."""
    for k in range(f.n_instructions()):
        op, out, arg = f.instruction_id(k), f.instruction_output(k), f.instruction_input(k)
        plain = [numbers.get(a, False) for a in arg] if op in forms else []
        if op != ca.OP_OUTPUT:
            numbers[out[0]] = op == ca.OP_CONST and not math.isnan(f.instruction_constant(k))
        if op == ca.OP_INPUT:
            at[out[0]] = f"i{arg[0]}[{arg[1]} * LANES + l]"
        elif op == ca.OP_OUTPUT:
            lines.append(f"    o{out[0]}[{out[1]} * LANES + l] = {at[arg[0]]};")
        elif op == ca.OP_CONST:
            at[out[0]] = number(f.instruction_constant(k))
        elif op in forms:
            lines.append(f"    const double a{k} = {forms[op].in_c(plain).format(*(at[a] for a in arg))};")
            at[out[0]] = f"a{k}"
        else:
            raise LoweringError(f"{f.name()}: instruction {k} with CasADi operation code {op} has no C form")
    return "\n".join([*lines, "  }", "}\n"])
