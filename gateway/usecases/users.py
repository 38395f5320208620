"""People who may open the page: add, list, remove, and give a new password."""

from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from gateway import logins, passwords
from gateway.errors import Refused, Unknown
from gateway.records import Role, User
from gateway.store import Transaction
from gateway.usecases import Done, Parts

UserName = Annotated[str, Meta(pattern="^[0-9A-Za-z._@-]{1,60}$")]


class UserRequest(Struct, forbid_unknown_fields=True):
    """A person to add. role: `viewer`, `operator`, `technician` or `admin`."""

    name: UserName
    password: str
    role: Role = "viewer"


class UserView(Struct):
    """A person, without the password."""

    name: str
    role: Role


async def add(parts: Parts, *, body: UserRequest) -> UserView:
    """Add a person. Raises Refused where the name is taken or the password too short."""
    made = User(
        name=body.name,
        role=body.role,
        password=passwords.made(body.password),
        created_at_ms=parts.clock(),
    )

    def change(tx: Transaction) -> None:
        if tx.record(User, made.name):
            raise Refused(f"the name {made.name} is taken: choose another", "name")
        tx.put_record(made.name, made)

    await parts.store.write(change)
    return UserView(made.name, made.role)


async def find_all(parts: Parts) -> list[UserView]:
    """All people, by name."""
    found = await parts.store.read(lambda view: view.records(User))
    return [UserView(one.name, one.role) for one in found]


async def set_password(parts: Parts, name: str, password: str) -> Done:
    """Give a person a new password; every session ends."""
    kept = passwords.made(password)

    def change(tx: Transaction) -> None:
        found = tx.record(User, name)
        if found is None:
            raise _unknown(name)
        tx.put_record(name, replace(found, password=kept))
        logins.end_all(tx, name)

    await parts.store.write(change)
    return Done()


async def remove(parts: Parts, name: str) -> Done:
    """Remove a person; every session ends."""

    def change(tx: Transaction) -> None:
        if not tx.remove_record(User, name):
            raise _unknown(name)
        logins.end_all(tx, name)

    await parts.store.write(change)
    return Done()


def _unknown(name: str) -> Unknown:
    return Unknown(f"there is no user {name}: `lamplighter user list` shows them")
