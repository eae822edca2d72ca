"""One prompt, many models, one stream; and what is kept of it."""

import anyio
import pytest

from playground.comparison.plan import AnswerRecord
from playground.comparison.recording import run_file as recording
from playground.comparison.running.lane import Lane

from ..support.client import User, next_event, of_type, text_of
from ..support.process import until
from ..support.scripted import Exchange, Gate, ScriptedProvider

HEALTHY = "sim/quick"
FAILING = {"sim/refuses": "content_refused", "sim/cuts-off": "broken_stream"}


async def test_events_are_numbered_without_gaps_and_framed_by_session_and_done(user: User):
    events = await user.compare("Compare tea and coffee", ["sim/quick", "sim/careful"])
    assert [event.number for event in events] == list(range(1, len(events) + 1))
    assert len({event.run_id for event in events}) == 1
    answers = (await user.session(events[0].data["sessionId"]))["turns"][0]["answers"]
    assert events[0].data == {
        "type": "session",
        "sessionId": events[0].data["sessionId"],
        "turn": 1,
        "lanes": [
            {"lane": 0, "model": "sim/quick", "simulated": True, "answerId": answers[0]["id"], "version": 1},
            {"lane": 1, "model": "sim/careful", "simulated": True, "answerId": answers[1]["id"], "version": 1},
        ],
    }
    assert events[-1].data["type"] == "done"
    assert len(of_type(events, "done")) == len(of_type(events, "session")) == 1


async def test_a_lane_connects_streams_is_measured_and_completes_in_this_order(user: User):
    events = await user.compare("What is a monad?", ["sim/quick", "sim/quick"])
    for lane in (0, 1):
        steps = [e.data.get("status", e.data["type"]) for e in events if e.data.get("lane") == lane and e.data["type"] != "chunk"]
        assert steps == ["connecting", "streaming", "metrics", "completed"]
        kinds = [e.data["type"] for e in events if e.data.get("lane") == lane]
        assert kinds.index("chunk") > 1
        assert kinds[-3] == "chunk"


async def test_chunks_carry_lane_model_content_and_time(user: User):
    events = await user.compare("Hello", ["sim/quick"])
    chunks = of_type(events, "chunk")
    assert chunks
    assert all(set(chunk) == {"type", "lane", "model", "content", "timestamp"} for chunk in chunks)
    stamps = [chunk["timestamp"] for chunk in chunks]
    assert stamps == sorted(stamps)


async def test_thinking_is_distinguished_from_the_answer(user: User):
    events = await user.compare("How many primes are below 20?", ["sim/reasoner"])
    assert text_of(events, 0, kind="reasoning")
    session = await user.session(events[0].data["sessionId"])
    answer = session["turns"][0]["answers"][0]
    assert answer["reasoning"] == text_of(events, 0, kind="reasoning")
    assert answer["text"] == text_of(events, 0)


async def test_the_session_is_in_the_database_with_text_tokens_cost_and_times_when_the_stream_is_done(user: User):
    events = await user.compare("Plan a small garden", ["sim/quick", "sim/verbose"])
    session = await user.session(events[0].data["sessionId"])
    assert session["title"] == "Plan a small garden"
    assert session["running"] is False
    [turn] = session["turns"]
    assert turn["runId"] == events[0].run_id
    assert turn["prompt"] == "Plan a small garden"
    for lane, answer in enumerate(turn["answers"]):
        [metrics] = of_type(events, "metrics", lane)
        assert answer["status"] == "completed"
        assert answer["text"] == text_of(events, lane)
        for figure in ("inputTokens", "outputTokens", "tokensUsed", "cost", "timeToFirstToken", "responseTime", "tokensPerSecond"):
            assert answer[figure] == metrics[figure], figure
        assert answer["simulated"] is True
        assert answer["estimated"] is False


