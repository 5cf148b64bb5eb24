"""Which addresses may be asked: judged on the literal, in every disguise."""

import ipaddress

import pytest

from crawlers.middlewares.addresses import AddressRules, GuardedResolver, is_public, literal


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "240.0.0.1", "192.0.2.1", "198.18.0.1", "::1", "::", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2002:a00:1::", "fec0::1",
        "2001:db8::1",
    ],
)  # fmt: skip
def test_private_addresses_are_refused(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))
    assert not AddressRules(()).allows_literal(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "114.114.114.114", "2400:3200::1", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_public_addresses_pass(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


def test_only_what_is_named_is_allowed() -> None:
    rules = AddressRules(("127.0.0.1", "intranet.example", "10.1.0.0/16"))
    assert rules.allows_literal("127.0.0.1")
    assert not rules.allows_literal("127.0.0.2")
    assert rules.allows("intranet.example", ipaddress.ip_address("192.168.3.4"))
    assert not rules.allows("other.example", ipaddress.ip_address("192.168.3.4"))
    assert rules.allows("other.example", ipaddress.ip_address("10.1.2.3"))
    assert not rules.allows("other.example", ipaddress.ip_address("10.2.2.3"))


def test_literals_are_recognised_with_brackets_and_zones() -> None:
    assert literal("[::1]") == ipaddress.ip_address("::1")
    assert literal("fe80::1%eth0") == ipaddress.ip_address("fe80::1")
    assert literal("example.com") is None


class _Found:
    def __init__(self, host: str) -> None:
        self.host = host


class _Names:
    """A resolver that answers from a table, the way Twisted's do."""

    def resolveHostName(self, receiver, name, port=0, types=None, semantics="TCP"):
        receiver.resolutionBegan(None)
        for host in {"mixed.example": ["10.0.0.1", "93.184.216.34"], "inside.example": ["10.0.0.1", "::1"]}[name]:
            receiver.addressResolved(_Found(host))
        receiver.resolutionComplete()


class _Receiver:
    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.complete = False

    def resolutionBegan(self, resolution) -> None:
        """Nothing to keep."""

    def addressResolved(self, address) -> None:
        self.hosts.append(address.host)

    def resolutionComplete(self) -> None:
        self.complete = True


def test_resolver_passes_on_only_addresses_that_may_be_asked() -> None:
    resolver = GuardedResolver(_Names(), AddressRules(()))
    mixed, inside = _Receiver(), _Receiver()
    resolver.resolveHostName(mixed, "mixed.example")
    resolver.resolveHostName(inside, "inside.example")
    assert mixed.hosts == ["93.184.216.34"] and mixed.complete
    assert inside.hosts == [] and inside.complete
    assert resolver.refused == {"inside.example": "10.0.0.1"}
