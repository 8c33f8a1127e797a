"""Bad structures, numbers and settings are refused where they enter, by field, place, value, unit and bound."""

import dataclasses

import numpy as np
import pytest
from core_cases import batch, cold, methods, tanks
from stage_problems import room, rooms

from lowlift.controllers.optimiser import CoreSolver, FatropSolver, cold_start, core_parts, make_solver
from lowlift.controllers.optimiser.explanation import inequality_labels
from lowlift.controllers.optimiser.interior_point import Options

INF = np.inf


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"u_low": np.array([0.5, -1.0])}, "u_low of y_heater in stage 3 of problem 1 is 0 kW: must be at least the structure's, 5 kW"),
        ({"u_high": np.array([0.9, 1.0])}, "u_high of y_heater in stage 3 of problem 1 is 10 kW: must be at most the structure's, 9 kW"),
        ({"u_low": np.array([-INF, -1.0])}, "u_low of y_heater .* is 0 kW: must be -inf: the structure has no such bound, .*, -inf kW"),
        ({"u_high": np.array([INF, 1.0])}, "u_high of y_heater .* is 10 kW: must be inf: the structure has no such bound, .*, inf kW"),
    ],
)
@pytest.mark.parametrize("backend", ["core", "ipopt"])
def test_bounds_of_data_keep_within_the_structure(backend: str, changes: dict, words: str) -> None:
    problem = dataclasses.replace(room(), **changes)
    data = rooms(problem, 2)
    shape = (problem.n_stages, 2, 2)
    low, high = (np.broadcast_to(v, shape).copy() for v in (problem.u_low, problem.u_high))
    low[3, 1, 0], high[3, 1, 0] = 0.0, 1.0
    data = dataclasses.replace(data, **({"u_low": low} if "u_low" in changes else {"u_high": high}))
    with pytest.raises(ValueError, match=f"room: {words}"):
        make_solver(problem, backend, compiled=False).solve(data, cold_start(problem, data))


def test_bounds_of_data_do_not_cross() -> None:
    problem, data = room(), rooms(room(), 2)
    low = np.broadcast_to(problem.u_low, (problem.n_stages, 2, 2)).copy()
    low[2, 1, 0] = 1.4
    crossed = dataclasses.replace(data, u_low=low)
    with pytest.raises(ValueError, match="u_low of y_heater in stage 2 of problem 1 is 14 kW: must be at most u_high, 10 kW"):
        crossed.check(problem)
    low[2, 1, 0] = 1.0 + 1e-12
    dataclasses.replace(data, u_low=low).check(problem)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"states": (), "w_low": np.zeros(0), "w_high": np.zeros(0), "state_scale": (), "state_units": ()}, "states is empty"),
        ({"n_stages": 0}, "n_stages = 0: must be at least 1"),
        ({"n_parameters": -1}, "n_parameters = -1: must be at least 0"),
        ({"algebraic": 3}, "algebraic = 3: must be 0 to 2"),
        ({"u_low": np.array([2.0, -1.0])}, "u_low of y_heater is 20 kW: must be at most u_high, 10 kW"),
        ({"w_low": np.array([np.nan, -5.0])}, "w_low of T_air is nan: must be a number or -inf"),
        ({"u_low": np.array([INF, -1.0])}, "u_low of y_heater is inf: must be a number or -inf"),
        ({"w_high": np.array([-INF, 1.0])}, "w_high of T_air is -inf: must be a number or inf"),
        ({"slack_of_row": (None, -1)}, "slack_of_row of wall, high is -1: must be at least 0"),
        ({"row_scale": (1.0, 0.0)}, "row_scale of wall, high is 0.0: must be a positive number"),
        ({"row_scale": (1.0, np.nan)}, "row_scale of wall, high is nan"),
        ({"control_scale": (10.0, -1.0)}, "control_scale of y_lamp is -1.0: must be a positive number"),
    ],
)
def test_a_structure_that_cannot_be_right_is_refused(changes: dict, words: str) -> None:
    with pytest.raises(ValueError, match=f"room: {words}"):
        dataclasses.replace(room(), **changes)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("slack_linear", 0.0, "slack_linear of the slack of air, low in stage 1 of problem 0 is 0: must be above 0"),
        ("slack_linear", -2.0, "slack_linear of the slack of air, low .* is -2"),
        ("slack_quadratic", -1.0, "slack_quadratic of the slack of air, low in stage 1 of problem 0 is -1: must be at least 0"),
    ],
)
def test_weights_of_slacks(field: str, value: float, words: str) -> None:
    problem, data = room(), rooms(room(), 2)
    changed = getattr(data, field).copy()
    changed[1, 0, 0] = value
    with pytest.raises(ValueError, match=words):
        dataclasses.replace(data, **{field: changed}).check(problem)


