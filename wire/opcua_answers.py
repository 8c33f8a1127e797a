"""What asyncua (2.1) would answer wrongly: rights of who may only read, histories that nobody keeps, writes of more than a value.

Sources: OPC UA parts 3 (access levels), 4 (write service, numeric ranges) and 11 (histories).
"""

import re
import types
from collections.abc import Callable, Container
from typing import Any

from asyncua import Server, ua
from asyncua.common.callback import CallbackType

UNSUPPORTED = ua.StatusCodes.BadHistoryOperationUnsupported
RANGE = re.compile(r"[0-9]{1,10}(:[0-9]{1,10})?(,[0-9]{1,10}(:[0-9]{1,10})?)*")
"""Of indices, of 32 bits (part 4, 7.27); where two are named, the second is the larger one."""


def unwritable(item: ua.WriteValue) -> tuple[int, str] | None:
    """Code and reason where a write to a point is of more than its value; none where it is not.

    >>> unwritable(ua.WriteValue(IndexRange="0:1", Value=ua.DataValue(ua.Variant(1.0))))[1]
    "a single value has no indices '0:1'"
    """
    if item.IndexRange:
        return no_indices(item.IndexRange), f"a single value has no indices {item.IndexRange[:40]!r}"
    status = item.Value.StatusCode
    if status is not None and status.value != ua.StatusCodes.Good:
        return ua.StatusCodes.BadWriteNotSupported, f"status {status.name} cannot be written"
    return None


def no_indices(indices: str) -> int:
    """Code of an answer to indices of a value that has none: whether they are indices at all (part 4, 7.27).

    >>> no_indices("0:1") == ua.StatusCodes.BadIndexRangeNoData, no_indices("1:0") == ua.StatusCodes.BadIndexRangeInvalid
    (True, True)
    """
    bounds = [[int(n) for n in part.split(":")] for part in indices.split(",")] if RANGE.fullmatch(indices) else []
    known = bool(bounds) and all(len(pair) == 1 or pair[0] < pair[1] for pair in bounds)
    return int(ua.StatusCodes.BadIndexRangeNoData if known else ua.StatusCodes.BadIndexRangeInvalid)


def show_rights(server: Server, may_write: Callable[[Any], bool], points: Container[ua.NodeId]) -> None:
    """Show each user the rights that it has: *UserAccessLevel* without *CurrentWrite* where it may not write.

    Args:
        server: initialised.
        may_write: whether a user may write the points that can be written.
        points: nodes of the points.
    """

    async def shown(event: Any, _: Any) -> None:
        if may_write(event.user):
            return
        for k, asked in enumerate(event.request_params.NodesToRead):
            if asked.AttributeId == ua.AttributeIds.UserAccessLevel and asked.NodeId in points:
                level = event.response_params[k].Value.Value & ~ua.AccessLevel.CurrentWrite.mask
                event.response_params[k] = ua.DataValue(ua.Variant(level, ua.VariantType.Byte))

    server.subscribe_server_callback(CallbackType.PostRead, shown)


def no_history(server: Server, nodes: Container[ua.NodeId]) -> None:
    """Answer reads and updates of histories with what they are: *BadHistoryOperationUnsupported*.

    Args:
        server: initialised.
        nodes: all nodes of its address space.
    """

    async def read(_: Any, params: ua.HistoryReadParameters) -> list[ua.HistoryReadResult]:
        codes = (UNSUPPORTED if item.NodeId in nodes else ua.StatusCodes.BadNodeIdUnknown for item in params.NodesToRead)
        return [ua.HistoryReadResult(StatusCode=ua.StatusCode(code)) for code in codes]

    def update(_: Any, params: ua.HistoryUpdateParameters) -> list[ua.HistoryUpdateResult]:
        return [ua.HistoryUpdateResult(StatusCode=ua.StatusCode(UNSUPPORTED)) for _ in params.HistoryUpdateDetails]

    manager = server.iserver.history_manager
    manager.read_history = types.MethodType(read, manager)
    manager.update_history = types.MethodType(update, manager)
