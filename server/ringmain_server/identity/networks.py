"""Identity, pure: networks, and the addresses of callers."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final, TypeAlias
from urllib.parse import unquote

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address


_MAPPED: Final = IPv6Network("::ffff:0:0/96")
"""IPv4 addresses as IPv6 has them: https://www.rfc-editor.org/rfc/rfc4291#section-2.5.5.2."""


def network(text: str) -> Network:
    """Reads a network: an address, or CIDR notation such as `10.0.0.0/8`.

    Raises:
        ValueError: It is neither, or bits are set beyond the length of its prefix.
    """
    try:
        found = ip_network(text)
    except ValueError as exc:
        raise ValueError("must be an address or a network, such as 203.0.113.7 or 2001:db8::/32") from exc
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):
        # Callers' addresses are compared as IPv4 where they are: `peer_address`.
        return ip_network((int(found.network_address) & 0xFFFF_FFFF, found.prefixlen - _MAPPED.prefixlen))
    return found


def peer_address(peer: str) -> Address | None:
    """Returns the address of a caller as gRPC names it, such as `ipv4:203.0.113.7:52011`.

    Returns:
        The address, as IPv4 where an IPv6 socket shows one; None for a Unix domain socket.
    """
    kind, _, rest = peer.partition(":")
    if kind not in ("ipv4", "ipv6"):
        return None
    host = unquote(rest).rpartition(":")[0].strip("[]").partition("%")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def within(address: Address | None, networks: tuple[Network, ...]) -> bool:
    """Whether an address lies in one of several networks. A caller without an address is in none."""
    return address is not None and any(address in one for one in networks)
