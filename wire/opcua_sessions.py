"""Sessions of OPC UA clients: who is let in, who is not and is remembered, and who has to wait."""

import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any

from asyncua import Server, ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.internal_session import InternalSession

from lowlift.wire.patience import Patience

NAME_LONGEST = 40
"""Of a user, as far as it is remembered."""
WRONG = (ua.StatusCodes.BadUserAccessDenied, ua.StatusCodes.BadIdentityTokenInvalid, ua.StatusCodes.BadIdentityTokenRejected)
"""What answers who does not know the password."""


class Client(User):  # type: ignore[misc]
    """A user in one session: two sessions of a user are two clients."""

    def __init__(self, session: str, name: str | None = None) -> None:
        super().__init__(role=UserRole.User, name=name)
        self.session = session


class Users:
    """Who may write: everybody, or those with a password."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = users

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None,
    ) -> User | None:  # fmt: skip
        """The user behind a session; none where name and password do not belong together."""
        if username is None:
            # The library lets the role Anonymous do nothing at all; here it may read.
            return Client(secrets.token_hex(4))
        known = self._users.get(username)
        if known is None or not hmac.compare_digest(known.encode(), (password or "").encode()):
            return None
        return Client(secrets.token_hex(4), username)


class Door:
    """Lets sessions in. A wrong password is remembered; after some of them their address has to wait (BadServerTooBusy).

    Args:
        refused: is told who is not let in, and why.
        patience: with each address.
    """

    def __init__(self, refused: Callable[[str, str], None], patience: Patience | None = None) -> None:
        self._refused, self._patience = refused, patience or Patience()

    def watch(self, server: Server) -> None:
        """Take the place of the library's own sessions.

        Args:
            server: initialised, not started.
        """
        inner, door = server.iserver, self

        class Session(InternalSession):  # type: ignore[misc]
            def activate_session(self, params: Any, peer_certificate: bytes | None) -> Any:
                return door.let_in(_host(self.name), params.UserIdentityToken, lambda: super(Session, self).activate_session(
                    params, peer_certificate
                ))  # fmt: skip

        def create(name: Any, user: User = User(role=UserRole.Anonymous), external: bool = False) -> InternalSession:  # noqa: B008
            return Session(inner, inner.aspace, inner.subscription_service, name, user=user, external=external)

        inner.create_session = create

    def let_in(self, address: str, token: Any, activate: Callable[[], Any]) -> Any:
        """Activate a session.

        Raises:
            ServiceError: the token is refused, or its address has to wait.
        """
        named = isinstance(token, ua.UserNameIdentityToken)
        who = f"user {str(token.UserName)[:NAME_LONGEST]!r}" if named else "a client"
        if named and self._patience.wait(address):
            raise ServiceError(ua.StatusCodes.BadServerTooBusy)
        try:
            if named and token.UserName is None:
                # The library would take nobody's name for an anonymous client.
                raise ServiceError(ua.StatusCodes.BadIdentityTokenInvalid)
            result = activate()
        except (ServiceError, ua.uaerrors.UaStatusCodeError) as error:
            # Whoever is kept out for another reason, as a full house, has not guessed.
            wait = self._patience.failed(address) if named and error.code in WRONG else 0.0
            said = f"{who} is not let in: {ua.StatusCode(error.code).name}"
            self._refused(address, said + (f"; {address} has to wait {wait:.0f} s" if wait else ""))
            raise
        if named:
            self._patience.forget(address)
        return result


def _host(peer: Any) -> str:
    return str(peer[0]) if isinstance(peer, tuple) and peer else ""
