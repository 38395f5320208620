"""API keys: how they are made, kept and asked for."""

import pytest

from gateway.errors import Refused
from gateway.http.auth import Forbidden, Unauthorized, authorize
from gateway.keys import SCOPES, digest, new_key
from gateway.store.sqlite import Store


@pytest.fixture
async def store():
    async with Store(source="lamplighter/test") as opened:
        yield opened


async def keep(store, scope):
    record, text = new_key(scope, scope, 7)
    await store.write(lambda tx: tx.add_api_key(record))
    return record, text


def test_a_key_has_256_random_bits_and_only_its_digest_is_kept():
    record, text = new_key("backend", "read", 7)

    assert len(text.removeprefix("lamp_")) == 43  # 32 bytes in base64url
    assert text not in repr(record)
    assert record.digest == digest(text)
    assert new_key("backend", "read", 7)[1] != text


@pytest.mark.parametrize(
    ("scope", "scopes"), [(one, SCOPES[: at + 1]) for at, one in enumerate(SCOPES)]
)
def test_a_scope_includes_those_before_it(scope, scopes):
    assert new_key("x", scope, 7)[0].scopes == scopes


def test_an_unknown_scope_is_refused_with_those_there_are():
    with pytest.raises(Refused, match="read, command, admin"):
        new_key("x", "root", 7)


async def test_a_key_opens_what_its_scope_says(store):
    record, text = await keep(store, "command")

    assert await authorize(store, f"Bearer {text}", "read") == record
    assert await authorize(store, f"bearer  {text} ", "command") == record
    with pytest.raises(Forbidden, match="scope admin"):
        await authorize(store, f"Bearer {text}", "admin")


@pytest.mark.parametrize("change", [lambda t: "", lambda t: t[:-1], lambda t: t + "A", str.upper])
async def test_a_key_that_is_a_little_wrong_opens_nothing(store, change):
    _, text = await keep(store, "admin")

    with pytest.raises(Unauthorized):
        await authorize(store, f"Bearer {change(text)}", "read")


async def test_a_digest_is_no_key(store):
    record, _ = await keep(store, "admin")

    with pytest.raises(Unauthorized):
        await authorize(store, f"Bearer {record.digest}", "read")
