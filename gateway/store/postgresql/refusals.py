"""What PostgreSQL's refusals mean: who acts next.

Source: PostgreSQL 17, appendix A, "PostgreSQL Error Codes".
"""

import contextlib
from collections.abc import Generator

import psycopg

from gateway.errors import Broken, ConfigError, GatewayError, Retry

_SETTINGS = {
    "28000": "the database admits no such user from here: its operator edits pg_hba.conf",
    "28P01": "the database refuses the user or the password of `store.url`",
    "3D000": "the database that `store.url` names does not exist: create it by `createdb`",
    "42501": "the user of `store.url` may not do this: its operator grants CREATE on the database",
}
_PASSING = {
    "25006": "is read-only now, as after a failover",
    "25P03": "ended the session, which was idle within a transaction",
    "53100": "has a full disk, and its operator frees space",
    "53200": "is out of memory",
    "53300": "has no connection left: its operator raises max_connections",
    "55P03": "waits for another client that holds a lock",
    "57014": "took too long",
    "57P01": "is being shut down",
    "57P02": "was shut down after a crash",
    "57P03": "is starting or stopping",
    "40001": "had a conflict of two transactions",
    "40P01": "had two transactions that waited for each other",
}


def meaning(error: psycopg.Error, place: str) -> GatewayError:
    """The error of ours for one of the driver's. place: the database, without a password."""
    said = _said(error)
    code = error.sqlstate or ""
    if code in _SETTINGS:
        return ConfigError(f"`store.url`: {_SETTINGS[code]} ({place}: {said})")
    if code in _PASSING:
        return Retry(f"the store {place} {_PASSING[code]} ({said})")
    if isinstance(error, psycopg.OperationalError) and not code.startswith(("58", "XX")):
        return _without_code(place, said)
    return Broken(f"the store {place} is damaged or was changed by others: {said}")


def _without_code(place: str, said: str) -> GatewayError:
    """A connection that was refused or lost; libpq tells the causes of a refusal in words."""
    for code, words in (
        ("28P01", "password authentication failed"),
        ("28P01", "no password supplied"),
        ("3D000", "does not exist"),
        ("28000", "no pg_hba.conf entry"),
        ("53300", "too many clients"),
        ("53300", "connection slots are reserved"),
        ("57P03", "the database system is"),
    ):
        if words in said:
            refusal = psycopg.errors.lookup(code)(said)
            return meaning(refusal, place)
    return Retry(f"the store {place} cannot be reached: {said}")


def _said(error: psycopg.Error) -> str:
    """The first sentence of what the server or libpq said, on one line."""
    text = error.diag.message_primary or str(error) or type(error).__name__
    return " ".join(text.split())[:300].rstrip(".")


@contextlib.contextmanager
def translated(place: str) -> Generator[None]:
    """Turn what psycopg raises into the error that says who acts next."""
    try:
        yield
    except psycopg.Error as error:
        raise meaning(error, place) from error
