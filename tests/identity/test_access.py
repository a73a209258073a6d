"""Whether a caller may call a method, by what its credentials and its tenant allow."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ringmain_server import contract
from ringmain_server.errors import NotAllowed
from ringmain_server.identity.access import Access, Tenant
from ringmain_server.identity.networks import Network, network, peer_address, within
from ringmain_server.identity.permissions import SCOPES
from ringmain_server.identity.principal import ANONYMOUS, NOBODY, UNKNOWN, Allowed, Principal, Scope

CHAT = "ringmain.v1.ChatService/Chat"
PEER = "ipv4:203.0.113.7:52011"
ALL = frozenset(Scope)


def nets(*texts: str) -> tuple[Network, ...]:
    """Networks by their texts."""
    return tuple(map(network, texts))


def refusal(principal: Principal, method: str = CHAT, access: Access | None = None, peer: str = PEER) -> str:
    """The cause of a refusal, empty for a caller who may."""
    with suppress(NotAllowed):
        (access or Access()).check(principal, method, lambda: peer)
        return ""
    with pytest.raises(NotAllowed) as refused:
        (access or Access()).check(principal, method, lambda: peer)
    assert refused.value.metadata == {"method": method}
    return refused.value.cause


@pytest.mark.parametrize("method", SCOPES)
def test_a_method_needs_one_of_its_scopes_and_no_other_helps(method: str) -> None:
    """Public methods need INFERENCE, usage USAGE or ADMIN, operations ADMIN; no scope includes another."""
    may = {scope for scope in Scope if not refusal(Principal("t", "p", frozenset({scope})), method)}
    service = method.partition("/")[0]
    if service in ("ringmain.admin.v1.AdminService", "grpc.channelz.v1.Channelz"):
        assert may == {Scope.ADMIN}
    elif service == "ringmain.v1.UsageService":
        assert may == {Scope.USAGE, Scope.ADMIN}
    else:
        assert may == {Scope.INFERENCE}
    assert refusal(ANONYMOUS, method) == ""
    assert refusal(NOBODY, method) == "scope"
    assert refusal(UNKNOWN, method) == ("" if may == {Scope.INFERENCE} else "scope")


def test_every_method_of_the_contract_is_listed() -> None:
    """A new method is served only once somebody has decided who may call it."""
    listed = {method for method in SCOPES if method.startswith("ringmain.")}
    assert listed == set(contract.methods())


def test_every_method_of_channelz_is_listed() -> None:
    """The library's service has no method that is not guarded."""
    from grpc_channelz.v1 import channelz_pb2

    service = channelz_pb2.DESCRIPTOR.services_by_name["Channelz"]
    assert {f"{service.full_name}/{method.name}" for method in service.methods} <= set(SCOPES)


@pytest.mark.parametrize(
    ("allowed", "may"),
    [
        ((), True),
        ((CHAT,), True),
        (("ringmain.v1.ChatService/*",), True),
        (("ringmain.v1.ChatService/StreamChat", "ringmain.v1.ImageService/*"), False),
        (("ringmain.v1.ChatService",), False),
        (("ringmain.v1.chatservice/chat",), False),
    ],
)
def test_methods_may_be_limited(allowed: tuple[str, ...], may: bool) -> None:
    """A caller with a list of methods may call these alone; the list never widens its scopes."""
    limited = Principal("t", "p", ALL, allowed_methods=Allowed.of(allowed))
    assert refusal(limited) == ("" if may else "method")
    without = Principal("t", "p", frozenset({Scope.USAGE}), allowed_methods=Allowed.of(allowed))
    assert refusal(without) == "scope"


