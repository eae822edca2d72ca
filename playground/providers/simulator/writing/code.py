"""Short correct programs in several languages, with a name and a text from the prompt.

`$name` is an identifier; `$first` and `$second` are put into string literals.
"""

import re
from collections.abc import Mapping
from string import Template
from typing import NamedTuple


class Sample(NamedTuple):
    """A program in one language."""

    language: str
    """The name after the fence."""
    hints: frozenset[str]
    """Words in a prompt that request this language."""
    lead: str
    program: Template


_PYTHON = Template(
    '''from collections import Counter


def rank_$name(lines: list[str]) -> list[tuple[str, int]]:
    """The words that come up most often, with their counts."""
    counts = Counter(word for line in lines for word in line.split())
    return counts.most_common(3)


print(rank_$name(["$first and $second", "$first again"]))'''
)

_TYPESCRIPT = Template(
    """type Entry = { label: string; weight: number };

function heaviest_$name(entries: Entry[]): Entry | undefined {
  return [...entries].sort((one, other) => other.weight - one.weight)[0];
}

const found = heaviest_$name([
  { label: "$first", weight: 3 },
  { label: "$second", weight: 2 },
]);
console.log(found?.label);"""
)

_SQL = Template(
    """SELECT label, count(*) AS uses, avg(duration_ms) AS mean_ms
FROM ${name}_events
WHERE label IN ('$first', '$second')
GROUP BY label
HAVING count(*) > 10
ORDER BY uses DESC;"""
)

_RUST = Template(
    """fn longest_$name<'a>(words: &[&'a str]) -> Option<&'a str> {
    words.iter().copied().max_by_key(|word| word.chars().count())
}

fn main() {
    let words = ["$first", "$second"];
    println!("{:?}", longest_$name(&words));
}"""
)

_GO = Template(
    """package main

import "fmt"

func count_$name(words []string) map[string]int {
	counts := make(map[string]int)
	for _, word := range words {
		counts[word]++
	}
	return counts
}

func main() {
	fmt.Println(count_$name([]string{"$first", "$second", "$first"}))
}"""
)

_BASH = Template(
    """#!/usr/bin/env bash
set -euo pipefail

count_$name() {
  grep --count --ignore-case --fixed-strings -- "$first" "$$1" || true
}

for file in notes/*.txt; do
  printf '%s: %s\\n' "$$file" "$$(count_$name "$$file")"
done"""
)

SAMPLES = (
    Sample(
        "python", frozenset({"python", "pandas", "django", "fastapi", "py"}), "In Python, a first sketch could look like this:", _PYTHON
    ),
    Sample(
        "typescript",
        frozenset({"typescript", "javascript", "js", "ts", "svelte", "react", "node"}),
        "The same idea in TypeScript:",
        _TYPESCRIPT,
    ),
    Sample(
        "sql", frozenset({"sql", "postgres", "postgresql", "sqlite", "query", "database"}), "As a query, it comes to a few lines:", _SQL
    ),
    Sample("rust", frozenset({"rust", "cargo"}), "In Rust, the types say most of it:", _RUST),
    Sample("go", frozenset({"go", "golang"}), "In Go, without anything beyond the standard library:", _GO),
    Sample("bash", frozenset({"bash", "shell", "linux", "unix"}), "From a shell, it can be tried at once:", _BASH),
)

_PROGRAMMING = frozenset({"code", "program", "function", "algorithm", "script", "implement", "api", "bug", "compile", "refactor"})
_WORD = re.compile(r"[^\W\d_]+")


def asked_for(prompt: str) -> Sample | None:
    """Return the sample in the language that a prompt names, if any. `prompt` is in lower case."""
    said = set(_WORD.findall(prompt))
    # "go" by itself is a verb more often than a language.
    if said.isdisjoint(_PROGRAMMING):
        said.discard("go")
    return next((sample for sample in SAMPLES if not sample.hints.isdisjoint(said)), None)


def wants_code(prompt: str) -> bool:
    """Return whether a prompt is about programming. `prompt` is in lower case."""
    return asked_for(prompt) is not None or not _PROGRAMMING.isdisjoint(_WORD.findall(prompt))


def program(sample: Sample, first: str, second: str) -> str:
    """Return the sample's program about these two words."""
    escapes: Mapping[str, str] = {"'": "''"} if sample.language == "sql" else {}
    quoted = str.maketrans(dict(escapes))
    return sample.program.substitute(name=_identifier(first), first=first.translate(quoted), second=second.translate(quoted))


def _identifier(word: str) -> str:
    letters = re.sub(r"[^a-z0-9]+", "_", word.lower()).strip("_")
    return letters or "topics"
