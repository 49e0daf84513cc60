"""Connects with one client, by nothing but the variables of a pod, and prints its version."""

import asyncio
import os
import sys
from importlib.metadata import version


def psycopg():
    import psycopg

    with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


async def asyncpg():
    import asyncpg

    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    assert await connection.fetchval("select 1") == 1
    await connection.close()


def redis():
    import redis

    assert redis.from_url(os.environ["REDIS_URL"]).ping()


async def nats_py():
    import nats

    async def on_error(_):
        pass

    connection = await nats.connect(os.environ["NATS_URL"], allow_reconnect=False, connect_timeout=30, error_cb=on_error)
    await connection.flush()
    await connection.close()


CLIENTS = {"psycopg": psycopg, "asyncpg": asyncpg, "redis": redis, "nats-py": nats_py}

name = sys.argv[1]
client = CLIENTS[name]
if asyncio.iscoroutinefunction(client):
    asyncio.run(client())
else:
    client()
print(f"{version(name)} on Python {sys.version.split()[0]}")
