"""A panel without a network, and a browser of it."""

from panel_run import SensorBias
from starlette.testclient import TestClient
from wire_plants import served

from lowlift.hil.panel.access import Access
from lowlift.hil.panel.app import Panel
from lowlift.hil.panel.fault_bank import offered_by
from lowlift.hil.panel.guard import OURS
from lowlift.hil.runner import Runner

TOKEN = "0123456789abcdef"


def panel(token: str | None = None, **options) -> Panel:
    runner = Runner(served(disturb=SensorBias(T_chw=6.0)))
    return Panel(runner, Access(token), faults=offered_by(runner.served), **options)


def browser(one: Panel, **options) -> TestClient:
    return TestClient(one.app, base_url="http://127.0.0.1", headers={OURS: "1"}, follow_redirects=False, **options)
