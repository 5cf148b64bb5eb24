"""Which addresses may be asked: public ones, and those a source allows by name. Pure, and the resolver that holds to it.

Private, loopback, link-local, shared (CGNAT), unique-local and reserved networks are refused, also when they hide in an
IPv6 address (IPv4-mapped, 6to4, Teredo, NAT64). Source: IANA special-purpose registries, as `ipaddress.is_global` has them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_CGNAT = ipaddress.IPv4Network("100.64.0.0/10")


def literal(host: str) -> Address | None:
    """The address `host` writes out, None for a name. A zone (fe80::1%eth0) is cut off."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """True for an address of the public Internet, whichever form it hides in."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        return address.is_global and not address.is_multicast and not address.is_site_local
    return address.is_global and not address.is_multicast and not address.is_reserved and address not in _CGNAT


class AddressRules:
    """The rules of one source. allow: host names and addresses (also networks such as 10.1.0.0/16) that may be private."""

    def __init__(self, allow: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
        for entry in allow:
            try:
                self._networks.append(ipaddress.ip_network(entry.strip("[]"), strict=False))
            except ValueError:
                self._names.add(entry.lower())

    def allows(self, host: str, address: Address) -> bool:
        """True when `address`, reached by the name `host`, may be asked."""
        return is_public(address) or host.lower() in self._names or any(address in net for net in self._networks)

    def allows_literal(self, host: str) -> bool:
        """True for a name (the resolver judges it) and for a written-out address that may be asked."""
        address = literal(host)
        return address is None or self.allows(host, address)


@implementer(IResolutionReceiver)
class _Sieve:
    """Passes on the addresses of a resolution that may be asked; remembers a name of which none may."""

    def __init__(self, receiver: Any, host: str, rules: AddressRules, refused: dict[str, str]) -> None:
        self._receiver, self._host, self._rules, self._refused = receiver, host, rules, refused
        self._passed = 0
        self._held: list[str] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802 - Twisted's interface
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: IAddress) -> None:  # noqa: N802
        shown = str(getattr(address, "host", ""))
        parsed = literal(shown)
        if parsed is not None and self._rules.allows(self._host, parsed):
            self._passed += 1
            self._receiver.addressResolved(address)
        else:
            self._held.append(shown)

    def resolutionComplete(self) -> None:  # noqa: N802
        if self._held and not self._passed:
            self._refused[self._host] = self._held[0]
        self._receiver.resolutionComplete()


@implementer(IHostnameResolver)
class GuardedResolver:
    """Resolves names to addresses that may be asked. What it passes on is what is connected to: no second look-up follows.

    refused: host → the address for which it was held back.
    """

    def __init__(self, inner: Any, rules: AddressRules) -> None:
        self._inner, self._rules = inner, rules
        self.refused: dict[str, str] = {}

    def resolveHostName(  # noqa: N802
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803
    ) -> IHostResolution:
        sieve = _Sieve(resolutionReceiver, hostName, self._rules, self.refused)
        found: IHostResolution = self._inner.resolveHostName(
            sieve, hostName, portNumber, addressTypes, transportSemantics
        )
        return found
