"""A link over OPC UA, on asyncua: one Read and one Write request for many nodes."""

import logging
import math
import urllib.parse
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256 as POLICY
from asyncua.crypto.uacrypto import x509_from_der
from cryptography.hazmat.primitives.serialization import Encoding

from lowlift.wire.adapter import is_loopback
from lowlift.wire.async_link import AsyncLink
from lowlift.wire.link import LinkError, LinkTimeoutError, SetupError, UnknownPointError, WithoutPriorities
from lowlift.wire.opcua_certificate import CertificateWarning, KeyPair, fingerprint, read_certificate, read_pair
from lowlift.wire.opcua_values import NAMESPACE, variant
from lowlift.wire.point import Refusal, RefusedError
from lowlift.wire.point_list import PointList

APPLICATION = "urn:lowlift:control"
CREDENTIALS = ("BadUserAccessDenied", "BadIdentityToken", "BadCertificate", "BadSecurityPolicyRejected", "BadSecurityModeRejected",
               "BadSecurityChecksFailed")  # fmt: skip
"""Errors of a server that does not want us, however often we ask."""
AT_ONCE = 500
"""Nodes of one request: what small servers take."""
REFUSALS = {
    "BadNodeIdUnknown": Refusal.UNKNOWN_POINT, "BadNodeIdInvalid": Refusal.UNKNOWN_POINT, "BadNotWritable": Refusal.READ_ONLY,
    "BadOutOfRange": Refusal.OUT_OF_RANGE, "BadTypeMismatch": Refusal.WRONG_TYPE,
    "BadOutOfService": Refusal.OUT_OF_SERVICE,
}  # fmt: skip