async def test_done_has_the_sums_and_keeps_simulated_money_separate(user: User, scripted: ScriptedProvider):
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Hello")
        await exchange.end(1_000_000, 500_000)

    events = await user.compare("Hi", [scripted.model(answer), scripted.model(answer, priced=False), "sim/quick"])
    metrics = of_type(events, "metrics")
    [done] = of_type(events, "done")
    assert {m["lane"]: m["cost"] for m in metrics if m["lane"] < 2} == {0: "2", 1: None}
    assert done["totalTokens"] == sum(m["tokensUsed"] for m in metrics)
    assert done["totalCost"] == "2"
    assert done["unknownCosts"] == 1
    assert done["simulatedCost"] == next(m["cost"] for m in metrics if m["lane"] == 2)


@pytest.mark.parametrize(("model", "code"), FAILING.items())
async def test_a_failing_lane_leaves_a_healthy_one_untouched(user: User, model: str, code: str):
    alone = await user.compare("Write about rivers", [HEALTHY], seed=7)
    events = await user.compare("Write about rivers", [model, HEALTHY, model], seed=7)
    assert text_of(events, 1) == text_of(alone, 0)
    assert of_type(events, "status", 1)[-1]["status"] == "completed"
    for lane in (0, 2):
        assert of_type(events, "error", lane)[0]["code"] == code
        assert of_type(events, "status", lane)[-1]["status"] == "failed"
    answers = (await user.session(events[0].data["sessionId"]))["turns"][0]["answers"]
    assert [answer["status"] for answer in answers] == ["failed", "completed", "failed"]
    assert answers[0]["error"]["code"] == code
    assert answers[0]["text"] == text_of(events, 0)


async def test_a_defect_in_the_end_of_one_lane_loses_neither_its_text_nor_another_lane(user: User, monkeypatch: pytest.MonkeyPatch):
    times = Lane._times

    def broken_for_the_first_lane(lane: Lane, *arguments):
        if lane.plan.position == 0:
            raise ArithmeticError
        return times(lane, *arguments)

    monkeypatch.setattr(Lane, "_times", broken_for_the_first_lane)
    events = await user.compare("Hi", [HEALTHY, HEALTHY])
    assert of_type(events, "status")[-1]["lane"] == 1
    assert events[-1].data["type"] == "done"

    async def recorded():
        [turn] = (await user.session(events[0].data["sessionId"]))["turns"]
        return turn["answers"] if turn["finishedAt"] else None

    lost, healthy = await until(recorded)
    assert (lost["status"], lost["text"], lost["estimated"]) == ("interrupted", text_of(events, 0), True)
    assert (healthy["status"], healthy["text"]) == ("completed", text_of(events, 1))


async def test_a_result_that_the_journal_cannot_store_affects_nothing_else(user: User, monkeypatch: pytest.MonkeyPatch):
    def broken(record: AnswerRecord) -> bytes:
        raise UnicodeEncodeError("utf-8", "\ud800", 0, 1, str(record.status))

    monkeypatch.setattr(recording, "answered_line", broken)
    for _ in range(2):
        events = await user.compare("Hi", [HEALTHY])
        [turn] = (await user.session(events[0].data["sessionId"]))["turns"]
        assert turn["finishedAt"]
        assert (turn["answers"][0]["status"], turn["answers"][0]["text"]) == ("completed", text_of(events, 0))


async def test_a_hanging_lane_does_not_hold_back_a_healthy_one(user: User):
    alone = await user.compare("Write about lakes", [HEALTHY], seed=7)
    async with user.stream(json={"prompt": "Write about lakes", "models": ["sim/hangs", HEALTHY], "seed": 7}) as events:
        seen = [await next_event(events, "session")]
        async for event in events:
            seen.append(event)
            if event.data.get("status") == "completed":
                break
        assert text_of(seen, 1) == text_of(alone, 0)
        await user.http.post(f"/playground/sessions/{seen[0].data['sessionId']}/stop")


