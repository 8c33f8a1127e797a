"""The command about tests of a site: ``lowlift commission``."""

import threading
from pathlib import Path
from typing import Annotated

import typer

from lowlift.cli_hil import check_step
from lowlift.cli_link import (
    CertificateOption,
    ClientAddressOption,
    KeyOption,
    MapOption,
    PasswordOption,
    ServerCertificateOption,
    UserOption,
    link_options,
)
from lowlift.terminal import UsageError, bar, friendly


def commission(
    script: Annotated[Path, typer.Argument(help="Test script, TOML.")],
    plant: Annotated[str, typer.Option(help="Plant name or site file.")] = "gb200_hall",
    url: Annotated[str | None, typer.Option(help="Where the site is, like modbus://10.0.0.7; else the plant is run.")] = None,
    scenario: Annotated[str | None, typer.Option(help="Of a plant that is run itself, like weather=tucson,days=7, or a TOML file.")] = None,
    step: Annotated[float, typer.Option(help="Step of a plant that is run itself [s].")] = 5.0,
    map_file: MapOption = None,
    poll: Annotated[float, typer.Option(help="Real time between two looks over a URL [s].")] = 0.5,
    priority: Annotated[int | None, typer.Option(help="BACnet priority of what is written. [default: 13]")] = None,
    client_address: ClientAddressOption = None,
    user: UserOption = None,
    password_file: PasswordOption = None,
    certificate: CertificateOption = None,
    private_key: KeyOption = None,
    server_certificate: ServerCertificateOption = None,
    out: Annotated[Path, typer.Option(help="Folder for the report: HTML, PDF and JSON.")] = Path("commissioning"),
) -> None:
    """Run a test script against a plant or a site: exit code 0 if it passes, 1 if it fails, 2 if it cannot be run.

    Interrupted, terminated or hung up, it puts everything back and reports what has run; the exit code is 128 and the signal's number.
    """
    with friendly():
        from lowlift import models
        from lowlift.hil.commission_report import write_report
        from lowlift.hil.commission_watch import Verdict
        from lowlift.hil.commissioning import commission as run
        from lowlift.sim.files import make_folder
        from lowlift.wire.stopping import SHELL, stopping

        check_step(step)
        if not 0.0 < poll < float("inf"):
            raise UsageError(f"--poll = {poll:g} s: must be above 0")
        if priority is not None and not 1 <= priority <= 16:
            raise UsageError(f"--priority = {priority}: must be from 1 to 16")
        link = link_options(client_address=client_address, user=user, password_file=password_file, certificate=certificate,
                            private_key=private_key, server_certificate=server_certificate) | (
            {} if priority is None else {"priority": priority}
        )  # fmt: skip
        if link and url is None:
            raise UsageError("options of a connection need --url")
        make_folder(out)
        loaded = models.load(plant, check=url is None)
        stop = threading.Event()
        with stopping(stop) as heard:
            with bar(script.name) as done:

                def tell(share: float, words: str) -> None:
                    # After a hang-up nobody listens any more.
                    if words and not stop.is_set():
                        typer.echo(words, err=True)
                    done(share)

                result = run(script, loaded, url=url, scenario=scenario, step=step, map_file=map_file, poll=poll, link=link,
                             progress=tell, stop=stop)  # fmt: skip
                files = write_report(result, out)
        for c in result.preconditions:
            typer.echo(f"{c.verdict.value}: before: {c.wanted}: {c.reason}")
        for n, s in enumerate(result.steps):
            typer.echo(f"{s.verdict.value}: step {n + 1}: {s.name}" + (f": {s.reason}" if s.reason else ""))
            for c in s.checks:
                typer.echo(f"    {c.verdict.value}: {c.wanted}: {c.reason}")
        for line in result.restored:
            typer.echo(f"as it was found: {line}")
        for line in result.left:
            typer.echo(f"not as it was found: {line}")
        typer.echo(f"{result.verdict.value}{', interrupted' * result.interrupted}: {files['html']}, {files['pdf']}")
    if result.interrupted and heard:
        raise typer.Exit(SHELL + heard[0])
    if result.verdict is not Verdict.PASSED:
        raise typer.Exit(1)


def register(app: typer.Typer) -> None:
    """Add this command to the command line."""
    app.command()(commission)
