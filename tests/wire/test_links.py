"""Links over every protocol: the same values, the same errors, each with the protocol's own reason."""

import dataclasses
import math
from collections.abc import Iterator

import numpy as np
import pytest
from wire_plants import points, served

from lowlift.hil.served_plant import ServedPlant
from lowlift.wire.adapter import Adapter
from lowlift.wire.link import Link, LinkError, LinkTimeoutError, UnknownPointError
from lowlift.wire.links import UrlError, make_link
from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.point_list import PointList
from lowlift.wire.protocols import server

C = 273.15
OPTIONS = {"modbus": {"port": 0}, "bacnet": {"address": "127.0.0.1/32:0"}, "opcua": {"port": 0}}
WIDE = {"T_chw_set.cmd": 99.0}
"""What the client believes that it may ask for, so that the other side has to refuse it."""


def broken(t: float, readings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return readings | {"T_return": np.full((1, 1), np.nan)} if t > 0.0 else readings


def believed(**changes) -> PointList:
    known = points()
    changed = tuple(dataclasses.replace(p, high=WIDE[p.name]) if p.name in WIDE else p for p in known.points)
    return dataclasses.replace(known, points=changed, **changes)


@pytest.fixture(scope="module", params=list(OPTIONS))
def there(request: pytest.FixtureRequest) -> Iterator[tuple[ServedPlant, Adapter]]:
    one = served(disturb=broken)
    adapter = server(request.param, one.image, **OPTIONS[request.param])
    adapter.refresh_every = 0.0
    adapter.start()
    yield one, adapter
    adapter.stop()


@pytest.fixture
def link(there: tuple[ServedPlant, Adapter]) -> Iterator[Link]:
    with make_link(believed(), there[1].url, timeout=10.0) as one:
        yield one


def test_all_points_read_as_they_are_and_lost_ones_as_no_number(there: tuple[ServedPlant, Adapter], link: Link) -> None:
    one, adapter = there
    one.step()
    while link.read(["elapsed"])["elapsed"] < one.t - 1e-3:
        pass
    read, shown = link.read(), points().to_si(one.image.values())
    lost = [p.name for p, value in zip(points().points, shown, strict=True) if math.isnan(value)]
    assert lost == ["T_return", "alarm.limit_chilled_water_return"] and len(read) == len(points())
    assert math.isnan(read["T_return"])
    # A bit of Modbus has no third state.
    assert read[lost[1]] == 1.0 if adapter.protocol == "modbus" else math.isnan(read[lost[1]])
    for p, value in zip(points().points, shown, strict=True):
        if p.name not in lost:
            assert read[p.name] == pytest.approx(float(value), rel=1e-5, abs=1e-5), p.name


def test_commands_arrive_and_are_taken_back(there: tuple[ServedPlant, Adapter], link: Link) -> None:
    image = there[0].image
    link.write({"T_chw_set.cmd": C + 8.0, "y_chw.mode": 1.0, "remote_enable.cmd": 0.0})
    assert [image.value(points().position(name)) for name in ("T_chw_set.cmd", "y_chw.mode", "remote_enable.cmd")] == [8.0, 1.0, 0.0]
    link.release(["T_chw_set.cmd", "y_chw.mode", "remote_enable.cmd"])
    for name in ("T_chw_set.cmd", "y_chw.mode", "remote_enable.cmd"):
        assert image.value(points().position(name)) == pytest.approx(points()[name].default)


def test_F40_refusals_come_from_here_or_from_there_with_their_reason(there: tuple[ServedPlant, Adapter], link: Link) -> None:
    image, said = there[0].image, {"modbus": "exception 03", "bacnet": "value-out-of-range", "opcua": "BadOutOfRange"}[there[1].protocol]
    before, refused = image.values(), image.n_refused
    for name, value, refusal in (("T_chw", C, Refusal.READ_ONLY), ("T_chw_set.cmd", math.nan, Refusal.NOT_A_NUMBER),
                                 ("T_chw_set", C, Refusal.UNKNOWN_POINT), ("y_chw.mode", 1.5, Refusal.WRONG_TYPE)):  # fmt: skip
        with pytest.raises(RefusedError) as here:
            link.write({name: value})
        assert here.value.refusal is refusal and image.n_refused == refused, "it has not been sent"
    with pytest.raises(RefusedError, match=said) as away:
        link.write({"T_chw_set.cmd": C + 50.0})
    assert (
        away.value.refusal is Refusal.OUT_OF_RANGE
        and np.array_equal(image.values(), before, equal_nan=True)
        and image.n_refused == refused + 1
    )
    assert link.read(["elapsed"]), "a refusal is no loss"


def test_points_that_the_other_side_has_not(there: tuple[ServedPlant, Adapter]) -> None:
    k = points().position("T_chw")
    a = points().addresses[k]
    elsewhere = dataclasses.replace(
        a, modbus=dataclasses.replace(a.modbus, address=9000), bacnet=dataclasses.replace(a.bacnet, instance=9000),
        opcua=dataclasses.replace(a.opcua, node="nowhere"),
    )  # fmt: skip
    other = believed(addresses=(*points().addresses[:k], elsewhere, *points().addresses[k + 1 :]))
    with pytest.raises(UnknownPointError), make_link(other, there[1].url, timeout=10.0) as link:
        link.read(["T_chw"])


def test_priorities_above_ours_are_seen_in_bacnet_only(there: tuple[ServedPlant, Adapter], link: Link) -> None:
    if not link.priorities:
        assert link.overridden(["T_chw_set.cmd"]) == {} and link.own(["T_chw_set.cmd"]) == {}
        return
    with make_link(believed(), there[1].url, timeout=10.0, priority=8) as operator:
        operator.write({"T_chw_set.cmd": C + 7.0})
        link.write({"T_chw_set.cmd": C + 8.0})
        assert link.overridden(["T_chw_set.cmd", "T_tower_set.cmd"]) == {"T_chw_set.cmd": 8}
        assert operator.overridden(["T_chw_set.cmd"]) == {}
        assert link.own(["T_chw_set.cmd", "T_tower_set.cmd"]) == {"T_chw_set.cmd": pytest.approx(C + 8.0)}
        link.release(["T_chw_set.cmd"])
        assert there[0].image.value(points().position("T_chw_set.cmd")) == 7.0
        operator.release(["T_chw_set.cmd"])


@pytest.mark.parametrize("protocol", list(OPTIONS))
def test_a_lost_connection_is_an_error_and_can_be_made_again(protocol: str) -> None:
    one = served()
    adapter = server(protocol, one.image, **OPTIONS[protocol])
    adapter.start()
    link = make_link(points(), adapter.url, timeout=2.0)
    link.connect()
    assert link.read(["elapsed"])["elapsed"] == 0.0
    adapter.stop()
    with pytest.raises(LinkError) as error:
        link.read()
    assert isinstance(error.value, LinkTimeoutError) or protocol != "bacnet", "UDP only knows silence"
    with pytest.raises(LinkError):
        link.connect()
    port = int(adapter.url.rpartition(":")[2])
    again = server(protocol, one.image, **({"address": f"127.0.0.1/32:{port}"} if protocol == "bacnet" else {"port": port}))
    again.start()
    try:
        link.connect()
        assert link.read(["elapsed"])["elapsed"] == 0.0
    finally:
        link.close()
        again.stop()


def test_urls_that_lead_nowhere() -> None:
    for url, options, what in (
        ("mudbus://here", {}, "did you mean modbus"), ("modbus://", {}, "must be like modbus://"),
        ("modbus://here:99999", {}, "Port out of range"),
        ("opc.tcp://me:secret@here", {}, "do not belong into a URL"), ("modbus://here", {"priority": 8}, "no such option"),
        ("bacnet://here", {"priority": 17}, "from 1 to 16"), ("opc.tcp://site.example", {"user": "me", "password": "x"}, "in the open"),
        ("opc.tcp://here", {"certificate": "c.pem"}, "needs its private key"),
    ):  # fmt: skip
        with pytest.raises(UrlError, match=what):
            make_link(points(), url, **options)
