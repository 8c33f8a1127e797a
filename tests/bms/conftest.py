"""A log for a control client."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lowlift.bms.audit_log import AuditTrail


@pytest.fixture
def trail(tmp_path: Path) -> Iterator[AuditTrail]:
    with AuditTrail(tmp_path / "log") as one:
        yield one
