"""A lane that asks again: when, how often, and what all of its attempts cost."""

from decimal import Decimal

import pytest

from ..support.client import Event, User, of_type, text_of
from ..support.scripted import Exchange, ScriptedProvider


async def test_a_lane_that_fails_before_its_first_token_is_retried_and_reports_it(user: User, scripted: ScriptedProvider):
    async def overloaded_once(exchange: Exchange) -> None:
        if len(scripted.asked(model)) == 1:
            await exchange.error(503, {"error": {"message": "Come back later."}}, headers="Retry-After: 0\r\n")
        else:
            await exchange.begin()
            await exchange.write("Here I am.")
            await exchange.end(3, 4)

    model = scripted.model(overloaded_once)
    events = await user.compare("Hi", [model])
    statuses = of_type(events, "status")
    assert [s["status"] for s in statuses] == ["connecting", "queued", "connecting", "streaming", "completed"]
    assert statuses[1]["attempt"] == 2
    assert 100 <= statuses[1]["retryIn"] <= 500
    assert statuses[1]["error"]["code"] == "overloaded"
    assert "Come back later." in statuses[1]["error"]["message"]
    assert of_type(events, "metrics")[0]["attempts"] == 2


async def test_no_lane_makes_more_than_three_attempts(user: User, scripted: ScriptedProvider):
    async def overloaded(exchange: Exchange) -> None:
        await exchange.error(503, {"error": {"message": "Busy."}}, headers="Retry-After: 0\r\n")

    model = scripted.model(overloaded)
    events = await user.compare("Hi", [model])
    assert len(scripted.asked(model)) == 3
    [error] = of_type(events, "error")
    assert (error["code"], error["retryable"]) == ("overloaded", True)


async def test_a_lane_that_has_text_is_never_retried(user: User, scripted: ScriptedProvider):
    async def breaks(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Half an ans")

    model = scripted.model(breaks)
    events = await user.compare("Hi", [model])
    assert len(scripted.asked(model)) == 1
    assert of_type(events, "error")[0]["code"] == "broken_stream"
    assert text_of(events, 0) == "Half an ans"


async def test_a_provider_that_asks_for_a_long_wait_is_not_retried(user: User, scripted: ScriptedProvider):
    async def limited(exchange: Exchange) -> None:
        await exchange.error(429, {"error": {"message": "Slow down."}}, headers="Retry-After: 3600\r\n")

    model = scripted.model(limited)
    events = await user.compare("Hi", [model])
    assert len(scripted.asked(model)) == 1
    assert of_type(events, "error")[0]["code"] == "rate_limited"


async def test_lanes_with_the_same_retry_after_do_not_retry_together(user: User, scripted: ScriptedProvider):
    async def limited(exchange: Exchange) -> None:
        await exchange.error(429, {"error": {"message": "Slow down."}}, headers="Retry-After: 1\r\n")

    async with user.stream(json={"prompt": "Hi", "models": [scripted.model(limited)] * 4, "onDisconnect": "stop"}) as events:
        waits = []
        async for event in events:
            if event.data.get("status") == "queued":
                waits.append(event.data["retryIn"])
            if len(waits) == 4:
                break
    assert min(waits) > 1_000
    assert len(set(waits)) > 1


def bill(events: list[Event]) -> tuple[int, int, Decimal | None, str | None, bool]:
    """Input tokens, output tokens, cost, where the cost is from, and whether all that is estimated."""
    [metrics] = of_type(events, "metrics")
    cost = metrics["cost"]
    return (
        metrics["inputTokens"],
        metrics["outputTokens"],
        None if cost is None else Decimal(cost),
        metrics["costSource"],
        metrics["estimated"],
    )


async def test_an_attempt_that_was_paid_for_is_on_the_bill_of_the_one_that_answered(user: User, scripted: ScriptedProvider):
    async def answers_at_last(exchange: Exchange) -> None:
        await exchange.begin()
        if len(scripted.asked(model)) == 1:
            await exchange.event({"choices": [], "usage": {"prompt_tokens": 1_000, "completion_tokens": 500}})
            await exchange.event({"error": {"message": "Overloaded.", "code": 503}})
        else:
            await exchange.write("Here I am.")
            await exchange.end(10, 4)

    model = scripted.model(answers_at_last)
    events = await user.compare("Hi", [model])
    assert bill(events) == (1_010, 504, Decimal("0.002018"), "list", False)
    [answer] = (await user.session(events[0].data["sessionId"]))["turns"][0]["answers"]
    assert (answer["inputTokens"], answer["outputTokens"], Decimal(answer["cost"])) == (1_010, 504, Decimal("0.002018"))


async def test_an_attempt_that_was_paid_for_is_on_the_bill_of_a_lane_that_was_refused_in_the_end(user: User, scripted: ScriptedProvider):
    async def refuses_at_last(exchange: Exchange) -> None:
        if len(scripted.asked(model)) == 1:
            await exchange.begin()
            await exchange.event({"error": {"message": "Something went wrong."}})
        else:
            await exchange.error(400, {"error": {"message": "No."}})

    async def answers(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.end()

    model = scripted.model(refuses_at_last)
    alone = bill(await user.compare("What was it?", [scripted.model(answers)]))
    # The prompt as it is counted for one answer without a word.
    assert alone[0] > 0
    assert bill(await user.compare("What was it?", [model])) == alone


async def test_attempts_that_were_all_refused_cost_nothing(user: User, scripted: ScriptedProvider):
    async def overloaded(exchange: Exchange) -> None:
        await exchange.error(503, {"error": {"message": "Busy."}})

    assert bill(await user.compare("Hi", [scripted.model(overloaded)])) == (0, 0, Decimal(0), None, False)


@pytest.mark.parametrize("code", [401, "rate_limit_exceeded", "model_not_found"])
async def test_a_request_that_was_turned_away_in_a_stream_costs_nothing(user: User, scripted: ScriptedProvider, code: object):
    async def refuses(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.event({"error": {"message": "No.", "code": code}})

    assert bill(await user.compare("Hi", [scripted.model(refuses)])) == (0, 0, Decimal(0), None, False)


async def test_what_was_used_before_a_request_was_turned_away_is_paid_for(user: User, scripted: ScriptedProvider):
    async def refuses_late(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.event({"choices": [], "usage": {"prompt_tokens": 1_000, "completion_tokens": 500}})
        await exchange.event({"error": {"message": "No.", "code": 401}})

    assert bill(await user.compare("Hi", [scripted.model(refuses_late)])) == (1_000, 500, Decimal("0.002"), "list", False)


async def test_a_web_page_in_place_of_a_model_costs_nothing(user: User, scripted: ScriptedProvider):
    async def is_a_page(exchange: Exchange) -> None:
        page = b"<html><body>Welcome!</body></html>"
        await exchange.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(page), page))

    assert bill(await user.compare("Hi", [scripted.model(is_a_page)])) == (0, 0, Decimal(0), None, False)
