"""A run behind a panel, and faults of a sensor that can be pressed, for the tests of the panel."""

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from wire_plants import SMALL, served

from lowlift.hil.panel.fault_switch import FaultButton
from lowlift.hil.panel.server import PanelServer
from lowlift.hil.runner import Runner

TOKEN = "a token for the tests only"


class SensorBias:
    """A hook on the readings that adds to some of them while their button is pressed."""

    def __init__(self, **biases: float) -> None:
        self._biases = biases
        self._buttons = {
            f"bias {name}": FaultButton(name=f"bias {name}", words=f"{name} reads {size:+g} K", group="sensors")
            for name, size in biases.items()
        }

    def buttons(self) -> Sequence[FaultButton]:
        return tuple(self._buttons.values())

    def switch(self, name: str, on: bool) -> None:
        if name not in self._buttons:
            raise ValueError(f"no fault {name!r}")
        self._buttons = self._buttons | {name: dataclasses.replace(self._buttons[name], active=on)}

    def __call__(self, t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        added = {n: readings[n] + size for n, size in self._biases.items() if self._buttons[f"bias {n}"].active}
        return dict(readings) | added


@contextmanager
def running_panel(
    name: str = SMALL,
    speed: float = 30.0,
    biases: dict[str, float] | None = None,
    token: str | None = TOKEN,
) -> Iterator[PanelServer]:
    """A plant that runs behind a panel at a free port."""
    runner = Runner(served(name, step=1.0, disturb=SensorBias(**(biases or {"T_chw": 6.0}))), speed=speed)
    server = PanelServer(runner, token=token, port=0)
    server.start()
    runner.start()
    try:
        yield server
    finally:
        server.stop()
        runner.stop()
