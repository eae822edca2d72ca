"""Paginated lists: the shape of a page, and the cursor of the next one."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Generic, Self, TypeVar

from .wire import WireModel

Item = TypeVar("Item")
Row = TypeVar("Row")


class Page(WireModel, Generic[Item]):
    """A page of a list. `next_cursor` leads to the next page; null: this is the last one.

    Each list derives its own class, whose name is the name of the schema.
    """

    items: list[Item]
    next_cursor: str | None

    @classmethod
    def of(
        cls, rows: Iterable[Row], limit: int, *, item: Callable[[Row], Item], cursor: Callable[[Row], str], **more_fields: object
    ) -> Self:
        """Return the page with the first `limit` of `rows`. One more row shows whether another page follows.

        `cursor` returns the position of the last row of the page, after which the next page begins.
        """
        read = list(islice(rows, limit + 1))
        shown = read[:limit]
        next_cursor = cursor(shown[-1]) if len(read) > limit else None
        return cls.model_validate({"items": [item(row) for row in shown], "next_cursor": next_cursor, **more_fields})
