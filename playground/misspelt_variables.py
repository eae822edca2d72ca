"""Variables of the environment and `.env` that were probably meant to be settings, for a hint at the start.

An unknown variable can't be refused, since the environment is shared with every other program.
"""

import os
import re
from collections.abc import Iterator, Mapping
from difflib import SequenceMatcher

from dotenv import dotenv_values

from playground.settings import Settings

_OURS = "PLAYGROUND_"
_OF_SCRIPTS = frozenset({"PLAYGROUND_URL", "PLAYGROUND_TOKEN", "PLAYGROUND_EMAIL", "PLAYGROUND_PASSWORD"})
_SHORTEST = 6
"""Characters. Shorter names are like too many others: `PORT` and `PORTS`."""
_LIKE_ENOUGH = 0.85
_ENDS = re.compile(r"_(API_KEY|BASE_URL|SECONDS|BYTES|SECRET|URL)$")
"""Endings that many names share. The part before must also be similar."""


def misspelt_variables(settings: Settings) -> dict[str, str | None]:
    """Return each variable that is like a setting but is none, with the setting that it is like; `None`: none is.

    Variables that the providers file names are left out. Raises `OSError` if it can't be read.
    """
    used = settings.providers_file.read_text("utf-8", "replace") if settings.providers_file is not None else ""
    found = _misspelt({**dotenv_values(".env"), **os.environ})
    return {name: setting for name, setting in found if name not in used}


def _misspelt(variables: Mapping[str, str | None]) -> Iterator[tuple[str, str | None]]:
    known = Settings.variables()
    for name, value in sorted(variables.items()):
        written = name.upper()
        if written in known or written in _OF_SCRIPTS or not value:
            continue
        likeness, alike = max((_likeness(written, each), each) for each in known)
        if len(written) >= _SHORTEST and likeness >= _LIKE_ENOUGH:
            yield name, alike
        elif written.startswith(_OURS):
            without = written.removeprefix(_OURS)
            yield name, without if without in known else None


def _likeness(name: str, known: str) -> float:
    end, other_end = _ENDS.search(name), _ENDS.search(known)
    if end and other_end and end[0] == other_end[0]:
        name, known = name[: end.start()], known[: other_end.start()]
    matcher = SequenceMatcher(None, name.replace("_", ""), known.replace("_", ""))
    # The quick ratios are upper bounds.
    unlike = matcher.real_quick_ratio() < _LIKE_ENOUGH or matcher.quick_ratio() < _LIKE_ENOUGH
    return 0.0 if unlike else matcher.ratio()
