"""OPC UA server of a point image, on asyncua.

Below Objects there is one object a plant, with folders for sensors, feedback, commands and modes. Analog points are *AnalogItemType*
(Double, with EngineeringUnits by UN/CEFACT code and EURange), binary ones *TwoStateDiscreteType* (Boolean), multistate ones
*MultiStateValueDiscreteType* (UInt32, from one like in every other protocol, with EnumValues). A reading that is no number has status
BadSensorFailure.

A write is answered with BadNotWritable, BadTypeMismatch, BadOutOfRange, BadUserAccessDenied, BadWriteNotSupported (with a status), with
BadIndexRangeNoData, or with BadOutOfService (the plant has failed) where it is refused, and with GoodLocalOverride where it is taken and a
higher slot is in force. Without ``users`` everybody may write, which is for loopback only; with users, anonymous clients may read if
``anonymous``, and *UserAccessLevel* says so to them; refused logins are remembered (:mod:`lowlift.wire.opcua_sessions`). A
certificate adds signed and encrypted endpoints, and is needed before passwords may travel beyond loopback. Histories are not kept
(BadHistoryOperationUnsupported).
"""

import logging
import math
import socket
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from asyncua import Node, Server, ua
from asyncua.crypto.permission_rules import User

from lowlift.wire.adapter import Adapter, ServeError, accept_no_more, is_loopback
from lowlift.wire.image import PointImage, Snapshot
from lowlift.wire.opcua_answers import no_history, show_rights, unwritable
from lowlift.wire.opcua_certificate import CertificateError, KeyPair, read_pair
from lowlift.wire.opcua_service import Attributes, Closing
from lowlift.wire.opcua_sessions import Door, Users
from lowlift.wire.opcua_values import NAMESPACE, TYPES, native, variant
from lowlift.wire.point import Kind, Point, Refusal, RefusedError
from lowlift.wire.priorities import LOWEST
from lowlift.wire.units import codes

APPLICATION = "urn:lowlift:server"
UNECE = "http://www.opcfoundation.org/UA/units/un/cefact"
DEFINITIONS = {
    Kind.ANALOG: ua.ObjectIds.AnalogItemType, Kind.BINARY: ua.ObjectIds.TwoStateDiscreteType,
    Kind.MULTISTATE: ua.ObjectIds.MultiStateValueDiscreteType,
}  # fmt: skip
CODES = {
    Refusal.UNKNOWN_POINT: ua.StatusCodes.BadNodeIdUnknown, Refusal.READ_ONLY: ua.StatusCodes.BadNotWritable,
    Refusal.NOT_A_NUMBER: ua.StatusCodes.BadOutOfRange, Refusal.OUT_OF_RANGE: ua.StatusCodes.BadOutOfRange,
    Refusal.WRONG_TYPE: ua.StatusCodes.BadTypeMismatch, Refusal.OUT_OF_SERVICE: ua.StatusCodes.BadOutOfService,
}  # fmt: skip


