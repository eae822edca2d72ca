#!/usr/bin/env python3
"""Fails when a file of the repository holds what looks like a secret, unless `.ci/accepted.toml` says why it is none.

It also fails for an acceptance that nothing needs any more.
"""

import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

from detect_secrets.core.scan import scan_file
from detect_secrets.settings import default_settings

ROOT = Path(__file__).resolve().parent.parent
ACCEPTED = Path(__file__).with_name("accepted.toml")


def main() -> int:
    """Scan what git knows or would add; the exit code."""
    accepted = tomllib.loads(ACCEPTED.read_text(encoding="utf-8"))
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]
    not_read = [pattern for entry in accepted["not_read"] for pattern in entry["files"]]
    unused = {(pattern, entry["kind"]) for entry in accepted["secret"] for pattern in entry["files"]}
    needed = set()
    found = []
    with default_settings():
        for name in names:
            if not (ROOT / name).is_file() or any(fnmatch(name, pattern) for pattern in not_read):
                continue
            for secret in scan_file(str(ROOT / name)):
                reasons = {(pattern, kind) for pattern, kind in unused if kind == secret.type and fnmatch(name, pattern)}
                needed |= reasons
                if not reasons:
                    found.append(f"{name}:{secret.line_number}: {secret.type}")
    for line in found:
        print(line)
    for pattern, kind in sorted(unused - needed):
        print(f"{ACCEPTED.relative_to(ROOT)}: nothing needs {kind} in {pattern}")
    if found:
        print("If this is a secret, revoke it and take it out of the history too. If it is none, say why in .ci/accepted.toml.")
    return 1 if found or unused != needed else 0


if __name__ == "__main__":
    sys.exit(main())
