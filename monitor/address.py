"""Addresses of machines: which of them are of the public internet."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Range = IPv4Network | IPv6Network

# `ipaddress.is_global` of Python 3.11 calls 192.0.0.8, 192.88.99.1, 224.0.0.1, fec0::1, 64:ff9b::7f00:1 and others
# global, so these lists are our own: the IANA special-purpose registries (RFC 6890) and multicast.
_NOT_PUBLIC_IPV4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this host
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # the platform's own service inside Azure machines
        "169.254.0.0/16",  # link-local, metadata of clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/3",  # multicast and reserved
    )
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NOT_PUBLIC_IPV6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments
        "2001:db8::/32",  # documentation
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
_IPV4_COMPATIBLE = IPv6Network("::/96")


def is_public(address: Address) -> bool:
    """Return whether an address, or the IPv4 address inside it, is one of the public internet."""
    within = inner(address)
    if isinstance(within, IPv4Address):
        return not any(within in block for block in _NOT_PUBLIC_IPV4)
    return (
        within.scope_id is None and within in _GLOBAL_UNICAST and not any(within in block for block in _NOT_PUBLIC_IPV6)
    )


def inner(address: Address) -> Address:
    """Return the IPv4 address that packets to an IPv6 address end at, or the address itself where there is none."""
    if isinstance(address, IPv4Address) or address.scope_id is not None:
        return address
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or (address in _IPV4_COMPATIBLE and int(address) > 1):  # not :: and ::1
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
