"""What is on its way to the thread that writes: events, whose senders wait for their fate."""

from asyncio import AbstractEventLoop, Future
from collections.abc import Sequence
from dataclasses import dataclass

from ..store.ingest import Told

Fates = list[str]


@dataclass(eq=False, slots=True)
class Parcel:
    told: Sequence[Told]
    future: "Future[Fates]"
    loop: AbstractEventLoop


def hand_over(parcel: Parcel, fates: Fates | Exception) -> None:
    """From any thread to the loop that waits."""

    def resolve() -> None:
        if parcel.future.done():
            return
        if isinstance(fates, Exception):
            parcel.future.set_exception(fates)
        else:
            parcel.future.set_result(fates)

    try:
        parcel.loop.call_soon_threadsafe(resolve)
    except RuntimeError:  # the loop has ended: nobody waits any more
        return
