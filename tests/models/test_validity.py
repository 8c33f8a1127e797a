"""Plants say where their components leave their declared ranges."""

import numpy as np
import pytest
from models_halls import hall, point

from lowlift.models.design import design_report

SITES = ("gb200_hall", "frontier")


@pytest.mark.parametrize("site", SITES)
def test_shipped_sites_are_designed_inside_every_range(site: str) -> None:
    assert design_report(hall(site)).outside == ()


@pytest.mark.parametrize("site", SITES)
def test_ordinary_operation_is_inside(site: str) -> None:
    plant = hall(site)
    for load in (0.3, 1.0):
        u, d = point(plant, load, batch=3)
        assert plant.outside(plant.steady(u, d), u, d) == []


def test_what_is_outside_is_named_with_value_and_bounds() -> None:
    plant = hall("gb200_hall")
    u, d = point(plant)
    x = plant.steady(u, d)
    u[:, plant.actuators.slices["n_cells"]] = 1.0  # all water over one cell
    d[:, plant.disturbances.slices["T_wb"]] = 245.0
    d[:, plant.disturbances.slices["q_liquid"].start] = 2.0 * plant.site.rack_power
    words = plant.outside(x, u, d)
    assert [w.split(" = ")[0] for w in words] == ["Rack: Q_liquid", "CoolingTowerCell: m_w", "CoolingTowerCell: T_wb"]
    assert words[2] == "CoolingTowerCell: T_wb = 245 K, declared 250 to 305"


def test_machines_that_stand_are_not_asked() -> None:
    plant = hall("gb200_hall")
    u, d = point(plant)
    x = plant.steady(u, d)
    x[:, plant.states.slices["T_chw"]] = 306.0
    assert {w.split(" = ")[0] for w in plant.outside(x, u, d)} == {"CarnotChiller: T_chw", "CarnotChiller: Q_dot"}
    u[:, plant.actuators.slices["n_chillers"]] = 0.0
    assert plant.outside(x, u, d) == []
    assert np.isfinite(plant.fluxes(x, u, d).P_chiller).all()
