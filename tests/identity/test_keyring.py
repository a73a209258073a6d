"""Every API key in memory, against a naive model of what each secret may do when."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from ringmain_server.identity.keyring import Keyring
from ringmain_server.identity.keys import hasher, new_secret
from ringmain_server.identity.principal import OF_KEY, Scope
from ringmain_server.identity.records import KeyRecord

from tests.fakes.keys import MADE, make_key

HASH = hasher()
SPANS = st.sampled_from([0.0, 0.001, 1.0, 59.0, 60.0, 3600.0])
ANY = st.integers(0, 99)


class KeyringModel(RuleBasedStateMachine):
    """Makes, changes and revokes keys at random, in a keyring and in a list of secrets beside it."""

    def __init__(self) -> None:
        super().__init__()
        self.now = MADE
        self.ring = Keyring(HASH)
        self.records: dict[str, KeyRecord] = {}
        self.secrets: list[tuple[str, str]] = []
        """Every secret that ever was, with its key."""

    @initialize()
    def begin(self) -> None:
        self.make(None)

    @rule(life=st.none() | SPANS)
    def make(self, life: float | None) -> None:
        made = make_key(expire_time=None if life is None else self.now + life)
        self.secrets.append((made.text, made.record.key_id))
        self._put(made.record)

    @rule(which=ANY, grace=SPANS)
    def rotate(self, which: int, grace: float) -> None:
        record = self._pick(which)
        if record.revoke_time is not None:
            return
        text = new_secret(record.key_id).text
        self.secrets.append((text, record.key_id))
        self._put(
            replace(
                record,
                secret_hash=HASH(text),
                old_secret_hash=record.secret_hash if grace else None,
                old_secret_expire_time=self.now + grace if grace else None,
            )
        )

    @rule(which=ANY)
    def revoke(self, which: int) -> None:
        record = self._pick(which)
        self._put(replace(record, revoke_time=record.revoke_time or self.now))

    @rule(which=ANY, life=st.none() | SPANS)
    def expire(self, which: int, life: float | None) -> None:
        self._put(replace(self._pick(which), expire_time=None if life is None else self.now + life))

    @rule(span=SPANS)
    def wait(self, span: float) -> None:
        self.now += span

    @rule()
    def read_all(self) -> None:
        """The store is read anew."""
        self.ring.replace(self.records.values())

    @rule(which=ANY)
    def read_an_older_state(self, which: int) -> None:
        """A slow reader puts back a key as it was before it was revoked."""
        record = self._pick(which)
        if record.revoke_time is not None:
            self.ring.put(replace(record, revoke_time=None))
            self.ring.replace([replace(one, revoke_time=None) for one in self.records.values()])
            self.read_all()
            self.ring.put(replace(record, revoke_time=None))

    @invariant()
    def every_secret_does_what_its_record_says(self) -> None:
        for text, key_id in self.secrets:
            record = self.records[key_id]
            found = self.ring.find(text, self.now)
            assert (found is not None) == self._works(text, record), record
            assert found is None or found.principal_id == OF_KEY + key_id

    def _works(self, text: str, record: KeyRecord) -> bool:
        if record.revoke_time is not None:
            return False
        if record.expire_time is not None and self.now >= record.expire_time:
            return False
        if HASH(text) == record.secret_hash:
            return True
        until = record.old_secret_expire_time
        return HASH(text) == record.old_secret_hash and until is not None and self.now < until

    def _pick(self, which: int) -> KeyRecord:
        return list(self.records.values())[which % len(self.records)]

    def _put(self, record: KeyRecord) -> None:
        self.records[record.key_id] = record
        self.ring.put(record)


TestKeyring = KeyringModel.TestCase
TestKeyring.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_key_is_found_with_what_it_may_use() -> None:
    """The caller that a key stands for has its tenant, scopes, models, methods and networks."""
    made = make_key(
        "acme",
        (Scope.USAGE, Scope.INFERENCE),
        allowed_models=("smart", "openai/*"),
        allowed_methods=("ringmain.v1.ChatService/*",),
        allowed_networks=("10.0.0.0/8", "2001:db8::1"),
    )
    ring = Keyring(HASH)
    ring.put(made.record)
    found = ring.find(made.text, MADE)
    assert found is not None
    assert (found.tenant_id, found.scopes) == ("acme", frozenset({Scope.USAGE, Scope.INFERENCE}))
    assert found.allowed_models is not None
    assert found.allowed_models.permits("openai/gpt-4o")
    assert found.allowed_methods is not None
    assert not found.allowed_methods.permits("ringmain.v1.ImageService/EditImages")
    assert [str(one) for one in found.allowed_networks] == ["10.0.0.0/8", "2001:db8::1/128"]


def test_last_uses_are_taken_once() -> None:
    """The last use of each key is told once, and keys that were refused are not used."""
    ring = Keyring(HASH)
    kept, revoked = make_key(), make_key(revoke_time=MADE)
    ring.replace([kept.record, revoked.record])
    for now in (MADE, MADE + 1, MADE + 2):
        ring.find(kept.text, now)
        ring.find(revoked.text, now)
    assert dict(ring.used()) == {kept.record.key_id: MADE + 2}
    assert dict(ring.used()) == {}


@pytest.mark.parametrize("whole", [True, False])
def test_last_uses_outlive_changes_of_the_key(whole: bool) -> None:
    """A use is told although the key was rotated, revoked or read anew since, and the latest one counts."""
    ring = Keyring(HASH)
    old, new = make_key(), make_key()
    rotated = replace(
        old.record,
        secret_hash=new.record.secret_hash,
        old_secret_hash=old.record.secret_hash,
        old_secret_expire_time=MADE + 99,
    )
    ring.put(old.record)
    ring.find(old.text, MADE)
    ring.replace([rotated]) if whole else ring.put(rotated)
    ring.find(new.text, MADE + 2)
    ring.find(old.text, MADE + 1)
    revoked = replace(rotated, revoke_time=MADE + 3)
    ring.replace([revoked]) if whole else ring.put(revoked)
    assert dict(ring.used()) == {old.record.key_id: MADE + 2}


def test_a_key_with_an_unreadable_network_fails_alone() -> None:
    """What somebody wrote by hand into the database stops one key and no other."""
    ring = Keyring(HASH)
    good, bad = make_key(), make_key(allowed_networks=("nonsense",))
    ring.replace([bad.record, good.record])
    assert ring.find(bad.text, MADE) is None
    assert ring.find(good.text, MADE) is not None


def test_a_store_that_breaks_off_takes_no_key_away() -> None:
    """While keys are read that end in a failure, those that are known work on."""
    ring = Keyring(HASH)
    known, new = make_key(), make_key()
    ring.put(known.record)

    def broken() -> Iterator[KeyRecord]:
        yield new.record
        raise OSError("the disk")

    with pytest.raises(OSError, match="the disk"):
        ring.replace(broken())
    assert ring.find(known.text, MADE) is not None
    assert ring.find(new.text, MADE) is None


def test_keys_of_another_pepper_are_counted() -> None:
    """Keys that were hashed with a pepper do not work without it, and the reverse; both are counted."""
    peppered = hasher("pepper")
    salted, plain, gone = make_key(hashed=peppered), make_key(), make_key(revoke_time=MADE)
    for own, works in ((peppered, salted), (HASH, plain)):
        ring = Keyring(own)
        ring.replace([salted.record, plain.record])
        assert ring.find(works.text, MADE) is not None
        assert [one for one in (salted, plain) if ring.find(one.text, MADE)] == [works]
        assert ring.foreign == 1
    ring = Keyring(peppered)
    ring.put(gone.record)
    assert (ring.foreign, len(ring)) == (0, 1)


def test_nothing_shows_a_secret_or_its_hash() -> None:
    """Neither a key nor its hash is in the text form of a record, a caller or the keyring."""
    made = make_key()
    ring = Keyring(HASH)
    ring.put(made.record)
    shown = repr([made.record, ring, ring.find(made.text, MADE)]) + str(made.record)
    assert made.text not in shown
    assert repr(made.record.secret_hash) not in shown
