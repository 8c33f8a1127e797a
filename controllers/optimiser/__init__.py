"""The optimiser: batches of optimal control problems of one structure, solved by the core, fatrop or IPOPT behind one interface.

>>> import numpy as np
>>> from lowlift.controllers.optimiser import BatchData, StageProblem, StageSymbols, cold_start, make_solver
>>> def stage(x, u, w, p):
...     return StageSymbols(dynamics=w - x - u, path=p - w, cost=u**2)
>>> problem = StageProblem(
...     name="integrator", n_stages=4, states=("level",), controls=("flow",), rows=("least level",), row_scale=(1.0,),
...     row_units=("m",), slack_of_row=(None,), n_parameters=1, u_low=np.array([0.0]), u_high=np.array([1.0]),
...     w_low=np.array([-np.inf]), w_high=np.array([np.inf]), stage=stage)
>>> least = np.zeros((4, 2, 1))
>>> least[-1, :, 0] = 1.0, 2.0
>>> data = BatchData(x0=np.zeros((2, 1)), p=least, slack_linear=np.empty((4, 2, 0)), slack_quadratic=np.empty((4, 2, 0)))
>>> result = make_solver(problem, "core", compiled=False).solve(data, cold_start(problem, data))
>>> result.converged, np.round(result.point.u[:, :, 0].T, 4)
(array([ True,  True]), array([[0.25, 0.25, 0.25, 0.25],
       [0.5 , 0.5 , 0.5 , 0.5 ]]))
"""

from typing import TYPE_CHECKING

from lowlift.lazy import lazy

if TYPE_CHECKING:
    from lowlift.controllers.optimiser.explanation import Clock, Explanation, explain
    from lowlift.controllers.optimiser.interior_point import Options
    from lowlift.controllers.optimiser.iterate import Iterate
    from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols
    from lowlift.controllers.optimiser.reference import FatropSolver, IpoptSolver
    from lowlift.controllers.optimiser.result import BatchResult, Outcome
    from lowlift.controllers.optimiser.solver import CoreSolver, Fallback, Solver, make_solver
    from lowlift.controllers.optimiser.start import Shift, cold_start
    from lowlift.controllers.optimiser.store import Parts, core_parts
    from lowlift.controllers.optimiser.wide import wide_parts
    from lowlift.controllers.optimiser.wide_problem import BlockStructure, BlockSymbols, WideProblem

__all__ = [
    "BatchData", "BatchResult", "BlockStructure", "BlockSymbols", "Clock", "CoreSolver", "Explanation", "Fallback", "FatropSolver",
    "IpoptSolver", "Iterate", "Options", "Outcome", "Parts", "Shift", "Solver", "StageProblem", "StageSymbols", "WideProblem",
    "cold_start", "core_parts", "explain", "make_solver", "wide_parts",
]  # fmt: skip

_HOME = {
    "Clock": "explanation", "Explanation": "explanation", "explain": "explanation",
    "Options": "interior_point", "Iterate": "iterate", "BatchData": "problem",
    "StageProblem": "problem", "StageSymbols": "problem", "FatropSolver": "reference", "IpoptSolver": "reference",
    "BatchResult": "result", "Outcome": "result", "CoreSolver": "solver", "Fallback": "solver", "Solver": "solver",
    "make_solver": "solver", "Shift": "start", "cold_start": "start", "Parts": "store", "core_parts": "store",
    "BlockStructure": "wide_problem", "BlockSymbols": "wide_problem", "WideProblem": "wide_problem", "wide_parts": "wide",
}  # fmt: skip

if not TYPE_CHECKING:
    __getattr__, __dir__ = lazy(__name__, {name: f"{__name__}.{module}" for name, module in _HOME.items()}, __all__)
