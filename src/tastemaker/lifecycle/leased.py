"""Work that only one may do at a time: a lease, renewed while it lasts."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Event, Thread
from time import time

from sqlalchemy import Connection

from .. import store as database
from ..errors import Cancelled, LeaseHeld, StoreError
from ..store import Lease, Store
from ..store.leases import LASTS
from ..watch import Watch

TRAINING = "training"


@contextmanager
def leased(store: Store, name: str = TRAINING) -> Iterator[str]:
    """The holder's name; LeaseHeld, which says who works and since when, where somebody else does.

    The lease is kept by the clock of the machine, even where the work itself is told another time.
    """
    holder = database.new_holder()
    with store.begin() as conn:
        found = database.take_lease(conn, name, holder, int(time()))
    if found.holder != holder:
        raise LeaseHeld(refusal(found))
    stop = Event()
    beat = Thread(target=_renewed, args=(store, name, holder, stop), daemon=True)
    beat.start()
    try:
        yield holder
    finally:
        stop.set()
        beat.join()
        with store.begin() as conn:
            database.drop_lease(conn, name, holder)


def while_held(watch: Watch, name: str, holder: str) -> Watch:
    """The same watch; nothing becomes visible of who lost the lease, as a machine that slept for long does."""

    def settles(conn: Connection) -> bool:
        found = database.find_lease(conn, name)
        if found is None or found.holder != holder:
            raise Cancelled(f"The lease for {name} was lost meanwhile, so nothing of it became visible.")
        return watch.settles(conn)

    return replace(watch, settles=settles)


def refusal(lease: Lease) -> str:
    host, pid, _ = lease.holder.rsplit(":", 2)
    since = datetime.fromtimestamp(lease.since, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return (
        f"Process {pid} on {host} holds the lease for {lease.name} since {since}. Wait until it is done "
        "(tastemaker jobs list), or stop that process: its lease ends with it."
    )


def _renewed(store: Store, name: str, holder: str, stop: Event) -> None:
    while not stop.wait(LASTS / 3):
        try:
            with store.begin() as conn:
                if database.take_lease(conn, name, holder, int(time())).holder != holder:
                    return
        except StoreError:  # a database that is away for a moment: the next beat tries again
            continue
