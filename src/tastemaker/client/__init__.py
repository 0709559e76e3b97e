"""The service from Python: `Client` and `AsyncClient`. Typed, with retries that cannot store an event twice."""

from ..errors import ServiceError
from .answers import Event, Item, Reason, Receipt, Receipts, Recommendations
from .asynchronous import AsyncClient
from .synchronous import Client

__all__ = ["AsyncClient", "Client", "Event", "Item", "Reason", "Receipt", "Receipts", "Recommendations", "ServiceError"]
