"""A real PostgreSQL for tests: one server a test run, an empty database a test."""

import asyncio
import itertools

import psycopg
import pytest

from tools.setup.postgresql import Server

_numbers = itertools.count()


@pytest.fixture(scope="session")
def server():
    """The server; it goes on running from test to test, so a test that ends it takes its own."""
    with asyncio.Runner() as runner:
        running = Server()
        runner.run(running.__aenter__())
        yield running
        runner.run(running.stop(kill=True))  # nobody wants what it holds
        runner.run(running.__aexit__())


@pytest.fixture
def database(server):
    """The URL of a database without anything of ours."""
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS lamplighter CASCADE")
    return server.url("postgres")


def created(server, options=""):
    """The URL of a database of its own. options: of CREATE DATABASE."""
    name = f"test{next(_numbers)}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 {options}".encode())
    return server.url(name)
