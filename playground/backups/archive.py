"""Writing a backup while the service runs, and making a data folder from it."""

import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import anyio.to_thread

from playground import __version__
from playground.database.embedded.running import EmbeddedPostgres
from playground.kit.errors import StartupError
from playground.settings import Settings

_DUMP = "database.dump"
_VERSION = "version"
_JOURNAL = "journal"
_SECRETS = ("jwt-secret", "encryption-secret")
"""Their files in the data folder, where the settings don't contain them."""


async def back_up(settings: Settings, target: Path) -> None:
    """Write a backup to `target` (mode 600), while a service runs or not. Raises `StartupError` and leaves no file if that fails."""
    _check_embedded(settings)
    async with EmbeddedPostgres.open(settings.data_dir) as server:
        await anyio.to_thread.run_sync(_write, settings.data_dir, server, target)


async def restore(settings: Settings, source: Path) -> None:
    """Make the data folder from the backup `source`. Raises `StartupError`, and leaves the folder empty, if that fails."""
    _check_embedded(settings)
    folder = settings.data_dir
    if folder.exists() and any(folder.iterdir()):
        raise StartupError(f"The data folder {folder} is not empty. Restore to another one, which PLAYGROUND_DATA_DIR chooses.")
    with _failures(f"The backup {source} can't be restored"), _unpacked(source) as unpacked:
        folder.mkdir(parents=True, exist_ok=True)
        try:
            async with EmbeddedPostgres.open(folder) as server:
                await anyio.to_thread.run_sync(server.load, unpacked / _DUMP)
            for name in (_JOURNAL, *_SECRETS):
                if (unpacked / name).exists():
                    shutil.move(unpacked / name, folder / name)
        except BaseException:
            for path in folder.iterdir():
                shutil.rmtree(path) if path.is_dir() else path.unlink()
            raise


def default_name() -> str:
    """The name of a backup that is made now."""
    return f"playground-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar"


def _check_embedded(settings: Settings) -> None:
    if settings.database_url is not None:
        raise StartupError(
            "DATABASE_URL is set, and this command is for the embedded database. "
            "Use the tools of your PostgreSQL, such as pg_dump, and copy the folder `journal` from the data folder."
        )


def _write(data_dir: Path, server: EmbeddedPostgres, target: Path) -> None:
    if target.exists():
        raise StartupError(f"{target} already exists. Choose another name.")
    with _failures(f"The backup {target} can't be written"), tempfile.TemporaryDirectory(dir=target.resolve().parent) as made:
        folder = Path(made)
        (folder / _VERSION).write_text(f"{__version__}\n", encoding="utf-8")
        for name in _SECRETS:
            if (data_dir / name).exists():
                shutil.copy2(data_dir / name, folder / name)
        _copy_journal(data_dir / _JOURNAL, folder / _JOURNAL)
        server.dump(folder / _DUMP)
        _copy_journal(data_dir / _JOURNAL, folder / _JOURNAL)
        archive = folder / "archive"
        with tarfile.open(archive, "w") as tar:
            for path in sorted(folder.iterdir()):
                if path != archive:
                    tar.add(path, path.name)
        archive.chmod(0o600)
        archive.rename(target)


def _copy_journal(source: Path, target: Path) -> None:
    """Copy the files of runs over earlier copies. A file that is deleted meanwhile has all of its content in the database."""
    for file in source.glob("*/*.jsonl"):
        copy = target / file.parent.name / file.name
        copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        unfinished = copy.with_suffix(".part")
        try:
            shutil.copy2(file, unfinished)
        except FileNotFoundError:
            continue
        unfinished.rename(copy)


@contextmanager
def _unpacked(source: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        with tarfile.open(source, "r:") as tar:
            members = [member for member in tar.getmembers() if _is_ours(PurePosixPath(member.name))]
            tar.extractall(folder, members, filter="data")
        if not (folder / _DUMP).is_file():
            raise StartupError(f"{source} is not a backup of Playground: it has no {_DUMP}.")
        yield folder


def _is_ours(name: PurePosixPath) -> bool:
    return str(name) in {_DUMP, _VERSION, *_SECRETS} or name.parts[0] == _JOURNAL


@contextmanager
def _failures(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, tarfile.TarError) as error:
        raise StartupError(f"{what}: {error}") from error
