"""Every protocol by a client that nobody here has written, where it is installed; see ``benchmarks/independent_clients.py``."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FOLDER = os.environ.get("LOWLIFT_NODE_CLIENTS")


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        yield importlib.import_module("independent_clients")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gb200_hall", "chiller_plant"])
@pytest.mark.parametrize("protocol", ["modbus", "bacnet", "opcua"])
def test_every_point_is_read_right_commands_are_taken_and_wrong_ones_refused(script: ModuleType, name: str, protocol: str) -> None:
    if protocol != "modbus" and FOLDER is None:
        pytest.skip("LOWLIFT_NODE_CLIENTS names no folder with the npm packages")
    try:
        result = script.check(name, protocol, None if FOLDER is None else Path(FOLDER))
    except script.MissingError as error:
        pytest.skip(str(error))
    assert result["wrong"] == []
    assert result["read"] == result["points"] and result["taken"] + result["refused"] == result["writes"]
    if protocol == "opcua":
        assert result["anonymous_read"] == result["points"] and result["anonymous_denied"] == result["taken"]
        assert result["stranger"].startswith("Bad")


def test_what_differs_is_noticed(script: ModuleType) -> None:
    from wire_plants import served

    plant = served()
    got = {"read": {"T_chw": {"value": 99.0, "unit": 1, "label": "T_chw"}}, "written": [], "values": plant.image.values()}
    wrong = script.judged("bacnet", plant, got, [])["wrong"]
    assert any("T_chw: read 99.0" in w for w in wrong) and any("T_chw: unit 1, is 62" in w for w in wrong)
    assert any("P_it: not read" in w for w in wrong)
    step = {"point": {"name": "T_chw"}, "value": 1.0, "expect": "read-only"}
    (last,) = script.judged("bacnet", plant, got | {"written": [{"answer": "good", "after": 1.0}]}, [step])["wrong"][-1:]
    assert "expected read-only" in last
