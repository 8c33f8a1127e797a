"""What the core is made of for wide problems: evaluation and directions that use their structure, on either path."""

from lowlift.controllers.optimiser.derivatives import Hessian, stage_functions
from lowlift.controllers.optimiser.evaluation import NumpyEvaluator
from lowlift.controllers.optimiser.graphs import KernelGraphs, NumpyGraphs
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.interior_point import Options
from lowlift.controllers.optimiser.kernel import KernelEvaluator, KernelNewton
from lowlift.controllers.optimiser.measures import NumpyMeasures
from lowlift.controllers.optimiser.newton import NumpyNewton
from lowlift.controllers.optimiser.store import Parts, block_key, kept, on_a_path, structure_key
from lowlift.controllers.optimiser.wide_evaluation import WideEvaluator
from lowlift.controllers.optimiser.wide_functions import block_functions
from lowlift.controllers.optimiser.wide_newton import WideNewton
from lowlift.controllers.optimiser.wide_problem import WideProblem

COLD = Options(mu=1e-2)
WARM = Options(mu=1e-4, push=1e-2)
"""First barrier parameter, distance from bounds and most iterations of a first plan, and of one that starts from the plan before and its
multipliers.

Each block counts little in the objective but its limits count in full in the barrier, so a large barrier parameter leads far away from
every plan. A small one keeps to the bounds of a plan that is no longer right, and of so many distances one is always short.
"""


def wide_parts(problem: WideProblem, key: str | None = None, compiled: bool | None = None, hessian: Hessian = "exact") -> Parts:
    """The core's parts for a wide problem, in its flat form (:attr:`.WideProblem.flat`).

    What is built depends on the core and on one block, never on the number of stages or blocks, and halls of any size share it.

    Args:
        problem: the problem.
        key: its digest, where it is known already.
        compiled: whether graphs and recursion are compiled; ``None``: where they can be.
        hessian: of the whole Lagrangian, or of the costs alone.

    Raises:
        CompilerError: a kernel is required and cannot be made.
        LoweringError: a kernel is required and a graph cannot be printed as C, or any path and it cannot be printed as NumPy either.
        ValueError: expressions have other sizes than the structure declares.
    """
    key = structure_key(problem) if key is None else key
    of_core, of_block = structure_key(problem.core), block_key(problem.structure)

    functions = kept(("functions", of_core, hessian), lambda: stage_functions(problem.core, hessian))
    blocks = kept(("blocks", of_block, hessian), lambda: block_functions(problem.structure, hessian))

    def numpy(why: str) -> Parts:
        rows = Inequalities(problem.flat)
        core = kept(("numpy", of_core, hessian), lambda: NumpyEvaluator(problem.core, functions))
        graphs = kept(("block graphs", of_block, hessian, False), lambda: NumpyGraphs(blocks.all))
        newton = WideNewton(problem, rows, functions, graphs, NumpyNewton)
        return Parts(rows, WideEvaluator(problem, core, graphs), newton, NumpyMeasures(rows), why, False)

    def kernel() -> Parts:
        rows = Inequalities(problem.flat)
        core = KernelEvaluator(functions)
        graphs = kept(("block graphs", of_block, hessian, True), lambda: KernelGraphs(blocks.all))
        newton = WideNewton(problem, rows, functions, graphs, KernelNewton)
        return Parts(rows, WideEvaluator(problem, core, graphs), newton, NumpyMeasures(rows), core.how, True)

    return on_a_path(("wide parts", key, problem.core.n_stages, hessian), problem.core.name, compiled, kernel, numpy)
