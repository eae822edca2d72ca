"""`GET /models`: the models of all configured providers."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from playground.accounting.prices import Prices
from playground.accounts.authorization import ModelReader
from playground.catalogue.access import ModelAccess
from playground.catalogue.catalogue import Catalogue
from playground.kit.errors import BadInput, NotAuthenticated, Unavailable
from playground.kit.problems import documented
from playground.kit.provided import Provided
from playground.kit.text import CleanText

from .schemas import ModelPage
from .service import ModelQuery, list_models

router = APIRouter(tags=["models"])


@router.get(
    "/models",
    response_model=ModelPage,
    responses=documented(BadInput, NotAuthenticated, Unavailable),
    summary="List the models of all configured providers",
)
async def get_models(
    access: Provided[ModelAccess],
    catalogue: Provided[Catalogue],
    prices: Provided[Prices],
    user: ModelReader,
    provider: Annotated[CleanText | None, Query(max_length=100, description="Only models of this provider.", examples=["openai"])] = None,
    q: Annotated[CleanText | None, Query(max_length=200, description="Only models whose names contain all these words.")] = None,
    limit: Annotated[int, Query(ge=1, le=5_000, description="The most models per page.")] = 1_000,
    cursor: Annotated[CleanText | None, Query(max_length=400, description="The `nextCursor` of the previous page.")] = None,
) -> Response:
    """The models in each provider's list, with their prices if known, and whether you may use them.

    The lists are fetched regularly in the background. If a provider is unavailable, its last list is shown, marked as stale.
    """
    view = await access.view_of(user)
    page = await list_models(catalogue, prices, view, ModelQuery(provider, q, limit, cursor))
    return Response(page, media_type="application/json")
