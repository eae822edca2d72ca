"""Secrets that the service makes for itself: whole, and the same for everybody who asks."""

import multiprocessing
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from pathlib import Path
from threading import Barrier as ThreadBarrier

import pytest

from playground.kit.errors import StartupError
from playground.kit.generated_secrets import SHORTEST_SECRET, load_or_create_secret
from playground.settings import Settings

AT_ONCE = 8
ROUNDS = 20
ON_A_FULL_DISK = """
import resource, sys
from pathlib import Path
from playground.kit.errors import StartupError
from playground.kit.generated_secrets import load_or_create_secret

resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
try:
    load_or_create_secret(Path(sys.argv[1]))
except StartupError as error:
    print(error)
"""


def ask(paths: list[Path], everybody: Barrier, answers: "SimpleQueue[list[str]]") -> None:
    secrets = []
    for path in paths:
        everybody.wait()
        secrets.append(load_or_create_secret(path))
    answers.put(secrets)


def test_a_secret_is_created_once_and_readable_only_by_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "data" / "secret"
    secret = load_or_create_secret(path)
    assert len(secret) >= SHORTEST_SECRET
    assert load_or_create_secret(path) == secret
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_threads_that_ask_at_once_get_the_same_secret(tmp_path: Path) -> None:
    everybody = ThreadBarrier(AT_ONCE)

    def ask_with_the_others(path: Path) -> str:
        everybody.wait()
        return load_or_create_secret(path)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        for round_ in range(ROUNDS):
            folder = tmp_path / str(round_)
            secrets = set(threads.map(ask_with_the_others, [folder / "secret"] * AT_ONCE))
            assert secrets == {(folder / "secret").read_text()}
            assert list(folder.iterdir()) == [folder / "secret"]


def test_processes_that_ask_at_once_get_the_same_secret(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    everybody, answers = context.Barrier(AT_ONCE), context.SimpleQueue()
    paths = [tmp_path / str(round_) / "secret" for round_ in range(ROUNDS)]
    processes = [context.Process(target=ask, args=(paths, everybody, answers)) for _ in range(AT_ONCE)]
    for process in processes:
        process.start()
    answered = [answers.get() for _ in processes]
    for process in processes:
        process.join()
    answers.close()
    assert answered == [[path.read_text() for path in paths]] * AT_ONCE


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * (SHORTEST_SECRET - 1), b"\xff" * 64], ids=["empty", "blank", "short", "no text"])
@pytest.mark.parametrize("file", ["jwt-secret", "encryption-secret"])
def test_a_file_without_a_secret_is_named_and_unchanged(tmp_path: Path, file: str, content: bytes) -> None:
    (tmp_path / file).write_bytes(content)
    settings = Settings(data_dir=tmp_path, _env_file=None)
    with pytest.raises(StartupError, match=rf"{tmp_path / file} .*delete it"):
        settings.signing_secrets() + settings.encryption_secrets()
    assert (tmp_path / file).read_bytes() == content


def test_a_full_disk_leaves_no_secret_for_the_next_start(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    done = subprocess.run([sys.executable, "-c", ON_A_FULL_DISK, path], capture_output=True, text=True, check=True)
    assert str(path) in done.stdout
    assert list(tmp_path.iterdir()) == []
    assert len(load_or_create_secret(path)) >= SHORTEST_SECRET


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "jwt-secret").mkdir()
    with pytest.raises(StartupError, match=r"jwt-secret .*Is a directory.*JWT_SECRET"):
        Settings(data_dir=tmp_path, _env_file=None).signing_secrets()
