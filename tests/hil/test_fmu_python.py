"""The python form: the plant in the host's Python, wrapped by PythonFMU3."""

from pathlib import Path

import numpy as np
import pytest
from fmu_here import plant_of

from lowlift.hil.fmu_errors import FmuBuildError, FmuCallError
from lowlift.hil.fmu_export import export_fmu
from lowlift.hil.fmu_layout import start_point
from lowlift.hil.fmu_plant import FmuPlant

SITES = Path(__file__).parents[2] / "models" / "sites"


def test_it_is_valid_and_equal(tmp_path: Path) -> None:
    from fmpy.validation import validate_fmu

    plant = plant_of("chiller_plant")
    path = export_fmu(plant, tmp_path / "chiller.fmu", form="python")
    assert validate_fmu(str(path)) == []
    x, u, d = start_point(plant)
    with FmuPlant(path, site="chiller_plant") as fmu:
        z, stepper, same = fmu.steady(u, d), fmu.integrator(15.0), plant.integrator(15.0)
        x, u, d = x[None], u[None], d[None] * [0.8, 0.99, 1.0, 1.0]
        for _ in range(20):
            (z, _), (x, _) = stepper.step(z, u, d), same.step(x, u, d)
        np.testing.assert_allclose(z[:, 1:5], x, rtol=0.0, atol=1e-6)
        with pytest.raises(FmuCallError, match=r"(?s)status fatal.*leaves the range|status discard.*leaves the range"):
            stepper.step(z, u, d * [1e300, 1.0, 1.0, 1.0])


def test_a_site_file_goes_with_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text((SITES / "chiller_plant.toml").read_text().replace('name = "chiller_plant"', 'name = "mine"'))
    from lowlift.models import load

    plant = load(file, check=False)
    with pytest.raises(FmuBuildError, match="needs its file"):
        export_fmu(plant, tmp_path / "mine.fmu", form="python")
    path = export_fmu(plant, tmp_path / "mine.fmu", form="python", site_file=file)
    with FmuPlant(path, site=file) as fmu:
        _, u, d = start_point(plant)
        assert fmu.integrator(15.0).step(fmu.begin(u, d), u, d)[0][0, 0] == 15.0


def test_there_is_no_fmi_2(tmp_path: Path) -> None:
    with pytest.raises(FmuBuildError, match=r"FMI 3\.0 only"):
        export_fmu(plant_of("chiller_plant"), tmp_path / "x.fmu", fmi=2, form="python")
