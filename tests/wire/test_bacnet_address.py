"""BACnet/IP addresses as people write them."""

import pytest

from lowlift.wire.bacnet_address import BacnetAddressError, parse_bacnet_address


@pytest.mark.parametrize(
    ("text", "host", "shown"),
    [
        ("192.0.2.10/24:47809", "192.0.2.10", "192.0.2.10/24:47809"),
        ("192.0.2.10/255.255.255.0", "192.0.2.10", "192.0.2.10/24:47808"),
        (" 192.0.2.10:0 ", "192.0.2.10", "192.0.2.10/32:0"),
        ("192.0.2.10:65535", "192.0.2.10", "192.0.2.10/32:65535"),
    ],
)
def test_mask_and_port_may_be_left_out(text: str, host: str, shown: str) -> None:
    found = parse_bacnet_address(text, "--bind")
    assert (found.host, found.text) == (host, shown)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("abc", "must be like"), ("", "must be like"), ("::1", "must be like"), ("192.0.2.10/33", "must be like"),
        ("192.0.2.300", "must be like"),
        ("127.0.0.1/32:99999", "0 to 65535"), ("127.0.0.1:-1", "0 to 65535"), ("127.0.0.1:", "0 to 65535"), ("127.0.0.1:1_0", "0 to 65535"),
        ("127.0.0.1:x", "0 to 65535"), ("127.0.0.1:²", "0 to 65535"),
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused_by_the_name_of_its_option(text: str, what: str) -> None:
    with pytest.raises(BacnetAddressError, match=what) as error:
        parse_bacnet_address(text, "--client-address")
    assert str(error.value).startswith(f"--client-address {text}: ")
