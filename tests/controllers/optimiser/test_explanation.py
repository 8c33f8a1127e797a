"""Explanations name what is meant, in its unit, and prices are what a limit costs."""

import dataclasses

import numpy as np
import pytest
from stage_problems import STAGES, room, rooms

from lowlift.controllers.optimiser import Clock, cold_start, core_parts, explain, make_solver
from lowlift.controllers.optimiser.explanation import inequality_labels

CLOCK = Clock(3600.0 * np.concatenate([[0.0], np.cumsum(STAGES)]), STAGES, 2.0, "EUR")


def solved(problem, data):
    return make_solver(problem, "core", tolerance=1e-8, compiled=False).solve(data, cold_start(problem, data))


def told(problem, data, result, i=0):
    parts = core_parts(problem, compiled=False)
    return explain(parts.rows, parts.evaluator, data, result, CLOCK, problem=i)


def test_labels_follow_the_stack() -> None:
    rows = core_parts(room(), compiled=False).rows
    labels = inequality_labels(rows)
    assert len(labels) == rows.size
    assert [label.name for label in labels] == [
        "air, low", "wall, high", "y_heater, lower bound", "y_lamp, lower bound", "y_heater, upper bound", "y_lamp, upper bound",
        "T_wall, lower bound", "slack of air, low, lower bound",
    ]  # fmt: skip
    assert labels[4].unit == "kW" and labels[4].scale == 10.0


def test_the_price_is_what_the_limit_costs() -> None:
    """Give way in one stage by a little: the cost falls by price, length of the stage and change."""
    problem = room(hard=True)
    data = rooms(problem, 1, least=1.5)
    data.p[:, :, 1] = -2.0
    data.x0[:] = 2.0
    best = solved(problem, data)
    assert best.converged.all()
    line = told(problem, data, best).active.query("constraint == 'air, low'").iloc[0]
    k = int(np.flatnonzero(np.isclose(CLOCK.edges / 60.0, line["from_min"]))[0])
    relaxed = dataclasses.replace(data, p=data.p.copy())
    relaxed.p[k, 0, 2] -= 1e-3
    saved = CLOCK.unit * (best.objective[0] - solved(problem, relaxed).objective[0])
    assert line["per"] == "EUR per K and hour" and line["to_min"] - line["from_min"] == pytest.approx(60.0 * STAGES[k])
    assert saved == pytest.approx(line["price"] * STAGES[k] * 1e-3, rel=2e-2)


def test_a_broken_limit_is_named_with_time_and_kelvin() -> None:
    """Air that starts 2 K too cold cannot be warm at once; the slack says so."""
    problem = room()
    data = rooms(problem, 2, least=1.0)
    data.p[:, 1, 2] = 6.0
    best = solved(problem, data)
    lines = told(problem, data, best, 1).violations
    first = lines.iloc[0]
    short = 6.0 - best.point.w[:, 1, 0]
    assert first["constraint"] == "air, low" and first["unit"] == "K" and bool(first["softened"])
    assert first["amount"] == pytest.approx(short.max(), abs=1e-6)
    assert first["from_min"] == pytest.approx(CLOCK.edges[np.argmax(short)] / 60.0)
    assert np.all(np.diff(lines["amount"]) <= 0.0)
    assert f"air, low broken by {short.max():.3g} K" in told(problem, data, best, 1).worst


def test_what_is_infeasible_is_named() -> None:
    problem = room(hard=True)
    data = rooms(problem, 1, least=50.0)
    result = solved(problem, data)
    assert not result.converged.any()
    words = told(problem, data, result)
    assert "air, low broken by" in words.worst and " K from " in words.worst
    assert "infeasible" in words.title or "iterations" in words.title
    assert set(words.kkt["kind"]) == {"primal", "dual", "complementarity"}
    primal = words.kkt[words.kkt["kind"] == "primal"]
    assert primal["error"].max() > 1.0 and str(words).startswith(words.title)


def test_a_report_names_the_largest_errors() -> None:
    problem, data = room(), rooms(room(), 1)
    best = solved(problem, data)
    best.point.u[3, 0, 1] += 0.1
    report = told(problem, data, best).kkt
    primal = report[report["kind"] == "primal"].iloc[0]
    assert primal["name"] == "dynamics of T_air" and primal["from_min"] == pytest.approx(60.0)
    assert primal["error"] > 0.1
    dual = report[report["kind"] == "dual"].iloc[0]
    assert dual["name"] == "along y_lamp" and dual["from_min"] == pytest.approx(60.0)
