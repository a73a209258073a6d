"""Keys to store."""

from hypothesis import strategies as st
from ringmain_server.identity.principal import Scope
from ringmain_server.identity.records import KeyRecord


def record(key_id: str, **more: object) -> KeyRecord:
    """A key of the tenant `acme`."""
    given = {"tenant_id": "acme", "create_time": 1.0, "secret_hash": key_id.encode(), **more}
    return KeyRecord(key_id=key_id, **given)  # type: ignore[arg-type]  # tests give the fields' types


_TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
_TIME = st.none() | st.floats(0, 1e11)
_LIMIT = st.none() | st.integers(0, 2**63 - 1)
_NAMES = st.lists(_TEXT, max_size=3).map(tuple)


def records(key_id: st.SearchStrategy[str]) -> st.SearchStrategy[KeyRecord]:
    """Any key, whose hash is that of its id."""
    return key_id.flatmap(
        lambda name: st.builds(
            KeyRecord,
            key_id=st.just(name),
            tenant_id=st.sampled_from(["acme", "umbrella", "Ünïcode 💡"]),
            secret_hash=st.binary(min_size=8, max_size=33).map(lambda random: name.encode() + random),
            create_time=st.floats(0, 1e11),
            display_name=_TEXT,
            scopes=st.frozensets(st.sampled_from(Scope)),
            allowed_models=_NAMES,
            allowed_methods=_NAMES,
            allowed_networks=_NAMES,
            requests_per_minute=_LIMIT,
            tokens_per_minute=_LIMIT,
            monthly_budget_nano_usd=_LIMIT,
            old_secret_hash=st.none() | st.binary(max_size=33),
            old_secret_expire_time=_TIME,
            expire_time=_TIME,
            rotate_time=_TIME,
            revoke_time=_TIME,
            last_use_time=_TIME,
        )
    )
