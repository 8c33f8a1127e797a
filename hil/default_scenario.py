"""What a served plant lives through: its own weather and load unless told otherwise."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lowlift.data.hints import hint
from lowlift.models.plant import Plant
from lowlift.sim.scenario import Scenario, ScenarioError, build_scenario

OPTIONS: dict[str, type] = {"weather": str, "workload": str, "start": str, "days": float, "seed": int, "zone": str, "warm_up": float}
"""What a description of a scenario may say, as :func:`lowlift.sim.scenario.build_scenario` takes it."""
START = "07-04"
"""First day of generated loads: summer, when cooling matters most."""


def scenario_of(plant: Plant, described: str | None = None) -> Scenario:
    """The scenario of a served plant; without warm-up, since it starts at rest.

    Args:
        plant: the plant.
        described: ``key=value`` pairs joined by commas, like ``weather=tucson,workload=llm_training,days=7``, or a TOML file with these
            keys; a day of the plant's own weather and load where nothing is said.

    Raises:
        ScenarioError: an unknown key, a value of the wrong type, or series that do not fit the plant.
        DataError: a series is unusable.
    """
    said = {} if described is None else _said(described)
    for key in said:
        if key not in OPTIONS:
            raise ScenarioError(f"scenario: unknown key {key!r}; {hint(key, OPTIONS)}")
    options: dict[str, Any] = {"days": 1.0, "warm_up": 0.0} | {key: _typed(key, value) for key, value in said.items()}
    if "start" not in options and "workload" not in options and plant.site.workload != "frontier":
        options["start"] = START
    return build_scenario(plant, **options)


def _said(described: str) -> Mapping[str, Any]:
    if described.lower().endswith(".toml"):
        try:
            return tomllib.loads(Path(described).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise ScenarioError(f"scenario {described}: {error}") from error
    pairs = [part.partition("=") for part in described.split(",") if part.strip()]
    for key, equals, _ in pairs:
        if not equals:
            raise ScenarioError(f"scenario: {key.strip()!r} is no key=value; keys are {', '.join(OPTIONS)}, or name a .toml file")
    return {key.strip(): value.strip() for key, _, value in pairs}


def _typed(key: str, value: Any) -> Any:
    wanted = OPTIONS[key]
    try:
        if isinstance(value, str) or (wanted is float and isinstance(value, int) and not isinstance(value, bool)):
            return wanted(value)
    except ValueError as error:
        raise ScenarioError(f"scenario: {key} = {value!r}: must be a number") from error
    if type(value) is not wanted:
        raise ScenarioError(f"scenario: {key} = {value!r}: must be of type {wanted.__name__}")
    return value
