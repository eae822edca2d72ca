"""What the documents say is there is there, and what is there is in them."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main

from playground.cli import app as cli
from playground.comparison.schemas import StreamRequest
from playground.comparison.stream.event_docs import EVENTS
from playground.files import CHECKOUT
from playground.kit.errors import Problem
from playground.operation.metrics import Metrics
from playground.operation.process_state import ProcessState, StateCollector
from playground.providers.errors.kinds import ProviderError
from playground.scripts.bench.command import app as bench
from playground.scripts.costs.command import app as report

from .support.openapi import document

API = "\n".join(page.read_text(encoding="utf-8") for page in sorted((CHECKOUT / "docs" / "api").glob("*.md")))
PAGES = [CHECKOUT / "README.md", CHECKOUT / "CONTRIBUTING.md", *sorted((CHECKOUT / "docs").rglob("*.md"))]
DOCUMENT = document()


def derived(base: Any) -> Iterator[Any]:
    for each in base.__subclasses__():
        if each.__module__.startswith("playground."):
            yield each
            yield from derived(each)


def section(heading: str) -> str:
    """Return the text under each such heading of the pages in docs/api, to the next heading of its level or above."""
    level = heading.partition(" ")[0]
    found = re.findall(rf"^{re.escape(heading)}\n(.*?)(?=^#{{1,{len(level)}}} |\Z)", API, re.MULTILINE | re.DOTALL)
    assert found, f"docs/api has no section {heading}"
    return "\n".join(found)


def rows(text: str) -> dict[str, list[str]]:
    """The rows of the tables in `text`, by each name in the first cell; the other cells."""
    found = {}
    for line in re.findall(r"^\| (.*) \|$", text, re.MULTILINE):
        first, *others = [cell.strip() for cell in line.split("|")]
        for name in re.findall(r"`([^`]*)`", first):
            found[name] = others
    return found


@pytest.mark.parametrize("problem", [Problem, *derived(Problem)])
def test_every_problem_is_in_the_api_document_with_its_status(problem: type[Problem]) -> None:
    assert rows(section("## Codes of the service"))[problem.code][0] == str(problem.status)


def test_every_provider_error_code_is_in_the_api_document_with_whether_a_retry_helps() -> None:
    documented = rows(section("## What can go wrong with a provider"))
    assert documented.pop("internal_error")[1] == "yes"
    assert {code: cells[1] == "yes" for code, cells in documented.items()} == {
        error.code: error.retryable for error in derived(ProviderError)
    }


@pytest.mark.parametrize("event", EVENTS)
def test_every_event_is_in_the_api_document_with_all_of_its_fields(event: type[Any]) -> None:
    properties = set(DOCUMENT["components"]["schemas"][event.__name__]["properties"])
    assert set(rows(section(f"### `{event.__struct_config__.tag}`"))) >= properties - {"type"}


def test_every_operation_is_in_the_api_document_and_no_other() -> None:
    documented = set(rows(section("## Calls")))
    assert documented == {f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods}


def test_every_field_of_a_request_is_in_the_api_document() -> None:
    documented = rows(section("## A comparison"))
    assert set(documented) == {field.alias for field in StreamRequest.model_fields.values()}


def test_every_metric_is_documented_and_every_documented_metric_is_one() -> None:
    documented = rows((CHECKOUT / "docs" / "monitoring.md").read_text(encoding="utf-8"))
    names = {name for name in documented if name.startswith(("playground_", "process_"))}
    metrics = Metrics()
    collector = StateCollector()
    collector.state = ProcessState(True, True, 0, "ok", False, 0, {("sim", "waiting"): 1}, 0, 0, 0, ())
    metrics.add_state(collector)
    text, _ = metrics.exposition("")
    assert names == set(re.findall(r"^# TYPE (\w+)", text.decode(), re.MULTILINE))


def test_the_api_documents_codes_are_all_in_use() -> None:
    assert set(re.findall(r"urn:playground:problem:(\w+)", API)) <= {problem.code for problem in derived(Problem)}


def mentioned(pattern: str) -> list[tuple[str, str]]:
    """What the pages have between backquotes or in blocks that matches, and on which page."""
    found = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        code = "\n".join(re.findall(r"```.*?```|`[^`\n]+`", text, re.DOTALL))
        found += [(page.relative_to(CHECKOUT).as_posix(), match) for match in re.findall(pattern, code, re.MULTILINE)]
    return found


FORWARDED = {"bench": bench, "report": report}
"""Commands whose options belong to another program."""


def test_every_mentioned_command_exists_and_has_the_mentioned_options() -> None:
    group = typer.main.get_command(cli)
    commands = group.commands  # type: ignore[attr-defined]
    lines = mentioned(r"(?:^|[`$/ ])playground ([a-z]+[^`\n]*)")
    assert lines
    for page, line in lines:
        name, *others = line.split()
        command = commands.get(name)
        if command is not None and hasattr(command, "commands") and others:
            command = command.commands.get(others[0])
        if name in FORWARDED:
            command = typer.main.get_command(FORWARDED[name])
        assert command is not None, f"{page}: playground {line}"
        options = {option for parameter in command.params for option in parameter.opts}
        assert set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", line)) <= options | {"--help", "-h"}, f"{page}: playground {line}"


def test_every_mentioned_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (CHECKOUT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page, target in mentioned(r"(?:^|[`$ ])make ([a-z]+)"):
        assert target in targets, f"{page}: make {target}"


def test_every_mentioned_file_exists() -> None:
    for page, path in mentioned(r"(?<![\w/.-])((?:playground|scripts|benchmarks|tests|docs|migrations)/[\w./-]*[\w/])"):
        assert (CHECKOUT / path).exists(), f"{page}: {path}"


def test_every_link_to_another_page_works() -> None:
    links = [(page, target) for page in PAGES for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))]
    assert [f"{page.relative_to(CHECKOUT)}: {target}" for page, target in links if not (page.parent / target).exists()] == []


def test_every_page_is_in_the_navigation_of_the_site() -> None:
    navigation = (CHECKOUT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = set(re.findall(r"[\w/.-]+\.md", navigation))
    pages = {page.relative_to(CHECKOUT / "docs").as_posix() for page in PAGES if page.is_relative_to(CHECKOUT / "docs")}
    assert {page for page in pages if not page.startswith("decisions/")} - listed == set()
