"""The linear model: declared outputs, exact derivatives, a power balance that responds as the plant does."""

import numpy as np
import pytest
from models_halls import hall, point

from lowlift.models.linear import output_table
from lowlift.models.liquid_hall import LiquidHall
from lowlift.models.measure import hottest

SITES = ["frontier", "gb200_hall"]


def outputs(plant: LiquidHall, x: np.ndarray, u: np.ndarray, d: np.ndarray) -> np.ndarray:
    """The declared outputs, straight from the plant."""
    T = plant.states.unpack(x)
    values = {"T_chip": hottest(T["T_chip"], plant), "T_return_hot": hottest(T["T_cool"], plant), "T_supply": T["T_supply_sensor"],
              "T_return": T["T_return"], "P_cooling": plant.powers(plant.flows(u), d, plant.fluxes(x, u, d).P_chiller).cooling}  # fmt: skip
    values |= {name: T[name] for name in (*plant.facility.nodes, *plant.sensor_nodes)}
    return np.asarray(output_table(plant).pack(values))


@pytest.mark.parametrize("site", SITES)
def test_every_table_equals_finite_differences_in_every_direction(site: str) -> None:
    plant = hall(site)
    u, d = point(plant)
    # Off the steady state: racks of their own temperatures, so that the hottest one is unique.
    x = plant.steady(u, d) + np.random.default_rng(1).uniform(-1.0, 1.0, (1, plant.states.size))
    linear = plant.linearize(x[0], u[0], d[0])
    np.testing.assert_allclose(linear.y, outputs(plant, x, u, d)[0], rtol=1e-12)
    for k, (start, of_state, of_output, steps) in enumerate(
        [(x, linear.A, linear.C, np.full(x.shape[1], 1e-3)), (u, linear.B, linear.D, 1e-5 * np.maximum(np.abs(u[0]), 0.1)),
         (d, linear.E, linear.F, 1e-5 * np.maximum(np.abs(d[0]), 1.0))]
    ):  # fmt: skip
        shifts = np.concatenate([np.diag(steps), -np.diag(steps)])
        batch = [np.repeat(v, len(shifts), axis=0) for v in (x, u, d)]
        batch[k] = start + shifts
        for table, values in ((of_state, plant.derivatives(*batch)), (of_output, outputs(plant, *batch))):
            n = len(steps)
            slopes = ((values[:n] - values[n:]) / (2.0 * steps[:, None])).T
            scale = np.abs(slopes).max(axis=1, keepdims=True) + 1e-12
            np.testing.assert_allclose(table.to_numpy() / scale, slopes / scale, atol=2e-5)


@pytest.mark.parametrize("site", SITES)
def test_outputs_are_declared_with_units(site: str) -> None:
    plant = hall(site)
    u, d = point(plant)
    linear = plant.linearize(plant.steady(u, d), u, d)
    n, names = plant.site.n_cdu, list(linear.C.index)
    assert names[: 4 * n : n] == ["T_chip[1]", "T_return_hot[1]", "T_supply[1]", "T_return[1]"]
    assert set(plant.facility.nodes) < set(names) and len(names) < plant.states.size
    assert linear.units["P_cooling"] == "W" and set(linear.units.drop("P_cooling")) == {"K"}
    assert list(linear.D.columns) == plant.actuators.names and list(linear.F.columns) == plant.disturbances.names
    assert linear.D.loc["P_cooling", "y_fan"] > 0.0
    assert (linear.D.drop(index="P_cooling") == 0.0).all(axis=None)


def test_the_matrices_describe_a_step_in_fan_speed() -> None:
    """Static gains of ``(A, B, C, D)``, as a control library would compute them, against two steady states of the plant."""
    plant = hall("gb200_hall")
    u, d = point(plant)
    x = plant.steady(u, d)
    linear = plant.linearize(x[0], u[0], d[0])
    A, B, C, D = (m.to_numpy() for m in (linear.A, linear.B, linear.C, linear.D))
    assert np.linalg.eigvals(A).real.max() < 0.0
    more = u.copy()
    k, h = plant.actuators.names.index("y_fan"), 1e-3
    more[0, k] += h
    gain = (D - C @ np.linalg.solve(A, B))[:, k]
    change = (outputs(plant, plant.steady(more, d), more, d) - outputs(plant, x, u, d))[0] / h
    rows = [linear.C.index.get_loc(name) for name in ("T_supply[1]", "T_chip[1]", "T_basin", "P_cooling")]
    np.testing.assert_allclose(gain[rows], change[rows], rtol=5e-3)
