"""Operations of CasADi's scalar graphs and what each is in NumPy and in C: one list, so that neither path knows an operation that the other
does not.

What is not a number is passed on by every operation in the same way on both paths, also by the smaller and the larger of two and by the
sign, where the plain forms of C would drop it. (Of forms that do so, compilers put ``a >= b``, ``a < b`` and else the sum into vectors;
with ``a != a`` they give up, and a plant's steps take three times as long.)
"""

import functools
from collections.abc import Sequence
from typing import NamedTuple


class Forms(NamedTuple):
    """One operation on ``{0}`` and ``{1}``."""

    numpy: str
    c: str
    c_first_constant: str = ""
    """A cheaper form in C where ``{0}`` is a number written in the text; of operations whose operands may change places."""

    def in_c(self, numbers: Sequence[bool]) -> str:
        """The form in C for operands of which some are numbers written in the text."""
        if self.c_first_constant and any(numbers):
            return self.c_first_constant if numbers[0] else self.c_first_constant.format("{1}", "{0}")
        return self.c


def _same(form: str) -> Forms:
    return Forms(form, form)


def _called(c: str, numpy: str = "", arguments: str = "{0}") -> Forms:
    return Forms(f"np.{numpy or c}({arguments})", f"{c}({arguments})")


def _tested(numpy: str, c: str, arguments: str = "{0}, {1}") -> Forms:
    return Forms(f"np.{numpy}({arguments}).astype(float)", f"({c} ? 1.0 : 0.0)")


FORMS: dict[str, Forms] = {
    "OP_ASSIGN": _same("{0}"),
    "OP_NEG": Forms("-{0}", "-({0})"),
    "OP_SQ": _same("{0} * {0}"),
    "OP_TWICE": _same("{0} + {0}"),
    "OP_INV": _same("1.0 / {0}"),
    "OP_NOT": _tested("equal", "{0} == 0.0", "{0}, 0.0"),
    "OP_SIGN": Forms("np.sign({0})", "({0} > 0.0 ? 1.0 : ({0} < 0.0 ? -1.0 : {0}))"),
    "OP_FABS": _called("fabs", "abs"),
    **{f"OP_{name.upper()}": _called(name) for name in (
        "exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "expm1", "log1p", "floor", "ceil")},
    **{f"OP_A{name.upper()}": _called(f"a{name}", f"arc{name}") for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "OP_ADD": _same("{0} + {1}"),
    "OP_SUB": _same("{0} - {1}"),
    "OP_MUL": _same("{0} * {1}"),
    "OP_DIV": _same("{0} / {1}"),
    "OP_FMIN": Forms("np.minimum({0}, {1})", "({0} >= {1} ? {1} : ({0} < {1} ? {0} : {0} + {1}))", "({0} < {1} ? {0} : {1})"),
    "OP_FMAX": Forms("np.maximum({0}, {1})", "({0} <= {1} ? {1} : ({0} > {1} ? {0} : {0} + {1}))", "({0} > {1} ? {0} : {1})"),
    "OP_LT": _tested("less", "{0} < {1}"),
    "OP_LE": _tested("less_equal", "{0} <= {1}"),
    "OP_EQ": _tested("equal", "{0} == {1}"),
    "OP_NE": _tested("not_equal", "{0} != {1}"),
    "OP_AND": _tested("logical_and", "{0} != 0.0 && {1} != 0.0"),
    "OP_OR": _tested("logical_or", "{0} != 0.0 || {1} != 0.0"),
    "OP_IF_ELSE_ZERO": Forms("pick(mask({0}), {1})", "({0} != 0.0 ? {1} : 0.0)"),
    "OP_POW": _called("pow", "power", "{0}, {1}"),
    "OP_CONSTPOW": _called("pow", "power", "{0}, {1}"),
    "OP_HYPOT": _called("hypot", arguments="{0}, {1}"),
    "OP_ATAN2": _called("atan2", "arctan2", "{0}, {1}"),
    "OP_COPYSIGN": _called("copysign", arguments="{0}, {1}"),
    "OP_FMOD": _called("fmod", arguments="{0}, {1}"),
}  # fmt: skip


@functools.cache
def by_code() -> dict[int, Forms]:
    """The list by CasADi's operation codes."""
    import casadi as ca

    return {getattr(ca, name): forms for name, forms in FORMS.items()}
