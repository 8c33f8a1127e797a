"""A commissioning script: what is done to a site, step by step, and what must come of it; a TOML file.

::

    title = "Supply of CDU 1"
    sample = 5.0                                  # s between two looks; every plant step where nothing is said
    plot = ["T_chip[1]"]                          # charts beside those of the points that are expected something of

    [[fault]]                                     # see lowlift.hil.fault; begun and ended by steps
    name = "sensor reads low"
    what = "bias"
    where = "T_supply[1]"
    size = -2.0

    [[precondition]]                              # or the script is not begun
    point = "alarm.fail_safe"
    value = 0

    [[step]]
    name = "Warmer supply"
    set = { "T_supply_set[1].cmd" = 35.0 }        # site units; put back at the end
    expect = { point = "T_supply[1]", value = 35.0, tolerance = 0.3, within = 1200, holds = 300 }

    [[step]]
    name = "The sensor begins to lie"
    fault = "sensor reads low"                    # one or a list; end = "sensor reads low" ends it
    wait = 600                                    # s, before anything is expected
    expect = [{ point = "T_chip[1]", below = 85.0, holds = 900 }]

An expectation is met when its point comes to ``value`` within ``tolerance`` (0), below ``below`` or above ``above``, at most ``within``
seconds (0) after the step's wait, and stays there for ``holds`` seconds (0). A point that leaves again before that may come back within the
time. All expectations of a step are watched at once. What is not a number meets nothing.
"""

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lowlift.data.hints import hint
from lowlift.hil.commission_script import Expectation, Script, ScriptError, Step, step_at
from lowlift.hil.fault import FaultError, fault_of, unique

KEYS = {
    "script": ("title", "about", "sample", "plot", "fault", "precondition", "step"),
    "step": ("name", "set", "end", "fault", "wait", "expect"),
    "expect": ("point", "value", "tolerance", "below", "above", "within", "holds"),
}


