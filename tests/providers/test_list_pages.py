"""Lists of models that come in pages: where they end."""

import json

from .asking import Asking
from .upstream import Answer

# All lists are asked for by the SDK.
WAYS = ("by the SDK",)


def page(name: str, *, after: str | None, kind: str = "chat") -> Answer:
    body = {"data": [{"id": name, "type": kind}], "has_more": after is not None, "last_id": after}
    return Answer([json.dumps(body).encode()], content_type="application/json")


async def listed(asking: Asking, *pages: Answer) -> list[str]:
    asking.upstream.will_answer(*pages)
    return [model.name for model in await asking.client.list_models(asking.provider)]


async def test_a_server_that_repeats_its_first_page_is_not_asked_for_a_third(asking: Asking) -> None:
    assert await listed(asking, page("a", after="a")) == ["a"]
    assert [request.path for request in asking.upstream.requests] == ["/v1/models", "/v1/models?after_id=a"]


async def test_a_page_without_chat_models_is_not_the_last(asking: Asking) -> None:
    assert await listed(asking, page("a", after="a"), page("b", after="b", kind="embedding"), page("c", after=None)) == ["a", "c"]
