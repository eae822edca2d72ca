"""A PostgreSQL of somebody else's: over TCP, with a password, over TLS. The parameters of `DATABASE_URL` mean what they mean to libpq."""

import contextlib
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute, SocketStream
from anyio.streams.tls import TLSStream

from playground.database import migrations as migrate
from playground.database.client import Database
from playground.database.embedded import cluster as clusters
from playground.database.embedded.cluster import Cluster
from playground.database.embedded.system_account import postgres_account
from playground.database.engine.process import running_engine
from playground.kit.errors import StartupError

from ..support.certificates import Certificate
from ..support.folders import temporary_folder
from .conftest import settings_for

PASSWORD = "p@ss:w/rd?&%#ü "
ONLY_WITH_PASSWORD = "host all all 127.0.0.1/32 scram-sha-256\n"
SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"  # As a client of PostgreSQL asks for TLS.


@dataclass(frozen=True)
class Server:
    port: int
    authority: Path
    another_authority: Path

    def url(self, *, host: str = "127.0.0.1", password: str = PASSWORD, database: str = "playground", **parameters: object) -> str:
        query = "&".join(f"{name}={quote(str(value))}" for name, value in parameters.items())
        return f"postgresql://postgres:{quote(password, safe='')}@{host}:{self.port}/{database}?{query}"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def secured_cluster(folder: Path) -> Cluster:
    """A cluster that asks for the password over TCP."""
    cluster = Cluster(folder / "postgres")
    cluster.make()
    (cluster.folder / "pg_hba.conf").write_text(ONLY_WITH_PASSWORD)
    account = postgres_account(cluster.folder, clusters._programs())
    escaped = PASSWORD.replace("'", "''")
    sql = f"ALTER USER postgres PASSWORD '{escaped}'\n"
    cluster._run(account, "postgres", "--single", "-D", str(cluster.folder), "postgres", text=sql)
    return cluster


def started(cluster: Cluster, port: int) -> subprocess.Popen[bytes]:
    """Its server, on TCP. Not by `Cluster.start`: it stands for a server that is not ours."""
    account = postgres_account(cluster.folder, clusters._programs())
    options = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-c", f"unix_socket_directories={cluster.folder}"]
    program = clusters._programs() / "postgres"
    return subprocess.Popen(
        [program, "-D", cluster.folder, *options], stderr=subprocess.DEVNULL, cwd=cluster.folder.parent, **account.credentials()
    )


class TlsInFront:
    """TLS in front of a PostgreSQL, since the wheel's is built without. It serves nobody who does not ask for TLS."""

    def __init__(self, context: ssl.SSLContext, port: int) -> None:
        self._context = context
        self._port = port

    async def serve_one(self, client: SocketStream) -> None:
        with contextlib.suppress(anyio.BrokenResourceError, anyio.EndOfStream, ssl.SSLError):
            async with client:
                if await client.receive(len(SSL_REQUEST)) != SSL_REQUEST:
                    return
                await client.send(b"S")
                secured = await TLSStream.wrap(client, server_side=True, ssl_context=self._context, standard_compatible=False)
                async with await anyio.connect_tcp("127.0.0.1", self._port) as server, anyio.create_task_group() as group:
                    group.start_soon(self._carry, secured, server, group.cancel_scope)
                    group.start_soon(self._carry, server, secured, group.cancel_scope)

    @staticmethod
    async def _carry(source: ByteStream, target: ByteStream, connection: anyio.CancelScope) -> None:
        with contextlib.suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            async for data in source:
                await target.send(data)
        connection.cancel()


