"""Patience with those who guess passwords: after some wrong ones from one address it has to wait, longer after each further one.

The right password has to wait as well, otherwise waiting would slow nobody down.
"""

import collections
import ipaddress
import time
from collections.abc import Callable

FREE, WAIT_MAX, FORGET = 5, 60.0, 900.0
"""Wrong passwords before anybody waits; longest wait [s]; after so long without another one they are forgotten [s]."""
ADDRESSES_MAX = 1024
"""Addresses remembered; the oldest make room."""


class Patience:
    """Who has failed, and how long each has to wait. Used from one event loop.

    Args:
        clock: monotonic time [s].
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: collections.OrderedDict[str, tuple[int, float]] = collections.OrderedDict()

    def wait(self, address: str) -> float:
        """How long an address has to wait before it may try again [s]."""
        return max(self._failures.get(source(address), (0, 0.0))[1] - self._clock(), 0.0)

    def failed(self, address: str) -> float:
        """Remember a wrong password; returns how long the address has to wait now [s]."""
        who, now = source(address), self._clock()
        count, until = self._failures.pop(who, (0, now))
        count = 1 if now > until + FORGET else count + 1
        wait = min(2.0 ** (count - FREE), WAIT_MAX) if count >= FREE else 0.0
        self._failures[who] = (count, now + wait)
        while len(self._failures) > ADDRESSES_MAX:
            self._failures.popitem(last=False)
        return wait

    def forget(self, address: str) -> None:
        """The right password came."""
        self._failures.pop(source(address), None)


def source(address: str) -> str:
    """Who guesses: an IPv4 address, also as IPv6 has it, or the /64 that one IPv6 user has to himself.

    >>> source("10.0.0.7"), source("::ffff:10.0.0.7"), source("2001:db8::1:2")
    ('10.0.0.7', '10.0.0.7', '2001:db8::/64')
    """
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    return str(parsed if parsed.version == 4 else ipaddress.ip_network((parsed, 64), strict=False))
