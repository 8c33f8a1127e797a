"""A site for control clients, without a network: a link straight to the point image of a served plant, which can be cut and can refuse."""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np
from wire_plants import plant, points, served

from lowlift.bms.audit_log import AuditTrail, records
from lowlift.bms.control import ControlClient
from lowlift.controllers.interface import Decision, Status
from lowlift.hil.served_plant import ServedPlant
from lowlift.sim.entrants import live_run
from lowlift.wire.link import LinkError, defaults_of
from lowlift.wire.point import Refusal, RefusedError

SMALL = "chiller_plant"
STEP = 15.0


class ImageLink:
    """A link whose wire is a method call; each connection is another client to the site, as over TCP."""

    priorities = False
    url = "image://here"

    def __init__(self, served: ServedPlant) -> None:
        self.served, self.points = served, served.image.points
        self.cut = False
        self.refuses: set[str] = set()
        self.cut_after: int | None = None
        self.sent: list[dict[str, float]] = []
        self.connects = 0

    def connect(self) -> None:
        self.connects += 1
        self._alive()

    def close(self) -> None:
        pass

    def __enter__(self) -> "ImageLink":
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def read(self, names: Collection[str] | None = None) -> dict[str, float]:
        self._alive()
        values = self.points.to_si(self.served.image.values())
        return {p.name: float(v) for p, v in zip(self.points.points, values, strict=True)}

    def write(self, values: Mapping[str, float]) -> None:
        self._alive()
        for name in values:
            if name in self.refuses:
                raise RefusedError(Refusal.DENIED, f"{name}: the other side refuses, for this test")
        self.sent.append(dict(values))
        for name, value in values.items():
            if self.cut_after is not None:
                self.cut, self.cut_after = self.cut_after == 0, self.cut_after - 1
                self._alive()
            self.served.image.write({name: self.points[name].from_si(value)}, f"client, connection {self.connects}")

    def release(self, names: Collection[str]) -> None:
        self.write(defaults_of(self.points, names))

    def overridden(self, names: Collection[str]) -> dict[str, int]:
        return {}

    def _alive(self) -> None:
        if self.cut:
            raise LinkError("the cable is out")


def site(name: str = SMALL, **options: Any) -> ServedPlant:
    return served(name, **({"step": STEP} | options))


def client_of(link: Any, trail: AuditTrail, controller: Any = "Guideline36", name: str = SMALL, **options: Any) -> ControlClient:
    run = live_run(controller, plant(name)) if isinstance(controller, str) else controller
    return ControlClient(plant(name), run, link, trail, **({"act": True} | options))


def together(client: ControlClient, one: ServedPlant, cycles: int) -> list[Any]:
    done = []
    for _ in range(cycles):
        done.append(client.cycle())
        for _ in range(round(client.sample / one.step_size)):
            one.step()
    return done


def shown(one: ServedPlant, name: str) -> float:
    return float(one.image.values()[points().position(name)])


class Asks:
    """A controller that asks for one thing."""

    name, period = "Asks", 300.0

    def __init__(self, **values: float) -> None:
        self.values, self.resets = values, 0

    def reset(self, batch: int) -> None:
        self.resets += 1

    def decide(self, measurement, forecast) -> Decision:
        table = plant().site.sheet.setpoints
        middle = {s.name: np.full((1, s.size), (s.low + s.high) / 2.0) for s in table.signals}
        for name, value in self.values.items():
            middle[name] = np.full_like(middle[name], value)
        return Decision(setpoints=np.asarray(table.pack(middle)), status=Status.RULE)


def kinds(trail: AuditTrail) -> list[str]:
    return [r["kind"] for r in records(trail.path)]
