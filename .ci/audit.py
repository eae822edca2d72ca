#!/usr/bin/env python3
"""Fails when a package of the service has a known vulnerability, unless `.ci/accepted.toml` says why that is accepted.

Asks PyPI's and npm's databases. Where they can't be reached it says so and passes: that is no finding. It takes a minute at most.
"""

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx

from playground.database.engine.node import npm_command

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = Path(__file__).with_name("accepted.toml")
# pip-audit would ask for one package after the other, and take "no such page" for "nothing known".
PROBE = "https://pypi.org/pypi/pip/24.0/json"
SECONDS = 30


class Unreachable(Exception):
    """There is no database of vulnerabilities to ask."""


def of_python(accepted: list[str]) -> list[str]:
    """What is known of the packages in `requirements.lock`. Raises `Unreachable`."""
    try:
        known = httpx.get(PROBE, timeout=5, follow_redirects=True).json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unreachable(f"{PROBE}: {type(error).__name__}") from None
    if "vulnerabilities" not in known:
        raise Unreachable(f"{PROBE} says nothing of vulnerabilities")
    command = [sys.executable, "-m", "pip_audit", "--requirement", "requirements.lock", "--require-hashes", "--disable-pip"]
    report = _json_of([*command, "--format", "json", "--progress-spinner", "off", "--timeout", "5"])
    skipped = [package["name"] for package in report["dependencies"] if "skip_reason" in package]
    if skipped:
        print(f"Python: NOT AUDITED, since PyPI does not know them: {', '.join(skipped)}")
    return [
        f"{package['name']} {package['version']}: {each['id']} (fixed in {', '.join(each['fix_versions']) or 'no release yet'})"
        for package in report["dependencies"]
        for each in package.get("vulns", [])
        if not {each["id"], *each.get("aliases", [])} & set(accepted)
    ]


def of_node(accepted: list[str]) -> list[str]:
    """What is known of the packages in `package-lock.json` that are not for development alone. Raises `Unreachable`."""
    report = _json_of([*map(str, npm_command()), "audit", "--omit=dev", "--json"])
    if "vulnerabilities" not in report:
        raise Unreachable(f"npm audit: {report.get('message') or report.get('error')}")
    advisories = {
        (name, via["url"], via["title"])
        for name, package in report["vulnerabilities"].items()
        for via in package["via"]
        if isinstance(via, dict)
    }
    return [f"{name}: {url} {title}" for name, url, title in sorted(advisories) if url.rsplit("/", 1)[-1] not in accepted]


def _json_of(command: list[str]) -> dict[str, Any]:
    """What a program wrote. Raises `Unreachable` when it had no time or wrote something else: then it did not get to its answer."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=SECONDS)
        report: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise Unreachable(f"no answer within {SECONDS} s") from None
    except ValueError:
        raise Unreachable((done.stderr.strip().splitlines() or ["it said nothing"])[-1]) from None
    return report


def main() -> int:
    """Audit both; the exit code."""
    accepted = [each["id"] for each in tomllib.loads(ACCEPTED.read_text(encoding="utf-8")).get("vulnerability", [])]
    failed = False
    for name, audit in (("Python", of_python), ("Node", of_node)):
        try:
            found = audit(accepted)
        except Unreachable as error:
            print(f"{name}: NOT AUDITED, since no database of vulnerabilities can be reached ({error})")
            continue
        failed = failed or bool(found)
        print("\n".join([f"{name}: {len(found)} known vulnerabilities", *found]))
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
