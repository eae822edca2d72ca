"""The documentation's site: built strictly, without network, and with all that the code has to say."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
import typer.main

from playground.cli import app as cli
from playground.comparison.stream.event_docs import EVENTS
from playground.files import CHECKOUT
from playground.kit.errors import Problem
from playground.providers.errors.kinds import ProviderError

from ..support.openapi import document, operations
from ..test_docs import derived

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]  # The site takes four seconds of processor time.
_LOADED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?([^\"\s>]+)|<link\b[^>]*\bhref=\"?([^\"\s>]+)")
_WITHOUT_NETWORK = ["unshare", "--net"]


def without_network() -> list[str]:
    """How to start a program that reaches no network; nothing where that is not allowed."""
    allowed = shutil.which("unshare") and subprocess.run([*_WITHOUT_NETWORK, "true"], check=False, capture_output=True).returncode == 0
    return _WITHOUT_NETWORK if allowed else []


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [*without_network(), sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(folder)]
    built = subprocess.run(
        command, cwd=CHECKOUT, env={**os.environ, "NO_MKDOCS_2_WARNING": "1"}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    return folder


def text_of(site: Path, page: str) -> str:
    """What a reader sees of a page, without tags."""
    return unescape(re.sub(r"<[^>]+>", "", (site / page / "index.html").read_text(encoding="utf-8")))


def addresses(page: Path) -> Iterator[str]:
    for script, link in _LOADED.findall(page.read_text(encoding="utf-8")):
        yield script or link


def test_no_page_loads_anything_from_another_host(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) > 40
    assert [(page.name, address) for page in pages for address in addresses(page) if re.match(r"\w+:|//", address)] == []


def test_the_home_page_is_the_readme_and_shows_its_pictures(site: Path) -> None:
    home = (site / "index.html").read_text(encoding="utf-8")
    (picture,) = re.findall(r'src="([^"]*/page\.png)"', home)
    assert (site / picture).is_file()
    assert (site / "project" / "changelog" / "index.html").is_file()


def test_the_reference_has_every_setting(site: Path) -> None:
    names = re.findall(r"^([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE)
    text = text_of(site, "reference/settings")
    assert len(names) > 50
    assert [name for name in names if not re.search(rf"\b{name}\b", text)] == []


def test_the_reference_has_every_command_with_its_options(site: Path) -> None:
    text = text_of(site, "reference/commands")
    for name, command in typer.main.get_command(cli).commands.items():  # type: ignore[attr-defined]
        assert f"playground {name}" in text
        for parameter in command.params:
            assert all(option in text for option in parameter.opts if option.startswith("--") and option != "--help"), name


def test_the_reference_has_every_call_event_and_error(site: Path) -> None:
    calls, events, errors = (text_of(site, f"reference/{name}") for name in ("api", "events", "errors"))
    assert [operation.name for operation in operations(document()) if operation.name not in calls] == []
    assert [event for event in EVENTS if str(event.__struct_config__.tag) not in events] == []
    assert [error for error in (*derived(Problem), *derived(ProviderError)) if error.code not in errors] == []
