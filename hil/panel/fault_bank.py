"""Buttons for the fault library: the faults of the run's schedule, and typical ones of the plant that nobody has written down."""

import dataclasses
from collections.abc import Iterator, Sequence

from lowlift.hil.fault import GATEWAY, SENSOR, SITE, Fault, FaultError, What, check, is_actuator
from lowlift.hil.fouling import can_foul
from lowlift.hil.panel.fault_switch import FaultButton, FaultSwitch
from lowlift.hil.served_plant import ServedPlant
from lowlift.models.plant import Plant

BIAS, FOULED = 3.0, 0.3
"""Sizes of the typical ones: what a sensor reads too much [K], share of a conductance that is lost [1]."""

WORDS = {
    What.BIAS: f"reads {BIAS:g} K too much", What.DROPOUT: "no sample arrives", What.FAIL: "stops, or closes",
    What.FOULING: f"loses {FOULED:.0%} of its conductance", What.COMMS: "commands do not arrive, what is shown stands still",
    What.POWER: "the mains are lost",
}  # fmt: skip
"""Of the typical ones."""


class FaultBank:
    """The faults of a served plant as buttons.

    Args:
        served: the plant.
    """

    def __init__(self, served: ServedPlant) -> None:
        self._served = served
        self._typical = {fault.title: fault for fault in typical(served.plant)}

    def buttons(self) -> Sequence[FaultButton]:
        """Those of the schedule first."""
        active = {fault.title for fault in self._served.faults.in_force(self._served.t)}
        buttons = [
            FaultButton(name=fault.title, words=fault.words, group="schedule", active=fault.title in active)
            for fault in self._served.faults.known
            if fault.title not in self._typical
        ]
        for name, fault in self._typical.items():
            buttons.append(FaultButton(name=name, words=WORDS[fault.what], group=self._group(fault), active=name in active))
        return buttons

    def switch(self, name: str, on: bool) -> None:
        """From the next step on, each time anew: a scheduled fault lasts as its schedule says, a typical one until it is ended.

        Raises:
            FaultError: there is none of that name.
        """
        if not on:
            self._served.faults.end(name)
            return
        # What is known has the end of the last time: whoever says himself how long it lasts comes first.
        known = {fault.title: fault for fault in (*self._served.faults.known, *self._served.faults.scheduled)} | self._typical
        if name not in known:
            raise FaultError(f"no fault {name!r}")
        fault = known[name]
        self._served.faults.begin(dataclasses.replace(fault, begin=0.0, end=fault.end - fault.begin))

    def _group(self, fault: Fault) -> str:
        if is_actuator(fault, self._served.plant):
            return "machines and valves"
        return "sensors" if fault.what in SENSOR else "equipment and site"


def typical(plant: Plant) -> Iterator[Fault]:
    """Faults that the plant can have: of each sensor under a limit, of each speed, of each exchanger, of gateway and power."""
    sheet = plant.site.sheet
    watched = dict.fromkeys(limit.signal for limit in sheet.limits)
    first = {s.name: s.components()[0] for table in (sheet.measurements, plant.actuators) for s in table.signals}
    candidates = [Fault(what=What.BIAS, where=first[name], size=BIAS) for name in watched]
    candidates += [Fault(what=What.DROPOUT, where=first[name]) for name in watched]
    candidates += [Fault(what=What.FAIL, where=first[s.name]) for s in plant.actuators.signals if s.name.startswith(("y_", "n_"))]
    candidates += [Fault(what=What.FOULING, where=where, size=FOULED) for where in can_foul(plant)]
    candidates += [Fault(what=What.COMMS, where=GATEWAY), Fault(what=What.POWER, where=SITE)]
    for fault in candidates:
        try:
            yield check(fault, plant)
        except FaultError:
            continue


def offered_by(served: ServedPlant) -> FaultSwitch:
    """What can be pressed: the hook on the readings where it is a switch, else the library."""
    return served.disturb if isinstance(served.disturb, FaultSwitch) else FaultBank(served)