class OpcUaServer(Adapter):
    """Serves an image over OPC UA.

    Args:
        image: what it shows.
        host: address to bind.
        port: TCP port; 0 takes a free one.
        users: passwords by name of those who may write; everybody if none are given, on loopback only.
        certificate: of the server, DER or PEM; with ``private_key``.
        private_key: the key that belongs to it.
        anonymous: whether clients without a name may read; where there are no users, they are the only ones.

    Raises:
        ServeError: nobody could connect, everybody could write from beyond loopback, passwords would travel in the open, or only half of a
            key pair is given.
    """

    protocol: ClassVar[str] = "opcua"
    pushes: ClassVar[bool] = True

    def __init__(
        self, image: PointImage, host: str = "127.0.0.1", port: int = 4840, *, users: Mapping[str, str] | None = None,
        certificate: str | Path | None = None, private_key: str | Path | None = None, anonymous: bool = True,
    ) -> None:  # fmt: skip
        super().__init__(image)
        self.host, self.port, self.anonymous = host, port, anonymous
        self.users, self.certificate, self.private_key = dict(users or {}), certificate, private_key
        if (certificate is None) != (private_key is None):
            raise ServeError("opcua: a certificate needs its private key, and a key its certificate")
        if not anonymous and not self.users:
            raise ServeError("opcua: without anonymous clients nobody could connect: --opcua-users says who may")
        if not is_loopback(host) and (not self.users or certificate is None):
            raise ServeError(f"opcua: {host} is not loopback: users and a certificate are needed there")
        self.door = Door(lambda address, text: self.image.refused(f"{self.protocol} {address}".strip(), "", text))
        self._positions: dict[ua.NodeId, int] = {}
        self._server: Server | None = None
        self._shown = np.zeros(0)

    @property
    def url(self) -> str:
        """``opc.tcp://host:port``."""
        return f"opc.tcp://{self.host}:{self.port}"

    async def open(self) -> None:
        """Build the address space, bind and serve.

        Raises:
            OSError: the port is taken or the address is not ours.
            ServeError: certificate or private key cannot be used.
        """
        pair = self._pair()
        # The address space takes seconds to build: a port that is taken is told before.
        with socket.create_server((self.host, self.port)):
            pass
        # The library would log what this adapter raises, and every broken connection of a client.
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)
        server = Server(user_manager=Users(self.users))
        await server.init()
        server.set_endpoint(f"opc.tcp://{self.host}:{self.port}/lowlift")
        server.set_server_name(f"lowlift {self.image.points.site}")
        await server.set_application_uri(APPLICATION if pair is None else pair.uri)
        policies = [ua.SecurityPolicyType.NoSecurity]
        if pair is not None:
            await server.load_certificate(pair.certificate)
            await server.load_private_key(pair.private_key)
            policies += [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt, ua.SecurityPolicyType.Basic256Sha256_Sign]
        server.set_security_policy(policies)
        tokens = [ua.AnonymousIdentityToken] * self.anonymous + [ua.UserNameIdentityToken] * bool(self.users)
        server.set_identity_tokens(tokens)
        self.door.watch(server)
        await self._build(server)
        server.iserver.attribute_service = Attributes(server.iserver.aspace, self, self.image.way)
        show_rights(server, self._may_write, self.positions)
        no_history(server, self._aspace)
        await server.start()
        if server.bserver is not None:
            server.bserver.closing_tasks = Closing()
        self._server = server
        sockets = getattr(getattr(server.bserver, "_server", None), "sockets", ())
        if self.port == 0 and sockets:
            self.port = int(sockets[0].getsockname()[1])

    def _pair(self) -> KeyPair | None:
        if self.certificate is None or self.private_key is None:
            return None
        try:
            return read_pair(self.certificate, self.private_key, APPLICATION)
        except CertificateError as error:
            raise ServeError(f"opcua: {error}") from error

    async def close(self) -> None:
        """Let go of the port and of all sessions."""
        if self._server is not None:
            await accept_no_more(self._server.bserver._server)
            await self._server.stop()
            self._server = None

    async def refresh(self, snapshot: Snapshot) -> None:
        """Show what has changed, and tell subscribers."""
        values = self.image.values()
        changed = np.flatnonzero(~((values == self._shown) | (np.isnan(values) & np.isnan(self._shown))))
        now = datetime.now(UTC)
        for k in changed:
            self.image.way.give()
            await self._show(int(k), float(values[k]), now)
        self._shown = values

    async def write(self, item: Any, user: User) -> ua.StatusCode:
        """Answer a write of one value."""
        position = self.positions[item.NodeId]
        point = self.image.points.points[position]
        source = f"{self.protocol} {user.name or 'anonymous'}, session {getattr(user, 'session', 'unknown')}"
        written = item.Value.Value
        if not self._may_write(user):
            return self._refuse(f"{self.protocol} anonymous", point, ua.StatusCodes.BadUserAccessDenied, "anonymous clients may only read")
        if point.writable and (more := unwritable(item)):
            return self._refuse(source, point, *more)
        if written is None or written.is_array or written.VariantType != TYPES[point.kind]:
            if point.writable:
                return self._refuse(source, point, ua.StatusCodes.BadTypeMismatch, f"must be of type {TYPES[point.kind].name}")
            written = ua.Variant(0.0)
        try:
            self.image.write({point.name: written.Value}, source)
        except RefusedError as error:
            return ua.StatusCode(CODES[error.refusal])
        await self._show(position, self.image.value(position), datetime.now(UTC))
        held = self.image.in_force(position)
        waits = held is not None and held.priority < LOWEST
        return ua.StatusCode(ua.StatusCodes.GoodLocalOverride if waits else ua.StatusCodes.Good)

    def _refuse(self, source: str, point: Point, code: int, text: str) -> ua.StatusCode:
        self.image.refused(source, point.name, f"{point.name}: {text}")
        return ua.StatusCode(code)

    def _may_write(self, user: User) -> bool:
        return not self.users or user.name is not None

    @property
    def positions(self) -> Mapping[ua.NodeId, int]:
        """Of points in the image, by node."""
        return self._positions

    @property
    def known(self) -> Any:
        """All nodes of the address space."""
        return self._aspace

    async def _build(self, server: Server) -> None:
        index = await server.register_namespace(NAMESPACE)
        points, now = self.image.points, datetime.now(UTC)
        folders: dict[tuple[str, ...], Node] = {}
        self._nodes: list[ua.NodeId] = []
        self._aspace = server.iserver.aspace
        for p, a in zip(points.points, points.addresses, strict=True):
            *above, name = a.opcua.path
            parent = server.nodes.objects
            for depth in range(1, len(above) + 1):
                key = tuple(above[:depth])
                if key not in folders:
                    node_id = ua.NodeId("/".join(key), index)
                    make = parent.add_object if depth == 1 else parent.add_folder
                    folders[key] = await make(node_id, ua.QualifiedName(key[-1], index))
                parent = folders[key]
            node = await self._variable(parent, ua.NodeId(a.opcua.node, index), ua.QualifiedName(name, index), p)
            self._positions[node.nodeid] = len(self._nodes)
            self._nodes.append(node.nodeid)
        self._shown = self.image.values()
        for k, value in enumerate(self._shown):
            await self._show(k, float(value), now)

    async def _variable(self, parent: Node, node_id: ua.NodeId, name: ua.QualifiedName, p: Point) -> Node:
        node = await parent.add_variable(node_id, name, native(p, p.default or 0.0), TYPES[p.kind])
        await node.delete_reference(ua.NodeId(ua.ObjectIds.BaseDataVariableType), ua.ObjectIds.HasTypeDefinition, bidirectional=False)
        await node.add_reference(ua.NodeId(DEFINITIONS[p.kind]), ua.ObjectIds.HasTypeDefinition, forward=True, bidirectional=False)
        await node.write_attribute(ua.AttributeIds.Description, ua.DataValue(ua.LocalizedText(p.description)))
        if p.writable:
            await node.set_writable()
        if p.kind is Kind.ANALOG:
            unit = codes(p.unit)
            await node.add_property(ua.NodeId(), ua.QualifiedName("EngineeringUnits"), ua.EUInformation(
                NamespaceUri=UNECE, UnitId=unit.opcua_id, DisplayName=ua.LocalizedText(unit.symbol), Description=ua.LocalizedText(p.unit),
            ))  # fmt: skip
            if p.low is not None and p.high is not None:
                await node.add_property(ua.NodeId(), ua.QualifiedName("EURange"), ua.Range(Low=p.low, High=p.high))
        elif p.kind is Kind.BINARY:
            for key, text in zip(("FalseState", "TrueState"), p.states, strict=True):
                await node.add_property(ua.NodeId(), ua.QualifiedName(key), ua.LocalizedText(text))
        else:
            values = [ua.EnumValueType(Value=k, DisplayName=ua.LocalizedText(text)) for k, text in enumerate(p.states, 1)]
            await node.add_property(ua.NodeId(), ua.QualifiedName("EnumValues"), values)
        return node

    async def _show(self, position: int, value: float, now: datetime) -> None:
        point = self.image.points.points[position]
        if math.isfinite(value):
            shown = ua.DataValue(variant(point, value), SourceTimestamp=now, ServerTimestamp=now)
        else:
            bad = ua.StatusCode(ua.StatusCodes.BadSensorFailure)
            shown = ua.DataValue(ua.Variant(None), StatusCode=bad, SourceTimestamp=now, ServerTimestamp=now)
        await self._aspace.write_attribute_value(self._nodes[position], ua.AttributeIds.Value, shown)
