"""C source of the scheme, printed from CasADi graphs: many plants in the lanes of a vector unit.

:class:`~lowlift.models.scheme.Scheme` is traced with CasADi columns (MX), which keeps racks, CDUs and plant-level signals as vectors. Each
graph becomes one C function on arrays ``[component][lane]``, where a lane is a plant. Instructions on vectors of the same length that
need nothing from each other's neighbours share one loop, so that what lives only inside it stays in registers; sums over racks, gathers
and the facility stage (scalar, from its SX graph) stand between the loops. The texts in ``lanes.h`` and ``course.c`` drive these
functions over blocks of plants and over declared steps. It is the same algorithm as in NumPy, with nothing written twice.
"""

import dataclasses
import functools
import importlib.resources
from typing import Any

from lowlift.models.c_forms import scalar_source
from lowlift.models.facility import FLUXES
from lowlift.models.kernel_printer import VectorPrinter, leaves
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.scheme import Inside, Load, Operator, Scheme, Setting

LANES = 8
"""Plants computed together: one vector of AVX-512, two of AVX2, four of NEON."""


@functools.lru_cache(maxsize=16)
def kernel_source(plant: LiquidHall, lanes: int = LANES) -> str:
    """All of the C source for one plant, stepping ``lanes`` plants together."""
    import casadi as ca

    scheme = Scheme(plant)
    u, d, x, h = (ca.MX.sym(name, n) for name, n in (("u", plant.actuators.size), ("d", plant.disturbances.size),
                                                    ("x", plant.states.size), ("h", 1)))  # fmt: skip
    setting: Setting = scheme.setting(u)
    s: Setting = _symbols(setting)
    operator: Operator = scheme.operator(s, h)
    load: Load = scheme.load(s, u, d)
    o, w = _symbols(operator), _symbols(load)
    inside: Inside = scheme.enter(x, s, w)
    i: Inside = _symbols(inside)
    after, fluxes = scheme.advance(i, s, o, w)
    printed: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
        ("setting", {"u": u}, {"s": setting}),
        ("operator", {"s": s, "h": h}, {"o": operator}),
        ("doubled", {"s": s, "o": o}, {"twice": scheme.doubled(s, o)}),
        ("load", {"s": s, "u": u, "d": d}, {"w": load}),
        ("enter", {"x": x, "s": s, "w": w}, {"i": inside}),
        ("advance", {"i": i, "s": s, "o": o, "w": w}, {"after": after, "fluxes": fluxes}),
        ("leave", {"i": i, "s": s, "w": w}, {"x": scheme.leave(i, s, w)}),
    ]
    functions: list[str] = []
    called: dict[str, Any] = {}
    work = 0
    for name, inputs, outputs in printed:
        text = VectorPrinter(name, inputs, outputs)
        functions.append(text.source())
        called |= text.called
        work = max(work, text.work)
    sizes = {
        "LANES": lanes, "NX": plant.states.size, "NU": plant.actuators.size, "ND": plant.disturbances.size, "NF": len(FLUXES),
        "SETTING": _size(setting), "OPERATOR": _size(operator), "LOAD": _size(load), "INSIDE": _size(inside), "WORK": work,
    }  # fmt: skip
    head = "\n".join(f"#define {name} {value}" for name, value in sizes.items())
    return "\n".join([head, packaged("lanes.h"), *(scalar_source(f) for f in called.values()), *functions, packaged("course.c")])


def packaged(name: str, package: str = "lowlift.models") -> str:
    """Text of a C file of ours."""
    return importlib.resources.files(package).joinpath(name).read_text()


def _symbols(record: Any) -> Any:
    """The same record with a symbol for every signal."""
    import casadi as ca

    if dataclasses.is_dataclass(record):
        parts = {f.name: _symbols(getattr(record, f.name)) for f in dataclasses.fields(record)}
        return dataclasses.replace(record, **parts)  # type: ignore[type-var]  # an instance, never a class
    return tuple(_symbols(part) for part in record) if isinstance(record, tuple) else ca.MX.sym("v", ca.MX(record).shape[0])


def _size(record: Any) -> int:
    import casadi as ca

    return sum(int(ca.MX(leaf).shape[0]) for leaf in leaves(record))
