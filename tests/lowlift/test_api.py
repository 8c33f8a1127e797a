"""The public face: every listed name exists, is found by ``dir()`` and is loaded only when asked for."""

import importlib
import re
import subprocess
import sys

import pytest

import lowlift as ll

PACKAGES = ("bms", "controllers", "data", "hil", "models", "sim", "thermal", "wire")
HEAVY = ("casadi", "matplotlib", "numpy", "pandas", "scipy", "pydantic", "pvlib", "pyarrow", "jinja2", "pymodbus", "asyncua", "bacpypes3")


def printed(code: str, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, check=True)


@pytest.mark.parametrize("package", ["lowlift", *(f"lowlift.{name}" for name in PACKAGES), "lowlift.controllers.optimiser"])
def test_every_public_name_exists_and_is_listed(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__all__ and len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert dir(module) == sorted(module.__all__)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'Nonsense'"):
        _ = module.Nonsense


def test_names_of_the_documentation() -> None:
    assert {"compare", "build_scenario", "Run", "Scenario", *PACKAGES} <= set(dir(ll))
    assert {"MPC", "Guideline36", "SiteTuned", "StaticOptimal", "FixedSetpoint", "AsOperated", "Oracle"} <= set(dir(ll.controllers))
    from lowlift.controllers.mpc import MPC
    from lowlift.sim.compare import compare

    assert ll.controllers.MPC is MPC and ll.compare is compare


def test_a_lazy_name_stays_itself_whatever_was_imported_before() -> None:
    """A module and a function of one name would change places with the order of imports."""
    code = (
        "import importlib, pkgutil, lowlift as ll\n"
        "for m in pkgutil.walk_packages(ll.__path__, 'lowlift.'):\n"
        "    if not m.name.endswith('__main__'): importlib.import_module(m.name)\n"
        "for p in (ll, ll.bms, ll.controllers, ll.data, ll.hil, ll.models, ll.sim, ll.thermal, ll.wire):\n"
        "    print(*(f'{p.__name__}.{n}' for n in p.__all__ if type(getattr(p, n)).__name__ == 'module'))\n"
    )
    modules = set(printed(code).stdout.split())
    assert modules == {
        *(f"lowlift.{name}" for name in PACKAGES),
        "lowlift.sim.plots",
        "lowlift.thermal.ops",
        "lowlift.thermal.psychrometrics",
    }


def test_importing_and_looking_around_loads_nothing_heavy() -> None:
    code = (
        "import sys, lowlift as ll\n"
        "for p in (ll, ll.bms, ll.controllers, ll.data, ll.hil, ll.models, ll.sim, ll.thermal, ll.wire): dir(p)\n"
        f"print([m for m in {HEAVY} if m in sys.modules])\n"
    )
    assert printed(code).stdout.strip() == "[]"


def test_import_takes_less_than_eight_tenths_of_a_second() -> None:
    lines = printed("import lowlift", "-X", "importtime").stderr.splitlines()
    (total,) = [re.split(r"\s*\|\s*", line.removeprefix("import time:"))[1] for line in lines if line.endswith("| lowlift")]
    assert int(total) < 800_000, f"{total} us"
