"""Links by URL; their libraries are imported when one is made."""

import importlib
import inspect
import urllib.parse
from collections.abc import Iterable
from typing import Any

from lowlift.data.hints import hint
from lowlift.wire.link import Link
from lowlift.wire.point_list import PointList

LINKS = {"modbus": "lowlift.wire.modbus_client:ModbusLink", "bacnet": "lowlift.wire.bacnet_client:BacnetLink",
         "opc.tcp": "lowlift.wire.opcua_client:OpcUaLink"}  # fmt: skip
"""By scheme, where its link is."""
PORTS = {"modbus": 502, "bacnet": 47808, "opc.tcp": 4840}


class UrlError(ValueError):
    """A URL leads nowhere, or is given options that its protocol has not; the message says what would be right."""


def make_link(points: PointList, url: str, **options: Any) -> Link:
    """A link to a site, not connected yet.

    Args:
        points: what is where.
        url: ``modbus://host:port``, ``bacnet://host:port`` or ``opc.tcp://host:port/path``.
        options: of the link's class; those that are none are left out.

    Raises:
        UrlError: no such scheme, no host, no such port, an option that the protocol has not, or a library that is not installed.
    """
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as error:
        raise UrlError(f"{url}: {error}") from error
    scheme = parts.scheme.lower()
    if scheme not in LINKS:
        raise UrlError(f"{url}: unknown protocol {scheme!r}; {hint(scheme, LINKS)}")
    try:
        port = parts.port or PORTS[scheme]
    except ValueError as error:
        raise UrlError(f"{url}: {error}") from error
    if not parts.hostname:
        raise UrlError(f"{url}: must be like {scheme}://192.0.2.10:{PORTS[scheme]}")
    if parts.username is not None:
        raise UrlError(f"{parts.scheme}://…@{parts.hostname}: names and passwords do not belong into a URL")
    given = {key: value for key, value in options.items() if value is not None}
    module, _, kind = LINKS[scheme].partition(":")
    try:
        make = getattr(importlib.import_module(module), kind)
        known = [name for name, p in inspect.signature(make).parameters.items() if p.kind is p.KEYWORD_ONLY]
        if foreign := given.keys() - known:
            raise UrlError(f"{url}: {scheme} has no such option: {_shown(sorted(foreign))}; it has {_shown(known)}")
        made: Link = make(points, url, **given) if scheme == "opc.tcp" else make(points, parts.hostname, port, **given)
    except ModuleNotFoundError as error:
        raise UrlError(f"{url}: {error.name} is not installed; install lowlift[hil]") from error
    except UrlError:
        raise
    except ValueError as error:
        raise UrlError(f"{url}: {error}") from error
    return made


def _shown(names: Iterable[str]) -> str:
    """As the command line spells them."""
    return ", ".join(name.replace("_", "-") for name in names)