async def test_hidden_reasoning_does_not_count_as_speed(user: User, scripted: ScriptedProvider):
    shown = Gate()

    async def thinks(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("4")
        await shown.wait()
        await exchange.write("2.")
        await exchange.end(9, 2_005, completion_tokens_details={"reasoning_tokens": 2_000})

    async with user.stream(json={"prompt": "What is it?", "models": [scripted.model(thinks)]}) as events:
        first = await next_event(events, "chunk")
        shown.open()
        second = await next_event(events, "chunk")
        metrics = await next_event(events, "metrics")
    assert metrics.data["outputTokens"] == 2_005
    # By the clock of the events, which is exact to a millisecond or two.
    assert metrics.data["tokensPerSecond"] <= 5_000 / max(second.data["timestamp"] - first.data["timestamp"] - 2, 0.001)


async def test_parameters_of_a_lane_override_those_for_all_lanes(user: User, scripted: ScriptedProvider):
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Yes.")
        await exchange.end(3, 4)

    own, common = scripted.model(answer), scripted.model(answer)
    body = {
        "prompt": "Hi",
        "lanes": [{"model": own, "temperature": 0, "system": "Be brief."}, {"model": common}],
        "temperature": 1.5,
        "topP": 0.5,
        "seed": 11,
        "stop": ["END"],
        "maxTokens": 77,
    }
    response = await user.http.post("/playground/stream", json=body)
    assert response.status_code == 200
    [asked_own], [asked_common] = scripted.asked(own), scripted.asked(common)
    assert asked_own["temperature"] == 0
    assert asked_own["messages"] == [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]
    assert asked_common["temperature"] == 1.5
    assert asked_common["messages"] == [{"role": "user", "content": "Hi"}]
    for asked in (asked_own, asked_common):
        assert (asked["top_p"], asked["seed"], asked["stop"], asked["max_tokens"]) == (0.5, 11, ["END"], 77)


@pytest.mark.parametrize(
    ("content_type", "system", "sent"),
    [("application/json", "é", "é"), ("application/json; charset=utf-8", "é", "é"), ("application/json", "\\ud800", "\ufffd")],
    ids=["usual", "with a charset", "with a lone surrogate"],
)
async def test_an_unusual_form_of_a_request_means_the_same(
    user: User, scripted: ScriptedProvider, content_type: str, system: str, sent: str
):
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("Yes.")
        await exchange.end(3, 4)

    model = scripted.model(answer)
    content = f'{{"prompt": "Hi", "models": ["{model}"], "system": "{system}", "seed": "3"}}'
    response = await user.http.post("/playground/stream", content=content, headers={"Content-Type": content_type})
    assert response.status_code == 200
    [asked] = scripted.asked(model)
    assert asked["messages"][0]["content"] == sent
    assert asked["seed"] == 3


async def test_all_requests_go_out_before_any_is_answered(user: User, scripted: ScriptedProvider):
    together = Gate()
    models: list[str] = []

    async def answer(exchange: Exchange) -> None:
        if sum(len(scripted.asked(model)) for model in models) == 16:
            together.open()
        await together.wait()
        await exchange.begin()
        await exchange.write("Yes.")
        await exchange.end(3, 4)

    models += [scripted.model(answer) for _ in range(16)]
    with anyio.fail_after(30):
        events = await user.compare("Hi", models)
    assert [s["status"] for s in of_type(events, "status")].count("completed") == 16


async def test_the_next_turn_continues_each_lanes_own_conversation(user: User, scripted: ScriptedProvider):
    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write(f"Answer {len(exchange.body['messages'])}.")
        await exchange.end(3, 4)

    async def fails(exchange: Exchange) -> None:
        await exchange.error(401, {"error": {"message": "Bad key."}})

    answering, failing = scripted.model(answer), scripted.model(fails)
    first = await user.compare("One?", [answering, failing], system="Be kind.")
    session_id = first[0].data["sessionId"]
    response = await user.http.post("/playground/stream", json={"prompt": "Two?", "sessionId": session_id})
    assert response.status_code == 200
    assert scripted.asked(answering)[1]["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "One?"},
        {"role": "assistant", "content": "Answer 2."},
        {"role": "user", "content": "Two?"},
    ]
    assert scripted.asked(failing)[1]["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Two?"},
    ]
    session = await user.session(session_id)
    assert [turn["prompt"] for turn in session["turns"]] == ["One?", "Two?"]
    assert session["turns"][1]["answers"][0]["text"] == "Answer 4."
