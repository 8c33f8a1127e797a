"""The end of a control run, when something fails in it that nobody has foreseen."""

import threading
from collections.abc import Collection
from pathlib import Path

import pytest
from bms_sites import ImageLink, client_of, site

from lowlift.bms.audit_log import AuditTrail, records
from lowlift.bms.control_loop import ControlLoop


class Failing(ImageLink):
    """A link whose library fails in a way of its own while the site is handed back, and when it is closed."""

    closed = False

    def release(self, names: Collection[str]) -> None:
        raise RuntimeError("no such state")

    def close(self) -> None:
        self.closed = True
        raise RuntimeError("closed twice")


def test_a_failure_of_another_kind_keeps_nothing_from_ending_in_order(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    link, stop, told = Failing(site()), threading.Event(), list[str]()

    def tell(line: str) -> None:
        told.append(line)
        link.served.step()

    with AuditTrail(tmp_path / "log") as trail:
        done = ControlLoop(client_of(link, trail), stop=stop, seen=lambda _: stop.set(), tell=tell).run()
        last = list(records(trail.path))[-1]
    assert done.cycles == 1 and link.closed
    assert last["kind"] == "stop" and "not handed back" in last["how"] and "RuntimeError: no such state" in last["how"]
    assert any("no such state" in line for line in told) and any("closed twice" in line for line in told)
    assert [r.exc_info is not None for r in caplog.records if r.name.endswith("control_loop")] == [True, True]
