"""Plans of wide halls: with equal CDUs they are plans of lumped groups at rest, with different ones what IPOPT finds."""

import dataclasses
from typing import Any

import casadi as ca
import numpy as np
import pytest
from models_halls import hall
from wide_cases import by_ipopt, wide_interior_point

from lowlift.controllers.ocp import DT_REFERENCE, T_REFERENCE, T_SCALE, Ocp, Weights
from lowlift.controllers.optimiser.evaluation import NumpyEvaluator
from lowlift.controllers.optimiser.inequalities import Inequalities
from lowlift.controllers.optimiser.interior_point import InteriorPoint, Options
from lowlift.controllers.optimiser.iterate import Iterate
from lowlift.controllers.optimiser.measures import NumpyMeasures
from lowlift.controllers.optimiser.newton import NumpyNewton
from lowlift.controllers.optimiser.problem import BatchData, StageProblem, StageSymbols
from lowlift.controllers.optimiser.wide_functions import block_functions
from lowlift.controllers.plan_limits import SLACK_OF_CDU_ROW
from lowlift.controllers.wide_ocp import WideData, WideOcp
from lowlift.models.grouped import GroupedHall
from lowlift.models.wide import WideHall

GRID = (900.0, 900.0, 1800.0)
MARGIN, FLOOR = 1.7, 287.15
START = {
    "gb200_hall": (301.0, 306.0, 298.5, 299.0, 303.0, 292.0, 299.0, 297.0, 309.0),
    "frontier": (301.0, 306.0, 298.5, 299.0, 303.0),
}


def moment(model: WideHall, loads: np.ndarray) -> WideData:
    """Loads ``(n, n_cdu)`` as shares of the rated ones."""
    site, n = model.site, len(loads)
    racks, rated, ones = np.bincount(site.cdu_of_rack), site.rack_power * site.liquid_share, np.ones(n)
    air = loads.mean(axis=1) * site.P_it_nominal * (1.0 - site.liquid_share)
    return WideData(
        x0=np.array(START[site.name]), q=loads * racks * rated, q_surge=1.1 * loads * racks * rated, q_rack=1.05 * loads * rated,
        q_rack_surge=1.15 * loads * rated, q_air=air, q_air_surge=1.05 * air, T_wb=288.0 * ones, T_db=298.0 * ones, p=site.p * ones,
        n_chillers=ones, n_cooling=ones, counts=model.counts.high, floor=FLOOR,
    )  # fmt: skip


def lumped_at_rest(ocp: Ocp) -> StageProblem:
    """The problem of lumped groups with secondary volumes that hold no heat, and a slack of its own for the basin."""
    m, g, z = ocp.model, ocp.model.site.n_groups, ocp.structure
    n_data, n_counts, basin = ocp.n_data, ocp.n_counts, ocp.model.nodes.index("T_basin")
    slacks = list(z.slack_of_row)
    slacks[len(SLACK_OF_CDU_ROW) * g + g] = z.ns

    def stage(x: Any, u: Any, w: Any, p: Any) -> StageSymbols:
        dt, hours, wear = p[n_data + n_counts + 2], p[n_data + n_counts + 3], p[n_data + n_counts + 4]
        f, path, cost, _ = ocp.stage(w, u, p[:n_data], p[n_data : n_data + n_counts], p[n_data + n_counts : n_data + n_counts + 2])
        kept = ca.vertcat(ca.DM.zeros(2 * g), w[2 * g :] - x[2 * g :])
        return StageSymbols(
            dynamics=(kept - dt * f) / (1.0 + dt / DT_REFERENCE), path=path, cost=hours * cost + wear * (w[basin] - x[basin]) ** 2
        )

    free = np.full(z.nx, np.inf)
    return StageProblem(
        name="lumped", n_stages=len(ocp.stages), states=m.nodes, controls=tuple(m.controls.names), rows=("",) * z.nc,
        row_scale=(1.0,) * z.nc, row_units=("",) * z.nc, slack_of_row=tuple(slacks), n_parameters=n_data + n_counts + 5,
        u_low=m.controls.low / ocp.u_scale, u_high=m.controls.high / ocp.u_scale, w_low=-free, w_high=free, stage=stage,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["gb200_hall", "frontier"])
