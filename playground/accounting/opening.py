"""Builds the services of this room: token counts, prices, bills and estimates."""

from dataclasses import dataclass

from playground.catalogue.opening import CatalogueRoom
from playground.database.foundation import Foundation

from .bills import Bills
from .estimates import Estimator
from .prices import Prices
from .token_counts import TokenCounter


@dataclass(frozen=True, slots=True)
class AccountingRoom:
    """The services that other rooms use."""

    prices: Prices
    bills: Bills
    estimator: Estimator
    counter: TokenCounter


async def open_accounting(foundation: Foundation, models: CatalogueRoom) -> AccountingRoom:
    """Build the services. The usual vocabulary is loaded now, so that no request waits for it."""
    counter, prices = TokenCounter(), models.prices
    await counter.warm_up()
    bills, estimator = Bills(counter, prices, models.catalogue.listed), Estimator(models.catalogue, prices, counter)
    room = AccountingRoom(prices, bills, estimator, counter)
    foundation.services.add(room.estimator)
    return room
