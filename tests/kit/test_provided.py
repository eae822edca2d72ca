"""Services that endpoints name by their types."""

import pytest
from fastapi import APIRouter, FastAPI

from playground.app import create_app
from playground.kit.provided import Provided, Services, check
from playground.serving.server import RunningService


class Clock:
    """A service."""


class WallClock(Clock):
    """One that takes the place of the other."""


def test_a_service_is_found_by_its_type_and_its_protocol() -> None:
    services, clock = Services(), WallClock()
    services.add(clock)
    assert services.get(WallClock) is clock
    assert services.get(Clock) is clock


def test_a_second_service_of_the_same_type_is_refused() -> None:
    services = Services()
    services.add(Clock())
    with pytest.raises(ValueError, match="Clock"):
        services.add(WallClock())


def test_an_endpoint_without_its_service_is_found_before_the_first_request() -> None:
    router = APIRouter()

    @router.get("/time")
    async def time(clock: Provided[Clock]) -> str:
        return repr(clock)

    app, services = FastAPI(), Services()
    app.include_router(router)
    with pytest.raises(LookupError, match="/time needs a Clock"):
        check(app, services)
    services.add(Clock())
    check(app, services)


def test_the_application_reports_a_service_that_no_room_opened() -> None:
    with pytest.raises(LookupError, match="which no room opened"):
        check(create_app(), Services())


def test_every_endpoint_of_a_running_service_has_its_services(service: RunningService) -> None:
    check(create_app(), service.services)