def test_equal_cdus_are_a_lumped_group(name: str) -> None:
    plant = hall(name)
    wide, ocp = WideOcp(WideHall(plant), GRID, margin=MARGIN), Ocp(GroupedHall(plant), GRID)
    site, g = plant.site, plant.site.n_groups
    n = len(GRID)
    by_group = np.linspace(0.55, 0.7, n)[:, None] + 0.05 * np.arange(g)
    first = np.searchsorted(site.group_of_cdu, np.arange(g))
    # CDUs of a group may have different numbers of racks: here all have the heat of its first, and the smallest share.
    d = moment(wide.model, by_group[:, site.group_of_cdu])
    alike = first[site.group_of_cdu]
    d = dataclasses.replace(d, q=d.q[:, alike], q_surge=d.q_surge[:, alike])
    wide.model.smallest_share = ocp.model.smallest_share[site.group_of_cdu]
    data = wide.data([d])
    ours = wide_interior_point(wide.problem, kernel=False).solve(data, wide.cold_guess(data), Options(tolerance=1e-9))

    problem = lumped_at_rest(ocp)
    q = [v[:, first] / 1e6 for v in (d.q, d.q, d.q_surge, d.q_rack, d.q_rack_surge)]
    ones, hours = np.ones(n), wide.hours / wide.hours.min()
    weights = Weights()
    central = [d.q_air / 1e6, d.q_air_surge / 1e6, (d.T_wb - T_REFERENCE) / T_SCALE, (d.T_db - T_REFERENCE) / T_SCALE, d.p / 1e5,
               weights.energy * ones, weights.water * ones, ones, ones, *(c * ones for c in d.counts), MARGIN * ones, FLOOR * ones,
               wide.stages, hours, weights.wear / wide.hours.min() * ones]  # fmt: skip
    # A slack of a group stands for those of all its CDUs.
    many = np.concatenate([np.tile(np.bincount(site.group_of_cdu), 4), np.ones(problem.ns - 4 * g)])
    slack = (hours[:, None] * many)[:, None]
    lumped = BatchData(
        x0=np.concatenate([np.zeros(2 * g), (d.x0 - T_REFERENCE) / T_SCALE])[None],
        p=np.hstack([*q, np.column_stack(central)])[:, None], slack_linear=weights.slack * slack,
        slack_quadratic=weights.slack_quadratic * slack,
    )  # fmt: skip
    rows, evaluator = Inequalities(problem), NumpyEvaluator(problem)
    core = InteriorPoint(rows, evaluator, NumpyNewton(rows, evaluator.functions), NumpyMeasures(rows))
    controls = ocp.model.controls.low + 0.6 * (ocp.model.controls.high - ocp.model.controls.low)
    w = np.concatenate([np.full(g, 1.0), np.full(g, 0.0), (d.x0 - T_REFERENCE) / T_SCALE])
    t = np.ones((n, 1, rows.size))
    start = Iterate(lumped.x0, np.broadcast_to(controls / ocp.u_scale, (n, 1, controls.size)), np.broadcast_to(w, (n, 1, w.size)),
                    np.full((n, 1, problem.ns), 0.1), t, t, np.zeros((n, 1, w.size)))  # fmt: skip
    theirs = core.solve(lumped, start, Options(tolerance=1e-9))

    assert ours.converged.all()
    assert theirs.converged.all()
    assert ours.objective[0] == pytest.approx(theirs.objective[0], rel=1e-6)
    blocks = ours.point.u[:, 0, wide.problem.core.nu :].reshape(n, site.n_cdu, 3)
    np.testing.assert_allclose(blocks, blocks[:, first][:, site.group_of_cdu], atol=1e-6)


def test_different_cdus_are_planned_as_ipopt_does() -> None:
    wide = WideOcp(WideHall(hall("gb200_hall")), GRID[:2], margin=MARGIN)
    loads = np.random.default_rng(4).uniform(0.4, 0.8, (2, wide.model.site.n_cdu))
    data = wide.data([moment(wide.model, loads)])
    start = wide.cold_guess(data)
    found = wide_interior_point(wide.problem, kernel=False).solve(data, start, Options(tolerance=1e-9))
    assert found.converged.all()
    assert found.objective[0] == pytest.approx(by_ipopt(wide.problem.flat, data, start, 1e-9), rel=1e-6)


def test_hot_cdus_get_more_water_than_cool_ones() -> None:
    wide = WideOcp(WideHall(hall("gb200_hall")), GRID[:1], margin=MARGIN)
    loads = np.linspace(0.4, 0.85, wide.model.site.n_cdu)[None]
    data = wide.data([moment(wide.model, loads)])
    found = wide_interior_point(wide.problem, kernel=False).solve(data, wide.cold_guess(data), Options())
    assert found.converged.all()
    speed = found.point.u[0, 0, wide.problem.core.nu :].reshape(-1, 3)[:, 0]
    assert np.all(np.diff(speed) > 0.0)


def test_graphs_do_not_grow_with_cdus() -> None:
    one, other = (WideOcp(WideHall(hall(name)), GRID, margin=MARGIN).problem.structure for name in ("gb200_hall", "frontier"))
    assert np.allclose(
        [f.n_instructions() for f in block_functions(one).all], [f.n_instructions() for f in block_functions(other).all], rtol=0.1
    )


def test_stages_in_which_cdus_do_not_settle_are_refused() -> None:
    model = WideHall(hall("gb200_hall"))
    assert 60.0 < model.settling < 300.0
    with pytest.raises(ValueError, match="shortest stage 100 s: must be at least the time in which a CDU settles"):
        WideOcp(model, (900.0, 100.0), margin=MARGIN)


def test_loads_that_are_no_numbers_are_refused() -> None:
    wide = WideOcp(WideHall(hall("frontier")), GRID, margin=MARGIN)
    d = moment(wide.model, np.full((3, wide.model.site.n_cdu), 0.5))
    data = wide.data([dataclasses.replace(d, q=np.where(np.eye(3, wide.model.site.n_cdu) > 0.0, np.nan, d.q))])
    with pytest.raises(ValueError, match="must be a number"):
        data.check(wide.problem.flat)


@pytest.mark.parametrize(("length", "hours"), [(900.0, 0.25), (7200.0, 2.0), (86400.0, 24.0), (1e7, 1.0)])
def test_stages_count_by_their_length(length: float, hours: float) -> None:
    plant = hall("frontier")
    assert Ocp(GroupedHall(plant), (length,)).hours.tolist() == [hours]
    assert WideOcp(WideHall(plant), (length,), margin=MARGIN).hours.tolist() == [hours]


def test_no_stage_lasts_longer_than_a_day_but_not_for_ever() -> None:
    words = "stage 1 lasts 90000 s: must be above 0 and at most 86400 s, or, for what never changes, at least 1e\\+07 s"
    with pytest.raises(ValueError, match=words):
        Ocp(GroupedHall(hall("frontier")), (900.0, 90000.0))
    with pytest.raises(ValueError, match=words):
        WideOcp(WideHall(hall("frontier")), (900.0, 90000.0), margin=MARGIN)