class OpcUaLink(AsyncLink, WithoutPriorities):
    """See :class:`lowlift.wire.link.Link`.

    Args:
        points: what is where on the other side.
        endpoint: ``opc.tcp://host:port/path``.
        namespace: URI of the namespace that the nodes are in.
        user: name, where the server asks for one.
        password: that belongs to it.
        certificate: of the client, for a signed and encrypted connection; with ``private_key``.
        private_key: the key that belongs to it.
        server_certificate: of the server: nobody else is talked to.
        timeout: longest wait for an answer [s].

    Raises:
        CertificateError: a certificate or key that cannot be used.
        ValueError: only half of a key pair, a password without a user, or one that would go to whoever answers beyond this machine.
    """

    def __init__(
        self, points: PointList, endpoint: str, *, namespace: str = NAMESPACE, user: str | None = None, password: str | None = None,
        certificate: str | Path | None = None, private_key: str | Path | None = None,
        server_certificate: str | Path | None = None, timeout: float = 3.0,
    ) -> None:  # fmt: skip
        super().__init__(points, timeout=timeout)
        if (certificate is None) != (private_key is None):
            raise ValueError("a certificate needs its private key, and a key its certificate")
        if password is not None and user is None:
            raise ValueError("a password needs the user that it belongs to")
        if server_certificate is not None and certificate is None:
            raise ValueError(
                "a server certificate is checked over a secure connection only: that needs a certificate and a key of one's own"
            )
        beyond = not is_loopback(urllib.parse.urlsplit(endpoint).hostname or "")
        if beyond and password and certificate is None:
            raise ValueError("a password would travel in the open; a certificate is needed beyond this machine")
        if beyond and password and server_certificate is None:
            raise ValueError("a password would go to whoever answers; --server-certificate says who may")
        if beyond and server_certificate is None:
            warnings.warn(f"{endpoint}: whoever answers is believed; --server-certificate says who may", CertificateWarning, 3)
        self._endpoint, self._namespace = endpoint, namespace
        self._user, self._password = user, password
        self._pair = None if certificate is None or private_key is None else read_pair(certificate, private_key, APPLICATION)
        self._server = None if server_certificate is None else read_certificate(server_certificate, "server certificate")
        self._client: Client | None = None
        # What fails is raised; the library's own log would say it twice.
        logging.getLogger("asyncua").setLevel(logging.CRITICAL)

    @property
    def url(self) -> str:
        """The endpoint."""
        return self._endpoint

    async def _open(self) -> None:
        client = Client(self._endpoint, timeout=self.timeout)
        client.name = client.description = "lowlift control"
        client.application_uri = APPLICATION if self._pair is None else self._pair.uri
        if self._user is not None:
            client.set_user(self._user)
            client.set_password(self._password or "")
        try:
            if self._pair is not None:
                await self._secure(client, self._pair)
            await client.connect()
            self._client = client
            namespaces = await client.get_namespace_array() or []
        except ua.UaError as error:
            # Refused credentials are not tried again and again: servers lock those out.
            kind = SetupError if type(error).__name__.startswith(CREDENTIALS) else LinkError
            raise kind(f"{self.url}: {_words(error)}") from error
        except ValueError as error:
            raise LinkError(f"{self.url}: {_words(error)}") from error
        if self._namespace not in namespaces:
            raise UnknownPointError(f"{self.url}: has no namespace {self._namespace!r}")
        index = namespaces.index(self._namespace)
        self._nodes = [ua.NodeId(a.opcua.node, index) for a in self.points.addresses]

    async def _secure(self, client: Client, pair: KeyPair) -> None:
        """Sign and encrypt, for the pinned server only where there is one: it proves to have the key of its certificate."""
        shown = await client.connect_and_get_server_endpoints()
        offered = [e for e in shown if e.SecurityPolicyUri == POLICY.URI and e.SecurityMode == ua.MessageSecurityMode.SignAndEncrypt]
        if not offered:
            raise SetupError(f"{self.url}: offers no endpoint that signs and encrypts with Basic256Sha256")
        try:
            certificate = x509_from_der(offered[0].ServerCertificate)
        except ValueError as error:
            raise SetupError(f"{self.url}: shows a certificate that cannot be read: {error}") from error
        if certificate is None:
            raise SetupError(f"{self.url}: shows no certificate")
        if self._server is not None and certificate != self._server:
            raise SetupError(
                f"{self.url}: shows another certificate (SHA-256 {fingerprint(certificate)}) than "
                f"--server-certificate ({fingerprint(self._server)}); nothing has been sent to it"
            )
        await client.set_security(POLICY, pair.certificate, pair.private_key, server_certificate=certificate.public_bytes(Encoding.DER))

    async def _close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            try:
                await client.disconnect()
            except (ua.UaError, OSError, TimeoutError):
                client.disconnect_socket()

    async def _read(self, positions: list[int]) -> dict[str, float]:
        result: dict[str, float] = {}
        for begin in range(0, len(positions), AT_ONCE):
            some = positions[begin : begin + AT_ONCE]
            answers = await self._ask("read_attributes", [self._nodes[k] for k in some], ua.AttributeIds.Value)
            if len(answers) != len(some):
                raise LinkError(f"{self.url}: {len(answers)} answers to {len(some)} questions")
            for k, answer in zip(some, answers, strict=True):
                point, status = self.points.points[k], answer.StatusCode
                if REFUSALS.get(status.name) is Refusal.UNKNOWN_POINT:
                    raise UnknownPointError(f"{self.url}: {point.name} ({self.points.addresses[k].opcua.node}): {status.name}")
                value = answer.Value.Value if status.is_good() and answer.Value is not None else None
                result[point.name] = point.to_si(float(value)) if isinstance(value, bool | int | float) else math.nan
        return result

    async def _write(self, values: Mapping[int, float]) -> None:
        positions = list(values)
        for begin in range(0, len(positions), AT_ONCE):
            some = positions[begin : begin + AT_ONCE]
            wanted = [ua.DataValue(variant(self.points.points[k], values[k])) for k in some]
            answers = await self._ask("write_attributes", [self._nodes[k] for k in some], wanted, ua.AttributeIds.Value)
            bad = [(self.points.points[k].name, status.name) for k, status in zip(some, answers, strict=True) if not status.is_good()]
            if bad:
                said = ", ".join(f"{name}: {status}" for name, status in bad)
                raise RefusedError(REFUSALS.get(bad[0][1], Refusal.DENIED), f"the other side refuses, OPC UA {said}")

    async def _ask(self, service: str, *arguments: Any) -> Any:
        if self._client is None:
            raise LinkError(f"{self.url}: not connected")
        try:
            return await getattr(self._client.uaclient, service)(*arguments)
        except ua.UaError as error:
            kind = LinkTimeoutError if "Timeout" in type(error).__name__ else LinkError
            raise kind(f"{self.url}: {_words(error)}") from error


def _words(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
