"""Which addresses are public, against a table of first and last addresses written for this test."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import example, given
from hypothesis import strategies as st

from monitor.address import is_public
from tests.properties.laws import law

#: Special-purpose addresses of IPv4 by the registry of IANA, multicast, reserved ones, and a cloud's own.
SPECIAL = (
    ("0.0.0.0", "0.255.255.255"),  # noqa: S104 - no bind
    ("10.0.0.0", "10.255.255.255"),
    ("100.64.0.0", "100.127.255.255"),
    ("127.0.0.0", "127.255.255.255"),
    ("168.63.129.16", "168.63.129.16"),
    ("169.254.0.0", "169.254.255.255"),
    ("172.16.0.0", "172.31.255.255"),
    ("192.0.0.0", "192.0.0.255"),
    ("192.0.2.0", "192.0.2.255"),
    ("192.31.196.0", "192.31.196.255"),
    ("192.52.193.0", "192.52.193.255"),
    ("192.88.99.0", "192.88.99.255"),
    ("192.168.0.0", "192.168.255.255"),
    ("192.175.48.0", "192.175.48.255"),
    ("198.18.0.0", "198.19.255.255"),
    ("198.51.100.0", "198.51.100.255"),
    ("203.0.113.0", "203.0.113.255"),
    ("224.0.0.0", "255.255.255.255"),
)
RANGES = tuple((int(IPv4Address(first)), int(IPv4Address(last))) for first, last in SPECIAL)
EDGES = [edge + step for bounds in RANGES for edge in bounds for step in (-1, 0, 1) if 0 <= edge + step < 1 << 32]
IPV4 = st.sampled_from(EDGES) | st.integers(0, (1 << 32) - 1)
#: Ways in which an address of IPv4 stands in one of IPv6.
WRAPPED = (
    lambda inner: int(IPv6Address("::ffff:0:0")) + inner,
    lambda inner: int(IPv6Address("64:ff9b::")) + inner,
    lambda inner: int(IPv6Address("2002::")) + (inner << 80),
    lambda inner: int(IPv6Address("2001:0:102:304::")) + (inner ^ 0xFFFF_FFFF),
)


def plainly_public(number: int) -> bool:
    return not any(first <= number <= last for first, last in RANGES)


@law
@given(IPV4)
def test_an_address_is_public_outside_of_the_special_ranges(number: int) -> None:
    assert is_public(IPv4Address(number)) == plainly_public(number)


@law
@given(IPV4, st.sampled_from(WRAPPED))
def test_an_address_inside_another_is_judged_by_itself(number: int, wrap: object) -> None:
    assert callable(wrap)
    assert is_public(IPv6Address(wrap(number))) == plainly_public(number)


@law
@given(st.integers(0, (1 << 128) - 1))
@example(int(IPv6Address("fd00:ec2::254")))
@example(int(IPv6Address("fe80::1")))
@example(int(IPv6Address("ff02::1")))
@example(int(IPv6Address("fec0::1")))
@example(int(IPv6Address("4000::")))
def test_outside_of_global_unicast_and_what_wraps_ipv4_nothing_is_public(number: int) -> None:
    wraps = number >> 32 in (0, 0xFFFF, 0x64FF9B << 64)
    if number >> 125 != 0b001 and not wraps:
        assert not is_public(IPv6Address(number))
