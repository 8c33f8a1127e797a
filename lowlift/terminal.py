"""What the command line says and how: user errors in one line, progress, tables and verdicts."""

import contextlib
from collections.abc import Iterator
from typing import Any

import typer


class UsageError(ValueError):
    """A wrong option value; the message says what would be right."""


def user_errors() -> tuple[type[BaseException], ...]:
    """Errors that a user can cause and mend: shown in one line, without a traceback."""
    from lowlift.bms.bacnet_link import BacnetError
    from lowlift.bms.chain import ChainError
    from lowlift.bms.control import ConflictError
    from lowlift.bms.gateway import GatewayError
    from lowlift.bms.meter import SavingsError
    from lowlift.bms.store import ApprovalError
    from lowlift.data import DataError
    from lowlift.hil.commissioning import ERRORS as COMMISSION_ERRORS
    from lowlift.hil.fmu_errors import FmuError
    from lowlift.hil.panel.access import TokenError
    from lowlift.hil.serve import ERRORS
    from lowlift.models.design import DesignError
    from lowlift.models.plant import SteadyStateError
    from lowlift.models.schema import SiteError
    from lowlift.sim.compare import ControllerError
    from lowlift.sim.demo import DemoError
    from lowlift.sim.files import WriteError
    from lowlift.sim.scenario import ScenarioError
    from lowlift.sim.schedule_rows import ScheduleError
    from lowlift.sim.validation.spec import ValidationError
    from lowlift.thermal.component import ParameterError
    from lowlift.wire.bacnet_address import BacnetAddressError
    from lowlift.wire.link import SetupError
    from lowlift.wire.links import UrlError
    from lowlift.wire.point_formats import FormatError
    from lowlift.wire.protocols import UnknownProtocolError
    from lowlift.wire.site_map import MapError

    return (
        UsageError, DataError, SiteError, DesignError, SteadyStateError, ScenarioError, ScheduleError, ControllerError, ParameterError,
        WriteError, DemoError, ValidationError, FormatError, MapError, UnknownProtocolError, BacnetError, ChainError, SavingsError,
        ApprovalError, FmuError, TokenError, UrlError, SetupError, GatewayError, ConflictError, BacnetAddressError, *ERRORS,
        *COMMISSION_ERRORS,
    )  # fmt: skip


@contextlib.contextmanager
def friendly() -> Iterator[None]:
    """Turn user errors, and what the machine refuses, into one line and exit code 2."""
    try:
        yield
    except user_errors() as error:
        typer.echo(f"lowlift: {error}", err=True)
        raise typer.Exit(2) from error
    except BrokenPipeError:
        # Nobody reads any more: typer ends quietly.
        raise
    except OSError as error:
        # What no command expects of a file, like a name that is too long.
        where = "" if error.filename is None else f"{error.filename}: "
        typer.echo(f"lowlift: {where}{error.strerror or error}", err=True)
        raise typer.Exit(2) from error


@contextlib.contextmanager
def bar(title: str) -> Iterator[Any]:
    """A progress bar on stderr; yields a function that takes the share done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"), TimeElapsedColumn(),
               TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(title, total=1.0)
        yield lambda share: progress.update(task, completed=share)
        # The last report comes some steps before the end.
        progress.update(task, completed=1.0)


SHOWN = {
    "energy_cooling_kWh": ("cooling", "kWh", 0), "pue": ("PUE", "", 4), "wue_l_per_kWh": ("WUE", "L/kWh", 2),
    "violation_Kh": ("violation", "K h", 3), "max_violation_K": ("worst", "K", 1), "gap_closed": ("gap closed", "SiteTuned", 3),
    "gap_closed_g36": ("gap closed", "Guideline36", 3), "solve_ms_median": ("solve", "ms", 0), "fallbacks": ("fallbacks", "", 0),
}  # fmt: skip


def show_table(title: str, rows: list[dict[str, Any]]) -> None:
    """Print the comparison."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title)
    table.add_column("controller")
    for name, unit, _ in SHOWN.values():
        table.add_column(f"{name}\n{unit}", justify="right")
    for row in rows:
        cells = [("n/a" if row[k] is None else f"{row[k]:.{digits}f}") for k, (_, _, digits) in SHOWN.items()]
        table.add_row(row["controller"], *cells)
    Console(width=140).print(table)


def show_proof(proof: dict[str, Any]) -> None:
    """Print the oracle's self-proof."""
    from lowlift.sim.proof_words import findings

    for finding in findings(proof):
        typer.echo(f"oracle: {finding.text} {finding.verdict}")


def one_line(message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    """Show warnings like errors: without the place in the program."""
    return f"lowlift: warning: {message}\n"
