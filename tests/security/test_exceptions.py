"""What is excepted from a rule of security says why, where it stands."""

import re
import subprocess
import tomllib

from playground.files import CHECKOUT

_EXCEPTION = re.compile(r"#\s*noqa:[^#\n]*\bS\d{3}\b(.*)")


def test_every_exception_from_a_security_rule_says_why():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.py"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    exceptions = [
        (name, line.strip(), match[1])
        for name in listed.stdout.split()
        if (CHECKOUT / name).is_file() and "tests/security/" not in name
        for line in (CHECKOUT / name).read_text(encoding="utf-8").splitlines()
        if (match := _EXCEPTION.search(line))
    ]
    assert exceptions
    assert [(name, line) for name, line, why in exceptions if not re.fullmatch(r" - \w.{4,}", why)] == []


def test_every_file_that_is_excepted_from_security_rules_has_a_comment_that_says_why():
    text = (CHECKOUT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ruff.lint.per-file-ignores]")[2].partition("\n[")[0]
    lines = [line for line in text.splitlines() if re.search(r'"S\d{3}"', line)]
    assert lines
    assert [line for line in lines if "#" not in line] == []


def test_everything_that_the_checks_accept_has_a_reason():
    accepted = tomllib.loads((CHECKOUT / ".ci" / "accepted.toml").read_text(encoding="utf-8"))
    for kind, entries in accepted.items():
        assert all(len(entry["why"]) > 10 for entry in entries), kind
