"""A controller on the other side of a socket runs the plant as it would in the loop."""

import numpy as np
import pytest
from wire_plants import plant, points, scenario, served

from lowlift.controllers.envelope import fail_safe
from lowlift.controllers.interface import Measurement
from lowlift.controllers.operation import operation_of
from lowlift.sim.closed_loop import Run, simulate
from lowlift.wire.link import commands_of, readings_of
from lowlift.wire.modbus_client import ModbusLink
from lowlift.wire.modbus_server import ModbusServer
from lowlift.wire.points import SUPERVISED


@pytest.mark.parametrize("name", ["chiller_plant", "gb200_hall"])
def test_a_controller_over_modbus_uses_the_energy_that_it_uses_in_the_loop(name: str) -> None:
    hall, steps = plant(name), 240
    sheet, operation = hall.site.sheet, operation_of(hall.site)
    make = operation.controllers(hall.site)["Guideline36"].make
    (trajectory,) = simulate(hall, scenario(name), [Run(make(hall, lambda: None))])
    expected = trajectory.frame[list(sheet.cooling)].to_numpy()[:steps].sum()

    one, controller = served(name, step=15.0), make(hall, lambda: None)
    rules = operation.safety(hall.site)
    one.envelope.setpoints = fail_safe(sheet.setpoints, rules, np.full((1, 1), rules.T_dew))
    server, used = ModbusServer(one.image, port=0), 0.0
    server.start()
    try:
        controller.reset(1)
        with ModbusLink(points(name), "127.0.0.1", server.port) as link:
            for k in range(steps):
                if k % 20 == 0:
                    seen = Measurement(t=one.t, time=scenario(name).index[k], values=readings_of(link.read(), sheet.measurements))
                    decided = controller.decide(seen, None).setpoints
                    allowed = np.clip(decided, sheet.setpoints.low, sheet.setpoints.high)
                    link.write(commands_of(allowed, sheet.setpoints) | {"heartbeat.cmd": float(1 + k // 20)})
                one.step()
                values = one.image.read().values
                used += sum(values[points(name).position(column)] * 1e3 for column in sheet.cooling)
            assert link.read()["supervision.fbk"] == SUPERVISED
    finally:
        server.stop()
    assert used == pytest.approx(expected, rel=1e-4)
