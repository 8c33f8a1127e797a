"""What stands in the place of parts of asyncua (2.1): reading and writing of attributes, and the end of connections."""

import asyncio
import dataclasses
from collections.abc import Container, Mapping
from typing import Any, Protocol

from asyncua import ua
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.address_space import AttributeService

from lowlift.wire.opcua_answers import no_indices
from lowlift.wire.right_of_way import RightOfWay

AT_ONCE = 25
"""Values read before the plant is let go first: a fraction of a millisecond."""


class Points(Protocol):
    """What attributes belong to."""

    @property
    def positions(self) -> Mapping[ua.NodeId, int]:
        """Of points by node."""

    @property
    def known(self) -> Container[ua.NodeId]:
        """All nodes of the address space."""

    async def write(self, item: Any, user: User) -> ua.StatusCode:
        """Answer a write of one value of a point."""


class Attributes(AttributeService):  # type: ignore[misc]
    """The library's service, with writes of points handed to the adapter; long reads give way to the plant."""

    def __init__(self, aspace: Any, points: Points, way: RightOfWay) -> None:
        super().__init__(aspace)
        self._points, self._way = points, way

    def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        """One value for each attribute asked for."""
        asked, results = params.NodesToRead, []
        for begin in range(0, len(asked), AT_ONCE):
            self._way.give()
            part = asked[begin : begin + AT_ONCE]
            read = super().read(dataclasses.replace(params, NodesToRead=part))
            results += [self._whole(item, value) for item, value in zip(part, read, strict=True)]
        self._way.give()
        return results

    def _whole(self, item: ua.ReadValueId, value: ua.DataValue) -> ua.DataValue:
        """The value of a point, unless a part of it is asked for: it has none, and the library regards no indices."""
        if not item.IndexRange or item.NodeId not in self._points.positions or item.AttributeId != ua.AttributeIds.Value:
            return value
        return ua.DataValue(StatusCode=ua.StatusCode(no_indices(item.IndexRange)))

    async def write(self, params: ua.WriteParameters, user: User = User(role=UserRole.Anonymous)) -> list[ua.StatusCode]:  # noqa: B008
        """One answer for each value."""
        results = []
        for item in params.NodesToWrite:
            if item.NodeId in self._points.positions and item.AttributeId == ua.AttributeIds.Value:
                results.append(await self._points.write(item, user))
            elif item.NodeId not in self._points.known:
                # The library would ask for the rights of the user first.
                results.append(ua.StatusCode(ua.StatusCodes.BadNodeIdUnknown))
            else:
                results += await super().write(ua.WriteParameters(NodesToWrite=[item]), user)
        return results


class Closing(list[asyncio.Task[Any]]):
    """Tasks that close connections, forgotten when they are done: asyncua 2.1 keeps them for ever, a few hundred bytes a connection."""

    def append(self, task: asyncio.Task[Any]) -> None:
        """Keep until it is done."""
        super().append(task)
        task.add_done_callback(lambda done: self.remove(done) if done in self else None)
