"""The undocumented names of Prisma's client that are used exist in the generated client."""

from decimal import Decimal

from playground.database.engine.connection import EngineConnection
from playground.database.generated import Json, Prisma, _builder, _raw_query
from playground.database.generated.engine import AsyncQueryEngine
from playground.database.generated.engine._http import BaseHTTPEngine
from playground.database.prisma_internals import CLIENT_VERSION, ExternalEngine, engine_of, give_engine, mend_client


def test_the_names_were_read_in_this_version():
    assert CLIENT_VERSION == "0.15.0"


def test_a_client_takes_an_engine_and_is_connected():
    client, engine = Prisma(use_dotenv=False), ExternalEngine()
    assert not client.is_connected()
    give_engine(client, engine)
    assert client.is_connected()
    assert engine_of(client) is engine


def test_an_engine_stops_by_the_name_that_is_replaced():
    assert AsyncQueryEngine.stop is not ExternalEngine.stop
    assert EngineConnection.stop is ExternalEngine.stop


def test_the_client_sends_its_requests_by_the_name_that_is_replaced():
    assert AsyncQueryEngine.request is not EngineConnection.request


def test_responses_are_read_by_the_client():
    assert ExternalEngine()._process_response_data.__func__ is BaseHTTPEngine._process_response_data
    assert ExternalEngine().result_of({"data": 1}, None) == {"data": 1}


def test_text_and_json_are_written_by_the_name_that_is_replaced():
    mend_client()
    assert _builder.dumps("a\u2028b") == '"a\\u2028b"'
    assert _builder.dumps(Json({"a": 1})).startswith('"""')


def test_numbers_are_read_by_the_name_that_is_replaced():
    mend_client()
    assert _raw_query.DESERIALIZERS["decimal"]("0.1", False) == Decimal("0.1")
