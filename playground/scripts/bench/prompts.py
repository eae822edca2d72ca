"""The prompts of a benchmark, read from a text or JSONL file."""

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NoReturn

PromptFormat = Literal["auto", "text", "jsonl"]

PARAMETERS = ("system", "temperature", "topP", "maxTokens", "seed", "stop", "reasoningEffort")
"""The fields of a JSONL line besides `prompt`: the API's names of a lane's parameters."""


class BadPrompts(ValueError):
    """The file is not valid. The message says where and why."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. `number` is its position in the file, from 1."""

    number: int
    text: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    """Parameters of this prompt, which override those of the command line."""


def read_prompts(path: Path, kind: PromptFormat = "auto") -> list[Prompt]:
    """Read the prompts in `path` (`-`: standard input). `auto` reads `.jsonl` and `.ndjson` as JSONL, everything else as text.

    A text file has one prompt per line; empty lines are skipped. Prompts with several lines need JSONL.
    Raises `BadPrompts`.
    """
    if str(path) == "-" and sys.stdin is None:
        raise BadPrompts("Standard input is closed.")
    try:
        document = (sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()).decode("utf-8-sig")
    except OSError as error:
        raise BadPrompts(f"{path} can't be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise BadPrompts(f"{path} is not UTF-8 (byte {error.start}).") from error
    as_json = kind == "jsonl" or (kind == "auto" and path.suffix.lower() in (".jsonl", ".ndjson"))
    # Only at \n: str.splitlines would also split at U+2028 and U+0085, which a prompt may contain.
    lines = [(number, line.strip()) for number, line in enumerate(document.split("\n"), 1) if line.strip()]
    if not lines:
        raise BadPrompts(f"{path} contains no prompts.")
    if not as_json:
        return [Prompt(place, line) for place, (_, line) in enumerate(lines, 1)]
    return [_from_json(place, line, f"{path}, line {number}") for place, (number, line) in enumerate(lines, 1)]


def _from_json(place: int, line: str, where: str) -> Prompt:
    try:
        value = json.loads(line, parse_float=_finite, parse_constant=_no_number)
    except ValueError as error:
        raise BadPrompts(f"{where}: not valid JSON ({error}).") from error
    except RecursionError as error:
        raise BadPrompts(f"{where}: nested too deeply.") from error
    if not isinstance(value, dict):
        raise BadPrompts(f'{where}: a line must be an object such as {{"prompt": "..."}}.')
    text = value.pop("prompt", None)
    if not isinstance(text, str) or not text.strip():
        raise BadPrompts(f"{where}: `prompt` must be a non-empty string.")
    unknown = sorted(value.keys() - set(PARAMETERS))
    if unknown:
        raise BadPrompts(
            f"{where}: unknown field `{unknown[0]}`. The known fields are `prompt`, {', '.join(f'`{name}`' for name in PARAMETERS)}."
        )
    nested = sorted(name for name, parameter in value.items() if _is_nested(parameter))
    if nested:
        raise BadPrompts(f"{where}: `{nested[0]}` is nested too deeply.")
    return Prompt(place, text, value)


def _is_nested(parameter: object) -> bool:
    """Return whether the value is nested deeper than a list of strings, the API's maximum. Python may read JSON that it can't write."""
    return isinstance(parameter, dict) or (isinstance(parameter, list) and any(isinstance(part, dict | list) for part in parameter))


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _no_number(text)


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a number")
