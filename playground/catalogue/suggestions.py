"""Suggests known names that are similar to an unknown one."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from difflib import SequenceMatcher

_SUGGESTED = 3
_COMPARED = 20
_NEAR = 0.5
# A name that only contains the text ("sonnet") is a weaker match than one that is nearly equal.
_CONTAINED = 0.9
_LONGEST = 200


class Suggestions:
    """An index of full names by the letter pairs of their last part, which finds similar names among thousands in a few milliseconds.

    Only the last part is indexed, so that a missing, wrong or misspelt provider doesn't hide the model.
    """

    def __init__(self, full_names: Iterable[str]) -> None:
        self._full_names: defaultdict[str, list[str]] = defaultdict(list)
        for full_name in full_names:
            self._full_names[_last_part(full_name)].append(full_name)
        self._by_pair: defaultdict[str, list[str]] = defaultdict(list)
        self._pair_counts: dict[str, int] = {}
        for last_part in self._full_names:
            pairs = _pairs(last_part)
            self._pair_counts[last_part] = len(pairs)
            for pair in pairs:
                self._by_pair[pair].append(last_part)

    def nearest(self, name: str, fits: Callable[[str], bool] = lambda _full_name: True) -> list[str]:
        """Return at most three similar full names that fit, the most similar first."""
        name = name[:_LONGEST].casefold()
        wanted = _pairs(_last_part(name))
        shared: Counter[str] = Counter()
        for pair in wanted:
            shared.update(self._by_pair.get(pair, ()))
        likeness = {part: _likeness(count, len(wanted), self._pair_counts[part]) for part, count in shared.items()}
        near = sorted((part for part in likeness if likeness[part] >= _NEAR), key=lambda part: (-likeness[part], len(part), part))
        ranked = [
            (likeness[part] + SequenceMatcher(None, full_name.casefold(), name, autojunk=False).ratio(), full_name)
            for part in near[:_COMPARED]
            for full_name in self._full_names[part]
            if fits(full_name)
        ]
        ranked.sort(key=lambda entry: (-entry[0], entry[1]))
        return [full_name for _, full_name in ranked[:_SUGGESTED]]


def _last_part(name: str) -> str:
    return name.rpartition("/")[2].casefold()


def _pairs(text: str) -> set[str]:
    marked = "^" + text  # So that the first letter counts, and `o1` is similar to `o3`.
    return {marked[index : index + 2] for index in range(len(marked) - 1)}


def _likeness(shared: int, wanted: int, offered: int) -> float:
    """Return Dice's coefficient of the two sets of pairs, or the share of the wanted pairs that the offered name contains, if higher."""
    return max(2 * shared / (wanted + offered), _CONTAINED * shared / wanted)
