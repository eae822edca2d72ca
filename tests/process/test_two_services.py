"""Two services on one data folder."""

from pathlib import Path

from playground.database.cluster import Cluster
from tests.support.client import User, next_event, text_of
from tests.support.process import ServiceProcess, until_journal_holds
from tests.support.scripted import Exchange, Gate, ScriptedProvider

from .conftest import Serving


async def test_two_services_share_a_data_folder_and_one_may_end(
    serve: Serving, service: ServiceProcess, user: User, scripted: ScriptedProvider, data_dir: Path
) -> None:
    gate = Gate()

    async def answer(exchange: Exchange) -> None:
        await exchange.begin()
        await exchange.write("before ")
        await gate.wait()
        await exchange.write("after")
        await exchange.end(3, 4)

    with serve() as second:
        # The second looked at its start for journals of dead services; that of the first is still there to write into.
        async with user.stream(json={"prompt": "Hi", "models": [scripted.model(answer)]}) as events:
            session = await next_event(events, "session")
            await until_journal_holds(service, "before ")
            gate.open()
            await next_event(events, "done")
        # The account and the session are there for both.
        user.http.base_url = second.url
        assert (await user.session(session.data["sessionId"]))["turns"][0]["answers"][0]["text"] == "before after"
        assert text_of(await user.compare("Hi again", ["sim/quick"]), 0)
        second.terminate()
        assert await second.ended() == 0

    assert Cluster(data_dir / "postgres").answers()
    user.http.base_url = service.url
    assert text_of(await user.compare("Still there?", ["sim/quick"]), 0)
