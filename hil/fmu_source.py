"""C source of a plant's co-simulation FMU: the step that the kernel prints, readings and ledger, and our own text of the interface.

The step is that of :meth:`lowlift.models.plant.Plant.integrator`: of the liquid hall the vector kernel with one lane, of the other plants
the scheme of :mod:`lowlift.models.implicit` with its stage as one function. Nothing of the physics is written here.
"""

import hashlib
from typing import Any

from lowlift.hil.fmu_layout import Variable, layout, outputs_of
from lowlift.models.c_forms import number, scalar_source
from lowlift.models.implicit import advance, stage_function
from lowlift.models.kernel_printer import VectorPrinter
from lowlift.models.kernel_source import kernel_source, packaged
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.plant import Plant

STEPS_MAX = 1_000_000
"""Most steps within one communication step: beyond it ``step_max`` is taken for a mistake."""

COURSE_STEP = """
#define WORK_DOUBLES (NU + ND + NX + 1 + SETTING + OPERATOR + LOAD + OPERATOR + 2 * INSIDE + NF + WORK)

static void plant_step(double h, const double *u, const double *d, double *x, double *fluxes, double *work)
{
  const long leg = 0, sample = 0;
  course(0, 1, 1, 1, &h, &leg, &u, &d, x, &sample, x, fluxes, work);
}
"""
IMPLICIT_STEP = """
static void plant_step(double h, const double *u, const double *d, double *x, double *fluxes, double *work)
{
  double after[NX];
  implicit_step(x, u, d, &h, after, fluxes, work);
  for (int k = 0; k < NX; k++)
    x[k] = after[k];
}
"""


def plant_source(plant: Plant) -> str:
    """The plant in C: sizes, ``plant_step``, ``plant_fluxes``, ``plant_outputs`` and the start values."""
    out = outputs_of(plant)
    head = f"/* {plant.site.name}: {plant.site.title} */\n#include <math.h>\n"
    step = kernel_source(plant, 1) + COURSE_STEP if isinstance(plant, LiquidHall) else _implicit_source(plant)
    of_start = [v.start for v in layout(plant) if v.start is not None]
    start = ",\n  ".join(", ".join(number(v) for v in of_start[k : k + 6]) for k in range(0, len(of_start), 6))
    tail = [
        f"#define NY {out.table.size}", f"#define STEPS_MAX {STEPS_MAX}", scalar_source(out.fluxes), scalar_source(out.function),
        f"/* step_max, actuators, disturbances, states */\nstatic const double start[] = {{\n  {start}}};\n",
    ]  # fmt: skip
    return "\n".join([head, step, *tail])


def _implicit_source(plant: Any) -> str:
    import casadi as ca

    sizes = {"x": plant.states.size, "u": plant.actuators.size, "d": plant.disturbances.size, "h": 1}
    x, u, d, h = (ca.MX.sym(name, n) for name, n in sizes.items())
    after, fluxes = advance(plant, x, u, d, h)
    printed = VectorPrinter("implicit_step", {"x": x, "u": u, "d": d, "h": h}, {"after": after, "fluxes": fluxes})
    text = printed.source()
    if list(printed.called) != [stage_function(plant).name()]:
        raise NotImplementedError(f"{plant.site.name}: a step that calls {', '.join(printed.called)} is not printed as C")
    n_fluxes = len(plant.flux_names)
    head = {"LANES": 1, "NX": sizes["x"], "NU": sizes["u"], "ND": sizes["d"], "NF": n_fluxes, "WORK_DOUBLES": max(printed.work, 1)}
    return "\n".join([*(f"#define {k} {v}" for k, v in head.items()), packaged("lanes.h"), scalar_source(stage_function(plant)), text,
                      IMPLICIT_STEP])  # fmt: skip


def token(plant: str, variables: tuple[Variable, ...]) -> str:
    """GUID or instantiation token: made of all that the binary depends on, so that equal FMUs have equal ones."""
    texts = (packaged(name, "lowlift.hil") for name in ("fmu_core.c", "fmu_v2.c", "fmu_v3.c"))
    text = "\0".join([plant, *(repr(v) for v in variables), *texts])
    h = hashlib.sha256(text.encode()).hexdigest()
    return f"{{{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:32]}}}"


def fmu_source(plant: Plant, fmi: int) -> tuple[str, str]:
    """All of the C source of an FMU in one text, and its token.

    Args:
        plant: the plant.
        fmi: 2 or 3.
    """
    text = plant_source(plant)
    name = token(text, layout(plant))
    interface = (packaged(file, "lowlift.hil") for file in ("fmu_core.c", f"fmu_v{fmi}.c"))
    return "\n".join([text, f'#define TOKEN "{name}"\n', *interface]), name
