"""A BACnet device with Schedule objects; as a program, one in a process of its own that refuses writes when it is told to.

``python schedule_device.py NAME...`` serves device 7 on loopback with the clock of UTC and prints its port. Every line that it reads,
``NAME PROPERTY TIMES AFTER``, makes it refuse so many writes of that property after others that it still takes; it says ``done`` to each
and ends with its input.
"""

import asyncio
import socket
import sys
from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
from bacpypes3.app import Application
from bacpypes3.basetypes import DateRange
from bacpypes3.errors import ExecutionError
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.local.schedule import ScheduleObject
from bacpypes3.primitivedata import Date, Real, Time

refusals: dict[tuple[str, str], list[bool]] = {}
"""Whether writes to come are refused, by object and property."""


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Quiet(ScheduleObject):
    """Only evaluated when the test asks: the library's own timer fails outside the effective period."""

    def interpret_schedule(self) -> None:
        pass

    async def write_property(self, attr: Any, value: Any, *args: Any, **kwargs: Any) -> Any:
        which = (str(self.objectName), str(attr))
        if refusals.get(which) and refusals[which].pop(0):
            raise ExecutionError("property", "writeAccessDenied")
        return await super().write_property(attr, value, *args, **kwargs)


def device_app(names: Sequence[str], port: int, now: Callable[[], pd.Timestamp]) -> tuple[Application, dict[str, Any]]:
    """The application of a device whose clock shows ``now``, and its Schedule objects; to be called in a running loop."""

    class Clocked(DeviceObject):
        @property
        def localDate(self) -> Date:
            shown = now()
            return Date((shown.year - 1900, shown.month, shown.day, shown.isoweekday()))

        @property
        def localTime(self) -> Time:
            shown = now()
            return Time((shown.hour, shown.minute, shown.second, 0))

    any_day, objects = Date((255, 255, 255, 255)), {}
    for k, name in enumerate(names, 1):
        objects[name] = Quiet(objectIdentifier=f"schedule,{k}", objectName=name, presentValue=Real(0.0), description="",
                              effectivePeriod=DateRange(startDate=any_day, endDate=any_day), exceptionSchedule=[],
                              scheduleDefault=Real(0.0), listOfObjectPropertyReferences=[], priorityForWriting=16,
                              statusFlags=[0, 0, 0, 0], reliability="noFaultDetected", outOfService=False)  # fmt: skip
    network = NetworkPortObject(f"127.0.0.1/32:{port}", objectIdentifier="network-port,1", objectName="port")
    me = Clocked(objectIdentifier="device,7", objectName="plant", vendorIdentifier=999)
    return Application.from_object_list([me, network, *objects.values()]), objects


async def main(names: Sequence[str]) -> None:
    port = free_port()
    app, _ = device_app(names, port, lambda: pd.Timestamp.now(tz="UTC"))
    print(port, flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        name, prop, times, after = line.split()
        refusals[name, prop] = [False] * int(after) + [True] * int(times)
        print("done", flush=True)
    app.close()
    await asyncio.sleep(0.0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
