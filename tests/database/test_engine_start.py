"""A query engine that does not start says why, in Node's words and without its stack."""

from pathlib import Path

import pytest

from playground.database.engine import process as engine
from playground.database.engine.process import running_engine
from playground.kit.errors import StartupError


async def refused_start(url: str = "postgresql://host/playground") -> str:
    with pytest.raises(StartupError) as refused:
        async with running_engine(url, pool_size=1):
            pass
    return str(refused.value)


async def test_an_unreadable_url_is_reported_in_one_line() -> None:
    assert await refused_start("postgresql://host:abc/playground") == "The query engine did not start: Invalid URL"


async def test_a_package_that_is_missing_is_named_with_what_installs_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "engine.mjs"
    program.write_text("import 'a-package-that-there-is-not';")
    monkeypatch.setattr(engine, "ENGINE", program)
    first, hint = (await refused_start()).splitlines()
    assert "Cannot find package 'a-package-that-there-is-not'" in first
    assert hint == "Run `make setup` first."


@pytest.mark.parametrize(
    ("program", "said"), [("console.error('first\\nsecond'); process.exit(1);", "first\nsecond"), ("", "it printed nothing.")]
)
async def test_other_error_output_is_reported_unchanged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, said: str) -> None:
    (tmp_path / "engine.mjs").write_text(program)
    monkeypatch.setattr(engine, "ENGINE", tmp_path / "engine.mjs")
    assert await refused_start() == f"The query engine did not start: {said}"
