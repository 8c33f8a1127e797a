"""The list of properties in the documentation is complete and names tests that exist."""

import ast
import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
PAGE = TESTS.parent / "docs" / "properties.md"
NUMBERS = {"T": 6, "A": 4, "H": 4, "C": 6, "P": 5, "L": 7, "U": 7, "S": 4}
"""Properties of each family."""
CODES = {f"{family}{k}" for family, n in NUMBERS.items() for k in range(1, n + 1)}
ROW = re.compile(r"^\| ([A-Z]\d) \| ([^|]+) \| ([^|]+) \|$", re.M)


def rows() -> dict[str, tuple[str, set[str]]]:
    """Statement and tests by code."""
    found = ROW.findall(PAGE.read_text(encoding="utf-8"))
    assert len({code for code, *_ in found}) == len(found)
    return {code: (statement.strip(), set(re.findall(r"`([^`]+)`", tests))) for code, statement, tests in found}


def existing() -> dict[str, set[str]]:
    """Codes in the name of every test that there is, by its name."""
    names = {}
    for path in TESTS.rglob("test_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                codes = set(re.findall(r"_([A-Z]\d)(?=_|$)", node.name)) & CODES
                names[f"{path.relative_to(TESTS).as_posix()}::{node.name}"] = codes
    return names


def test_no_property_is_missing_and_each_says_something() -> None:
    assert rows().keys() == CODES
    assert all(len(statement) > 20 and statement.endswith(".") for statement, _ in rows().values())


def test_every_test_listed_exists_and_bears_the_code() -> None:
    names = existing()
    for code, (_, tests) in rows().items():
        assert tests, code
        for name in tests:
            assert name in names, f"{code}: there is no test {name}"
            assert code in names[name], f"{name} does not name {code}"


def test_every_named_test_is_listed() -> None:
    listed = {(code, name) for code, (_, tests) in rows().items() for name in tests}
    assert {(code, name) for name, codes in existing().items() for code in codes} == listed
