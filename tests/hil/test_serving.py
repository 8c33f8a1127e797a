"""What a process that serves does to itself, and undoes."""

import gc
import sys

import pytest
from wire_plants import plant

from lowlift.hil.serve import TURN, serving
from lowlift.wire.adapter import ServeError


def test_threads_give_way_while_it_serves_and_everything_is_as_before_afterwards() -> None:
    interval = sys.getswitchinterval()
    with serving(plant(), [], step=5.0) as run:
        assert run.runner.running
        assert sys.getswitchinterval() == pytest.approx(TURN) and gc.get_freeze_count() > 1000
    assert sys.getswitchinterval() == interval and gc.get_freeze_count() == 0


def test_also_where_a_server_cannot_start() -> None:
    interval = sys.getswitchinterval()
    run = serving(plant(), ["modbus"], step=5.0, options={"modbus": {"host": "192.0.2.1", "port": 5}})
    with pytest.raises(ServeError, match=r"modbus: cannot serve"), run:
        pass
    assert sys.getswitchinterval() == interval and gc.get_freeze_count() == 0
