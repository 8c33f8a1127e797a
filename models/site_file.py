"""Reading a site file: TOML text to a checked :class:`lowlift.models.schema.Form`; errors name file, line, key, value, unit and bound."""

import contextlib
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pydantic

from lowlift.data.errors import DataError
from lowlift.data.hints import near
from lowlift.data.text import read_text
from lowlift.models.kinds import DEFAULT, Kind, UnknownKindError, kind_of
from lowlift.models.schema import Section, SiteError, SiteValueError, value_of


def read_site_file(path: Path) -> tuple[Section, Kind]:
    """Read and check one site file in the form of its kind of plant, which ``kind`` in ``[site]`` names.

    Raises:
        SiteError: naming file, line, key, value and bound; for an unknown key also the nearest valid one.
    """
    text = _text(path)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SiteError(f"{path}: not valid TOML: {error}") from error
    head = data.get("site")
    name = head.get("kind", DEFAULT) if isinstance(head, dict) else DEFAULT
    try:
        kind = kind_of(str(name))
    except UnknownKindError as error:
        raise SiteError(_line(path, text, ["site", "kind"], name, str(error))) from error
    form: type[Section] = kind.get("form")
    try:
        return form.model_validate(data), kind
    except pydantic.ValidationError as error:
        raise SiteError("\n".join(_explain(path, text, form, dict(e)) for e in error.errors())) from error


@contextlib.contextmanager
def located(path: Path, file: Section) -> Iterator[None]:
    """Add file, line and value to the errors of what is built from a site file."""
    try:
        yield
    except SiteValueError as error:
        raise SiteError(_line(path, _text(path), error.key.split("."), value_of(file, error.key), error.reason)) from error


def _text(path: Path) -> str:
    try:
        return read_text(path)
    except DataError as error:
        raise SiteError(str(error)) from error


def _explain(path: Path, text: str, form: type[Section], error: dict[str, Any]) -> str:
    location = [str(part) for part in error["loc"]]
    cause = error.get("ctx", {}).get("error")
    if isinstance(cause, SiteValueError):
        whole = tomllib.loads(text)
        section, _, key = cause.key.partition(".")
        return _line(path, text, cause.key.split("."), whole[section][key] if key else None, cause.reason)
    if error["type"] == "extra_forbidden":
        valid = _valid_keys(form, location[:-1])
        like = near(location[-1], valid, n=1)
        hint = f"did you mean {like[0]!r}?" if like else f"valid keys: {', '.join(sorted(valid))}"
        return f"{_where(path, text, location)}: unknown key {'.'.join(location)!r}; {hint}"
    missing = error["type"] == "missing" or not location
    return _line(path, text, location, None if missing else error["input"], str(error["msg"]).removeprefix("Value error, "))


def _line(path: Path, text: str, location: list[str], value: Any, reason: str) -> str:
    key = ".".join(location)
    shown = "" if value is None or isinstance(value, dict) else f" = {value!r}{_unit_of(location[-1])}"
    return f"{_where(path, text, location)}: {key}{shown}: {reason}" if key else f"{_where(path, text, location)}: {reason}"


def _where(path: Path, text: str, location: list[str]) -> str:
    line = _line_of(text, location)
    return f"{path}:{line}" if line else str(path)


def _line_of(text: str, location: list[str]) -> int | None:
    """Line of a key, or of its section where the key is missing."""
    section, of_section = "", None
    for i, row in enumerate(text.splitlines(), start=1):
        stripped = row.strip()
        if stripped.startswith("["):
            section = stripped.split("]")[0].lstrip("[").strip()
            if location and section == location[0]:
                of_section = i
        elif len(location) > 1 and section == location[0] and stripped.split("=")[0].strip() == location[1]:
            return i
    return of_section


def _valid_keys(form: type[Section], parents: list[str]) -> list[str]:
    if not parents:
        return list(form.model_fields)
    annotation = form.model_fields[parents[0]].annotation
    options = [annotation, *getattr(annotation, "__args__", ())]
    model = next(o for o in options if isinstance(o, type) and issubclass(o, Section))
    return list(model.model_fields)


def _unit_of(key: str) -> str:
    for suffix, unit in (
        ("_degC", " degC"), ("_kW_per_cell", " kW"), ("_kW", " kW"), ("_kPa", " kPa"), ("_K_W", " K/W"),
        ("_kg_s", " kg/s"), ("_L_s", " L/s"), ("_m3_s", " m3/s"), ("_m3", " m3"), ("_J_K", " J/K"),
        ("_MJ_K", " MJ/K"), ("_K", " K"), ("_m", " m"),
    ):  # fmt: skip
        if key.endswith(suffix):
            return unit
    return ""