def test_a_slack_without_a_row_stays_zero() -> None:
    problem = dataclasses.replace(room(), slack_of_row=(1, None))
    data = rooms(problem, 2)
    parts = core_parts(problem, compiled=False)
    found = CoreSolver(parts).solve(data, cold_start(problem, data))
    assert found.converged.all()
    np.testing.assert_allclose(found.point.s[..., 0], 0.0, atol=1e-5)
    assert "slack of nothing (number 0), lower bound" in [label.name for label in inequality_labels(parts.rows)]


@pytest.mark.parametrize(
    ("weight", "words"),
    [
        ([[1.0, 0.5], [0.0, 1.0]], "differs from its transpose by 0.5"),
        ([[1.0, 2.0], [2.0, 1.0]], "an eigenvalue of -1: must be at least 0"),
    ],
)
def test_arrival_costs_are_convex(weight: list, words: str) -> None:
    problem, data = room(), rooms(room(), 2)
    arrival = np.stack([np.eye(2), np.array(weight)])
    with pytest.raises(ValueError, match=f"arrival of problem 1 .*{words}"):
        dataclasses.replace(data, arrival=arrival).check(problem)
    dataclasses.replace(data, arrival=np.zeros((2, 2, 2))).check(problem)


@pytest.mark.parametrize("backend", ["core", "fatrop"])
@pytest.mark.parametrize("name", ["x0", "u", "w", "s"])
def test_starts_fit_their_problems(backend: str, name: str) -> None:
    problem, data = room(), rooms(room(), 2)
    start = cold_start(problem, data)
    setattr(start, name, getattr(start, name)[..., :1, :])
    with pytest.raises(ValueError, match=rf"room: {name} of the start has shape .* must be"):
        make_solver(problem, backend, compiled=False).solve(data, start)


@pytest.mark.parametrize("name", ["lam", "y"])
def test_multipliers_fit_where_they_are_used(name: str) -> None:
    n = 4
    problem, data = tanks(n), batch(n, 2)
    start = cold(problem, data)
    setattr(start, name, getattr(start, name)[..., :1])
    solver = methods(problem, kernel=False)
    with pytest.raises(ValueError, match=f"tanks: {name} of the start has shape"):
        solver.solve(data, start, Options(), dual=True)
    assert solver.solve(data, start, Options(max_iterations=1)).iterations.max() == 1


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"tolerance": 0.0}, "tolerance = 0.0: must be a positive number"),
        ({"tolerance": np.nan}, "tolerance = nan: must be a positive number"),
        ({"max_iterations": 0}, "max_iterations = 0: must be at least 1"),
    ],
)
@pytest.mark.parametrize("kind", [CoreSolver, FatropSolver])
def test_settings(kind: type, settings: dict, words: str) -> None:
    parts = core_parts(room(), compiled=False)
    with pytest.raises(ValueError, match=words):
        kind(parts, **({"tolerance": 1e-6} | settings))


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"real_time": 0}, "real_time = 0: must be at least 1"), ({"mu": -1.0}, "mu = -1.0: must be a pos"), ({"push": 0.0}, "push = 0.0")],
)
def test_settings_of_the_method(settings: dict, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Options(**settings)
    with pytest.raises(ValueError, match="real_time = -2: must be at least 1"):
        make_solver(room(), "core", real_time=-2, compiled=False)
    with pytest.raises(ValueError, match="restart = nan: must be at least 0"):
        CoreSolver(core_parts(room(), compiled=False), restart=np.nan)
