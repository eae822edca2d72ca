"""Data folders of services under test."""

import fcntl
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playground.database.embedded.cluster import Cluster, _programs

from .process import PLAYGROUND, environment

NewDataDir = Callable[[], Path]
"""Gives a data folder as the first start leaves it; it is removed when the tests end."""


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty one. A PostgreSQL that runs in it at the end is stopped."""
    # Not pytest's own: that is closed to other accounts at the start of every test run, and as root PostgreSQL runs under another.
    folder = Path(tempfile.mkdtemp(prefix="playground-"))
    try:
        yield folder
    finally:
        stop_left_over_server(folder)
        shutil.rmtree(folder)


def stop_left_over_server(data_dir: Path) -> None:
    cluster = Cluster(data_dir / "postgres")
    if cluster.answers():
        cluster.stop()


def prepared_database(shared: Path) -> Path:
    """A PostgreSQL's folder with the service's tables, made once for all processes of a test run, which have the folder `shared`."""
    prepared = shared / "postgres"
    with (shared / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not prepared.exists():
            with temporary_folder() as folder:
                subprocess.run([*PLAYGROUND, "migrate"], env=environment(folder), cwd=folder, check=True, capture_output=True)
                make_light(Cluster(folder / "postgres"))
                copy_database(folder / "postgres", prepared)
    return prepared


def make_light(cluster: Cluster) -> None:
    """Without the databases that PostgreSQL makes for itself: three quarters of the files that are copied, and no service looks at them."""
    cluster.start()
    drops = [f"DROP DATABASE {name}" for name in ("template0", "template1", "postgres")]
    commands = [part for sql in ("UPDATE pg_database SET datistemplate = false", *drops) for part in ("-c", sql)]
    subprocess.run([_programs() / "psql", "-q", cluster.url, *commands], check=True)
    cluster.stop()
    # The tests kill processes, not the machine: what was written is there without waiting for the disk.
    with (cluster.folder / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write("fsync = off\nfull_page_writes = off\n")


def copy_database(source: Path, target: Path) -> None:
    """Copies a stopped PostgreSQL's folder with its owner, who may be another account than ours."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    subprocess.run(["cp", "-a", source, unfinished], check=True)
    unfinished.rename(target)
