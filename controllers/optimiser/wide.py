"""The interior-point method with the structure of a wide problem, on either path."""

from lowlift.controllers.optimiser.derivatives import stage_functions
from lowlift.controllers.optimiser.evaluation import Evaluator, NumpyEvaluator
from lowlift.controllers.optimiser.graphs import Graphs, KernelGraphs, NumpyGraphs
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.interior_point import InteriorPoint, Options
from lowlift.controllers.optimiser.kernel import KernelEvaluator, KernelNewton
from lowlift.controllers.optimiser.measures import NumpyMeasures
from lowlift.controllers.optimiser.newton import NumpyNewton
from lowlift.controllers.optimiser.wide_evaluation import WideEvaluator
from lowlift.controllers.optimiser.wide_functions import block_functions
from lowlift.controllers.optimiser.wide_newton import Recursion, WideNewton
from lowlift.controllers.optimiser.wide_problem import WideProblem

COLD = Options(mu=1e-2)
WARM = Options(mu=1e-4, push=1e-2)
"""Settings for a first plan, and for one that starts from the plan before and its multipliers.

Each block counts little in the objective but its limits count in full in the barrier, so a large barrier parameter leads far away from
every plan. A small one keeps to the bounds of a plan that is no longer right, and of so many distances one is always short.
"""


def wide_interior_point(problem: WideProblem, *, kernel: bool) -> InteriorPoint:
    """Solver of the flat form of a wide problem (``WideProblem.flat``).

    What is built depends on the core and on one block, never on the number of stages or blocks.

    Args:
        problem: the problem.
        kernel: whether graphs and recursion are compiled.

    Raises:
        CompilerError: ``kernel`` without a C compiler.
        ValueError: expressions have other sizes than the structure declares.
    """
    rows, functions, blocks = Inequalities(problem.flat), stage_functions(problem.core), block_functions(problem.structure)
    graphs: Graphs = KernelGraphs(blocks.all) if kernel else NumpyGraphs(blocks.all)
    core: Evaluator = KernelEvaluator(functions) if kernel else NumpyEvaluator(problem.core, functions)
    recursion: Recursion = KernelNewton if kernel else NumpyNewton
    newton = WideNewton(problem, rows, functions, graphs, recursion)
    return InteriorPoint(rows, WideEvaluator(problem, core, graphs), newton, NumpyMeasures(rows))
