"""Tokens and cost before anything is sent."""

from decimal import Decimal

from playground.accounting.token_counts import TokenCounter
from playground.providers.calls import Message

from ..support.client import User
from ..support.scripted import Exchange, ScriptedProvider


async def never(exchange: Exchange) -> None:
    raise AssertionError("an estimate sends nothing")


async def test_an_estimate_counts_and_prices_each_lane_and_sends_nothing(user: User, scripted: ScriptedProvider):
    priced, unpriced = scripted.model(never), scripted.model(never, priced=False)
    body = {"prompt": "How far is the moon?", "lanes": [{"model": priced, "maxTokens": 100}, {"model": unpriced, "system": "Be brief."}]}
    response = await user.http.post("/playground/estimate", json=body)
    assert response.status_code == 200
    first, second = response.json()["lanes"]
    messages = [Message("user", "How far is the moon?")]
    tokens = await TokenCounter().count_prompt(messages, "any")
    assert (first["model"], first["inputTokens"], first["estimated"]) == (priced, tokens, True)
    assert Decimal(first["cost"]["min"]) == Decimal(tokens + 2) / 1_000_000
    assert Decimal(first["cost"]["max"]) == Decimal(tokens + 2 * 100) / 1_000_000
    assert second["cost"] is None
    assert second["inputTokens"] > tokens
    assert scripted.asked(priced) == []
    assert (await user.http.get("/playground/sessions")).json()["items"] == []


async def test_the_estimate_of_a_next_turn_counts_the_conversation(user: User):
    events = await user.compare("A first question", ["sim/quick"])
    session_id = events[0].data["sessionId"]
    alone = (await user.http.post("/playground/estimate", json={"prompt": "More", "models": ["sim/quick"]})).json()["lanes"][0]
    after = (await user.http.post("/playground/estimate", json={"prompt": "More", "sessionId": session_id})).json()["lanes"][0]
    assert after["inputTokens"] > alone["inputTokens"] + 10


async def test_an_estimate_refuses_what_the_stream_refuses(user: User):
    response = await user.http.post("/playground/estimate", json={"prompt": "Hi", "models": ["sim/nosuch"]})
    assert response.status_code == 422
    assert response.json()["errors"][0]["field"] == "models.0"
