"""Leases: who may do what only one may do at a time, until when; a holder that died is found out."""

import os
import sys
from dataclasses import dataclass
from secrets import token_hex
from socket import gethostname

import sqlalchemy as sa

from ..watch import is_alive
from .tables import leases
from .tables.base import alone

LASTS = 60  # seconds from one renewal on; a holder renews thrice as often


@dataclass(frozen=True)
class Lease:
    """holder: host:pid:word; since, until: UTC seconds."""

    name: str
    holder: str
    since: int
    until: int


def new_holder() -> str:
    """This process, and a word that no other use of its number will know."""
    return holder_of(os.getpid())


def holder_of(pid: int) -> str:
    """A process of this machine; the word says when it began, since another one may have its number after a restart."""
    return f"{gethostname()}:{pid}:{token_hex(4)}-{_state_and_birth(pid)[1]}"


def take_lease(conn: sa.Connection, name: str, holder: str, now: int) -> Lease:
    """The lease: ours, or that of who has it. One that ran out, or whose process here is gone, is free.

    So is one that claims to last longer than any does: a clock jumped back since.
    """
    alone(conn, leases)
    found = find_lease(conn, name)
    if found is not None and found.holder != holder and held(found, now):
        return found
    conn.execute(sa.delete(leases).where(leases.c.name == name))
    since = found.since if found is not None and found.holder == holder else now
    mine = Lease(name, holder, since, now + LASTS)
    conn.execute(sa.insert(leases).values(vars(mine)))
    return mine


def held(lease: Lease, now: int) -> bool:
    return now < lease.until <= now + 2 * LASTS and alive(lease.holder)  # clocks differ by some seconds


def find_lease(conn: sa.Connection, name: str) -> Lease | None:
    found = conn.execute(sa.select(leases).where(leases.c.name == name)).one_or_none()
    return None if found is None else Lease(**found._mapping)


def drop_lease(conn: sa.Connection, name: str, holder: str) -> None:
    conn.execute(sa.delete(leases).where((leases.c.name == name) & (leases.c.holder == holder)))


def elsewhere(holder: str) -> bool:
    """Is that process one of another machine?"""
    return holder.rsplit(":", 2)[0] != gethostname()


def alive(holder: str) -> bool:
    """Is that process there? Of another machine nobody can say, so it counts as alive until its time is up.

    Nor can be asked on Windows, where signal 0 is Ctrl-C.
    """
    if elsewhere(holder) or sys.platform == "win32":
        return True
    _, pid, word = holder.rsplit(":", 2)
    if not is_alive(int(pid)):
        return False
    state, born = _state_and_birth(int(pid))
    return state != "Z" and word.partition("-")[2] in ("", born)


def _state_and_birth(pid: int) -> tuple[str, str]:
    """Z = dead, though its parent has not looked yet; and when it began, in ticks. Only Linux tells; else "" each."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            found = file.read().rpartition(")")[2].split()
            return found[0], found[19]
    except OSError:
        return "", ""