@pytest.fixture(scope="module")
async def server(anyio_backend: str) -> AsyncIterator[Server]:
    """A server that takes passwords over TLS only, with a certificate for `127.0.0.1` and not for `localhost`."""
    with temporary_folder() as folder:
        authority = Certificate("authority")
        certificate = Certificate("127.0.0.1", signer=authority).write(folder / "server.pem")
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)

        port = free_port()
        process = started(secured_cluster(folder), port)
        try:
            async with (
                await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
                anyio.create_task_group() as group,
            ):
                group.start_soon(listener.serve, TlsInFront(context, port).serve_one)
                in_front = listener.extra(SocketAttribute.local_port)  # noqa: S610 - nothing of Django's
                yield Server(in_front, authority.write(folder / "authority.pem"), Certificate("another").write(folder / "another.pem"))
                group.cancel_scope.cancel()
        finally:
            process.terminate()
            process.wait()


async def connects(url: str) -> bool:
    async with running_engine(url, pool_size=1) as engine:
        return bool(await engine.client.query_raw("SELECT 1 AS one"))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "_REACH_TIMEOUT", 0.0)


async def test_the_whole_service_works_with_a_password_over_verified_tls(server: Server, data_dir: Path) -> None:
    url = server.url(sslmode="verify-full", sslrootcert=server.authority)

    with anyio.fail_after(60):
        async with Database.open(settings_for(data_dir, url)) as database:
            assert await database.run(lambda client: client.users.count()) == 0

    assert not (data_dir / "postgres").exists()


@pytest.mark.parametrize("sslmode", ["prefer", "require"])
async def test_these_modes_encrypt_without_verifying_the_server(server: Server, sslmode: str) -> None:
    assert await connects(server.url(sslmode=sslmode))


@pytest.mark.parametrize("sslmode", ["require", "verify-ca", "verify-full"])
async def test_with_a_root_certificate_the_servers_certificate_must_come_from_it(server: Server, sslmode: str, impatient: None) -> None:
    assert await connects(server.url(sslmode=sslmode, sslrootcert=server.authority))
    with pytest.raises(StartupError, match="certificate"):
        await migrate.migrate(server.url(sslmode=sslmode, sslrootcert=server.another_authority))


async def test_only_verify_full_checks_the_host_name_of_the_certificate(server: Server, impatient: None) -> None:
    assert await connects(server.url(host="localhost", sslmode="verify-ca", sslrootcert=server.authority))
    with pytest.raises(StartupError, match=r"certificate|altnames"):
        await migrate.migrate(server.url(host="localhost", sslmode="verify-full", sslrootcert=server.authority))


@pytest.mark.parametrize("sslmode", ["disable", None])
async def test_without_tls_a_server_that_requires_it_refuses(server: Server, sslmode: str | None, impatient: None) -> None:
    parameters = {} if sslmode is None else {"sslmode": sslmode}

    with pytest.raises(StartupError, match="DATABASE_URL"):
        await migrate.migrate(server.url(**parameters))


async def test_a_wrong_password_is_reported_immediately_and_not_retried(server: Server) -> None:
    with pytest.raises(StartupError, match="uthentication failed") as failure:
        await migrate.migrate(server.url(password="wrong-one", sslmode="require"))
    assert "wrong-one" not in str(failure.value)


async def test_a_database_that_does_not_exist_is_named(server: Server) -> None:
    with pytest.raises(StartupError, match="elsewhere"):
        await migrate.migrate(server.url(database="elsewhere", sslmode="require"))


async def test_a_root_certificate_that_does_not_exist_is_named(server: Server) -> None:
    with pytest.raises(StartupError, match=r"/nowhere\.crt"):
        await migrate.migrate(server.url(sslmode="verify-full", sslrootcert="/nowhere.crt"))


async def test_a_schema_parameter_is_where_the_tables_go(server: Server) -> None:
    url = server.url(sslmode="require", schema="tenant")
    async with running_engine(server.url(sslmode="require"), pool_size=1) as engine:
        await engine.client.execute_raw("CREATE SCHEMA tenant")

    assert await migrate.migrate(url) != ()
    assert await migrate.migrate(url) == ()

    async with running_engine(url, pool_size=1) as engine:
        assert await engine.client.users.count() == 0
        [row] = await engine.client.query_raw("SELECT 'users'::regclass = 'tenant.users'::regclass AS there")
    assert row["there"]
