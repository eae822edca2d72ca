"""Addresses of databases: what is refused before anything is started, and why."""

import json
import subprocess
from pathlib import Path

import pytest

import playground.database
from playground.database.database_url import check_address
from playground.database.engine.node import node
from playground.kit.errors import StartupError
from playground.settings import Settings

CONNECTION = Path(playground.database.__file__).parent / "engine" / "connection.mjs"

TAKEN = [
    "postgresql://user:pass%2Fword%23@host:5432/playground?sslmode=require",
    "postgresql://user:p@ss:w@host/playground",
    "postgresql://user:50%@host/playground",
    "postgresql://user:two words@host/playground",
    "postgresql://user:[p]ü@host/playground",
    "postgres://host",
    "postgres://host:/playground",
    "postgresql://host?sslmode=require",
    "postgresql://",
    "postgresql:///playground?host=/var/run/postgresql&port=5433",
    "postgresql://user@/playground?host=/var/run/postgresql",
    "postgresql://%2Fvar%2Frun%2Fpostgresql/playground",
    "postgresql://user@[::1]:5432/playground",
    "postgresql://[::ffff:127.0.0.1]/playground",
    "postgresql://host/play@ground",
    "postgresql://host/playground?sslmode=verify-full",
    "postgresql://host/playground?sslrootcert=",
    "postgresql://host/playground?options=-c%20statement_timeout%3D1s&schema=tenant",
]
NONSENSE = "postgresql://user:s3/cret@host:5432/playground"

ADDRESSES_REFUSED_BY_NODE = f"""
import {{ adaptersFor }} from {json.dumps(CONNECTION.as_uri())};
const refused = [];
for (const url of process.argv.slice(1)) {{
  try {{
    await adaptersFor(url).connect();
  }} catch {{
    refused.push(url);
  }}
}}
console.log(JSON.stringify(refused));
"""


def test_the_query_engine_accepts_every_url_that_is_not_refused() -> None:
    for url in TAKEN:
        check_address(url)

    # What the engine does with an address, which does not ask for a connection yet. An engine for each would take seconds.
    answer = subprocess.run(
        [node(), "--input-type=module", "--eval", ADDRESSES_REFUSED_BY_NODE, *TAKEN, NONSENSE], capture_output=True, text=True, check=True
    )

    assert json.loads(answer.stdout) == [NONSENSE]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql://user:s3/cret@host:5432/playground", "%2F"),
        ("postgresql://user:3/s3cret@host:5432/playground", "%2F"),
        ("postgresql://user:/s3cret@host/playground", "%2F"),
        ("postgresql://user:s3#cret@host:5432/playground", "%23"),
        ("postgresql://user:3#s3cret@host/playground", "%23"),
        ("postgresql://user:s3?cret@host/playground", "%3F"),
        ("postgresql://user:s3cret%FF@host/playground", "%25"),
        ("postgresql://user:s3cret%99 @host/playground", "%25"),
        ("postgresql://user:s3cret@host:abc/playground", "port"),
        ("postgresql://user:s3cret@host:99999/playground", "port"),
        ("postgresql://user:s3cret@host/playground?port=abc", "port"),
        ("postgresql://user:s3cret@host/playground?port=99999", "port"),
        ("postgresql://user:s3cret@one:5432,two:5432/playground", "single host"),
        ("postgresql://user:s3cret@:5432/playground", "host"),
        ("postgresql://user:s3cret@?host=/var/run/postgresql", "host"),
        ("postgresql://user:s3cret@::1/playground", "host"),
        ("postgresql://user:s3cret@[::1%25eth0]/playground", "host"),
        ("postgresql://user:s3cret@host/playground?sslmode=require&sslrootcert=/nowhere.crt", "sslrootcert /nowhere.crt"),
        ("postgresql://user:s3cret@host/playground?sslcert=/nowhere.crt", "sslcert /nowhere.crt"),
        ("postgresql://user:s3cret@host/playground?sslkey=/", "sslkey /"),
        ("postgresql://user:s3cret@host/playground?sslrootcert=system", "sslrootcert=system is not supported"),
        ("postgresql://user:s3cret@host/playground?sslmode=verify-ca", "needs sslrootcert"),
    ],
)
def test_an_invalid_database_url_is_refused_with_what_to_do(url: str, said: str) -> None:
    with pytest.raises(StartupError) as refused:
        Settings.load(database_url=url, _env_file=None)
    [problem] = [line for line in str(refused.value).splitlines() if line.startswith("  DATABASE_URL: ")]
    assert said in problem
    assert not any(piece in problem for piece in ("s3", "cret"))


async def test_an_existing_certificate_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "authority.pem").touch()
    check_address(f"postgresql://host/playground?sslmode=verify-ca&sslrootcert={tmp_path}/authority.pem")
