"""A page shows as many rows as were asked for, and knows whether there are more."""

from collections.abc import Iterator

import pytest

from playground.kit.pages import Page


class Numbers(Page[str]):
    """A page of numbers."""

    total: int = 0


@pytest.mark.parametrize(
    ("rows", "items", "next_cursor"), [(0, [], None), (2, ["0", "1"], None), (3, ["0", "1", "2"], None), (4, ["0", "1", "2"], "after 2")]
)
def test_a_page_leads_to_the_next_only_if_there_are_more_rows(rows: int, items: list[str], next_cursor: str | None):
    page = Numbers.of(range(rows), 3, item=str, cursor="after {}".format, total=rows)
    assert page.model_dump(by_alias=True) == {"items": items, "nextCursor": next_cursor, "total": rows}


def test_no_more_rows_are_read_than_one_after_the_page():
    read = []

    def rows() -> Iterator[int]:
        for number in range(100):
            read.append(number)
            yield number

    Numbers.of(rows(), 3, item=str, cursor=str)
    assert read == [0, 1, 2, 3]