def load_script(path: str | Path) -> Script:
    """Read a script; whether it fits a site is for :func:`check_script`.

    Raises:
        ScriptError: unreadable, or a field is unknown, missing or of the wrong type.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
        record = tomllib.loads(text)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ScriptError(f"{path}: {error}") from error
    return script_of(record, str(path), text)


def script_of(record: Mapping[str, Any], source: str, text: str = "") -> Script:
    """The script of a file's contents.

    Raises:
        ScriptError: see :func:`load_script`.
    """
    _keys(record, "script", source)
    faults = []
    for k, entry in enumerate(_tables(record, "fault", source)):
        at = f"{source}: fault {k + 1}"
        try:
            fault = fault_of(entry, at)
        except FaultError as error:
            raise ScriptError(str(error)) from error
        for key in ("from", "to", "by_hand"):
            if key in entry:
                raise ScriptError(f"{at}.{key}: steps begin and end the faults of a script")
        faults.append(fault)
    try:
        known = unique(faults)
    except FaultError as error:
        raise ScriptError(f"{source}: {error}") from error
    steps = [_step(entry, k + 1, source, [f.title for f in known]) for k, entry in enumerate(_tables(record, "step", source))]
    if not steps:
        raise ScriptError(f"{source}: no step: write at least one [[step]]")
    sample = None if "sample" not in record else _seconds(record["sample"], f"{source}: sample")
    if sample == 0.0:
        raise ScriptError(f"{source}: sample = 0 s: must be above 0")
    plot = record.get("plot", [])
    if not isinstance(plot, list) or not all(isinstance(p, str) for p in plot):
        raise ScriptError(f"{source}: plot must be a list of point names")
    preconditions = [_expectation(e, f"{source}: precondition {k + 1}") for k, e in enumerate(_tables(record, "precondition", source))]
    for k, e in enumerate(preconditions):
        if e.within or e.holds:
            raise ScriptError(f"{source}: precondition {k + 1}: holds at the begin or not at all; it has neither within nor holds")
    return Script(
        title=_text(record.get("title", Path(source).stem), f"{source}: title"), about=_text(record.get("about", ""), f"{source}: about"),
        sample=sample, plot=tuple(plot), faults=known, preconditions=tuple(preconditions), steps=tuple(steps), source=source, text=text,
    )  # fmt: skip


def _step(entry: Mapping[str, Any], number: int, source: str, faults: list[str]) -> Step:
    name = _text(entry.get("name", f"Step {number}"), f"{source}: step {number}.name")
    at = step_at(source, number, name)
    _keys(entry, "step", at)
    commands = entry.get("set", {})
    if not isinstance(commands, dict):
        raise ScriptError(f'{at}: set = {commands!r}: must be a table like {{ "T_supply_set[1].cmd" = 33.5 }}')
    begins, ends = (_names(entry.get(key, []), f"{at}: {key}", faults) for key in ("fault", "end"))
    wanted = entry.get("expect", [])
    wanted = [wanted] if isinstance(wanted, dict) else wanted
    if not isinstance(wanted, list) or not all(isinstance(e, dict) for e in wanted):
        raise ScriptError(f"{at}: expect must be a table or a list of tables")
    if not (commands or begins or ends or "wait" in entry or wanted):
        raise ScriptError(f"{at}: does nothing; it needs set, end, fault, wait or expect")
    expects = tuple(_expectation(e, f"{at}: expect {k + 1}") for k, e in enumerate(wanted))
    values = {point: _number(value, f"{at}: set {point}") for point, value in commands.items()}
    wait = _seconds(entry.get("wait", 0.0), f"{at}: wait")
    return Step(name=name, commands=values, begins=begins, ends=ends, wait=wait, expects=expects)


def _expectation(entry: Mapping[str, Any], at: str) -> Expectation:
    _keys(entry, "expect", at)
    if "point" not in entry:
        raise ScriptError(f"{at}: point is missing")
    values = {key: _number(entry[key], f"{at}.{key}") for key in ("value", "tolerance", "below", "above") if key in entry}
    times = {key: _seconds(entry[key], f"{at}.{key}") for key in ("within", "holds") if key in entry}
    if ("value" in values) == ("below" in values or "above" in values):
        raise ScriptError(f"{at}: needs either value (with tolerance), or below or above")
    if "tolerance" in values and "value" not in values:
        raise ScriptError(f"{at}.tolerance: belongs to value, which is missing")
    if values.get("tolerance", 0.0) < 0.0:
        raise ScriptError(f"{at}.tolerance = {values['tolerance']:g}: must be at least 0")
    if "below" in values and "above" in values and not values["above"] < values["below"]:
        raise ScriptError(f"{at}.above = {values['above']:g}: must be less than below = {values['below']:g}")
    return Expectation(point=_text(entry["point"], f"{at}.point"), **values, **times)


def _keys(entry: Mapping[str, Any], kind: str, at: str) -> None:
    for key in entry:
        if key not in KEYS[kind]:
            raise ScriptError(f"{at}: unknown key {key!r}; {hint(key, KEYS[kind])}")


def _tables(record: Mapping[str, Any], key: str, source: str) -> list[Mapping[str, Any]]:
    entries = record.get(key, [])
    if not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
        raise ScriptError(f"{source}: {key} must be an array of tables: write [[{key}]]")
    return entries


def _names(value: Any, at: str, known: list[str]) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else value
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        raise ScriptError(f"{at} = {value!r}: must be the name of a fault, or a list of names")
    for name in names:
        if name not in known:
            raise ScriptError(f"{at} = {name!r}: no [[fault]] of that name; {hint(name, known)}")
    return tuple(names)


def _text(value: Any, at: str) -> str:
    if not isinstance(value, str):
        raise ScriptError(f"{at} = {value!r}: must be a text")
    return value


def _number(value: Any, at: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ScriptError(f"{at} = {value!r}: must be a finite number")
    return float(value)


def _seconds(value: Any, at: str) -> float:
    number = _number(value, at)
    if number < 0.0:
        raise ScriptError(f"{at} = {number:g} s: must be at least 0")
    return number