@pytest.mark.parametrize(
    ("peer", "inside"),
    [
        ("ipv4:203.0.113.7:52011", True),
        ("ipv4:203.0.113.8:52011", False),
        ("ipv6:%5B::ffff:203.0.113.7%5D:52011", True),
        ("ipv6:[::ffff:203.0.113.7]:1", True),
        ("ipv6:%5B2001:db8::9%5D:52011", True),
        ("ipv6:%5B2001:db9::9%5D:52011", False),
        ("ipv6:%5Bfe80::1%25eth0%5D:1", True),
        ("unix:/run/ringmain.sock", False),
        ("unix:", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_networks_may_be_limited(peer: str, inside: bool) -> None:
    """A caller with networks may call from these alone, also where IPv6 carries its IPv4 address."""
    networks = nets("203.0.113.7", "2001:db8::/32", "fe80::/10")
    limited = Principal("t", "p", ALL, allowed_networks=networks)
    assert refusal(limited, peer=peer) == ("" if inside else "network")
    of_tenant = Access({"t": Tenant(allowed_networks=networks)})
    assert refusal(Principal("t", "p", ALL), access=of_tenant, peer=peer) == ("" if inside else "network")


def test_a_caller_must_be_in_a_network_of_its_key_and_of_its_tenant() -> None:
    """Neither list replaces the other."""
    access = Access({"t": Tenant(allowed_networks=nets("203.0.113.0/24"))})
    inside = Principal("t", "p", ALL, allowed_networks=nets("203.0.113.0/28"))
    outside = Principal("t", "p", ALL, allowed_networks=nets("10.0.0.0/8"))
    assert refusal(inside, access=access) == ""
    assert refusal(outside, access=access) == "network"
    assert refusal(inside, access=access, peer="ipv4:203.0.113.99:1") == "network"


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("::/64", "::/64"),
    ],
)
def test_networks_of_mapped_addresses_are_those_of_ipv4(text: str, same: str) -> None:
    """Callers' addresses are compared as IPv4 where they are, so a network is read like them."""
    assert str(network(text)) == str(network(same))


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0", "nonsense", "", "10.0.0.0/33", "::1/64"])
def test_texts_that_are_no_network_are_refused(text: str) -> None:
    """Bits beyond the prefix are a mistake, and not silently dropped."""
    with pytest.raises(ValueError, match="must be an address or a network"):
        network(text)


@given(st.text(max_size=60))
def test_any_peer_is_read_without_an_exception(text: str) -> None:
    """An address that cannot be read is in no network."""
    for peer in (text, f"ipv4:{text}", f"ipv6:{text}"):
        assert within(peer_address(peer), ()) is False


@pytest.mark.parametrize(
    ("of_key", "of_tenant", "may"),
    [
        ((), (), "smart openai/gpt-4o other"),
        (("smart",), (), "smart"),
        ((), ("smart",), "smart"),
        (("smart", "openai/*"), (), "smart openai/gpt-4o"),
        (("smart", "openai/*"), ("openai/*",), "openai/gpt-4o"),
        (("smart",), ("other",), ""),
        (("*",), (), "smart openai/gpt-4o other"),
        (("sm*",), (), "smart"),
        (("SMART",), (), ""),
    ],
)
def test_models_are_those_of_key_and_tenant(
    of_key: tuple[str, ...], of_tenant: tuple[str, ...], may: str
) -> None:
    """A model must be on the list of the key and on that of its tenant, where they have any."""
    principal = Principal("t", "p", ALL, allowed_models=Allowed.of(of_key))
    access = Access({"t": Tenant(allowed_models=Allowed.of(of_tenant))})
    lists = access.check(principal, CHAT, lambda: PEER)
    names = ("smart", "openai/gpt-4o", "other")
    assert [name for name in names if all(one.permits(name) for one in lists)] == may.split()


def test_tenants_that_are_not_configured_are_unlimited_unless_told() -> None:
    """A tenant is a name on keys; only where that is configured must it be known."""
    stranger, friend, none = (Principal(name, "p", ALL) for name in ("x", "t", ""))
    tenants = {"t": Tenant()}
    assert [refusal(one, access=Access(tenants)) for one in (stranger, friend, none)] == ["", "", ""]
    strict = Access(tenants, known_only=True)
    assert [refusal(one, access=strict) for one in (stranger, friend, none)] == ["tenant", "", ""]
    assert refusal(stranger, access=Access({}, known_only=True)) == "tenant"


@given(entries=st.lists(st.text(max_size=8), max_size=5), name=st.text(max_size=10))
def test_allowed_names_are_equal_or_begin_like_an_entry_with_a_star(entries: list[str], name: str) -> None:
    """An entry allows its own name; with a star at its end, all names that begin like it."""
    allowed = Allowed.of(entries)
    if allowed is None:
        assert entries == []
        return
    expected = any(name.startswith(entry[:-1]) if entry.endswith("*") else name == entry for entry in entries)
    assert allowed.permits(name) == expected
