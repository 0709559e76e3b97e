"""API keys: made once and shown once, kept as a digest, compared in constant time, revoked without a restart."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from secrets import token_hex, token_urlsafe

import sqlalchemy as sa

from ..data.nearest import did_you_mean
from ..errors import QueryError
from .tables.keys import api_keys

SCOPES = ("read", "ingest", "admin")  # admin may do all that the others may
PREFIX = "tm"


@dataclass(frozen=True)
class Key:
    """id: its public half; rate: requests a second, None = the service's default; times in UTC seconds."""

    id: str
    name: str
    digest: str
    scopes: tuple[str, ...]
    rate: float | None
    created_at: int
    revoked_at: int | None = None

    def allows(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def opened_by(self, secret: str) -> bool:
        """Takes as long for any secret."""
        return compare_digest(digest_of(secret), self.digest) and self.revoked_at is None


def digest_of(secret: str) -> str:
    # The secret is 256 random bits, not a word that somebody chose: a slow hash would protect nothing.
    return sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def parts_of(token: str) -> tuple[str, str] | None:
    """tm_ID_SECRET -> (ID, SECRET); None = no key of ours."""
    prefix, _, rest = token.partition("_")
    id_, _, secret = rest.partition("_")
    return (id_, secret) if prefix == PREFIX and id_ and secret else None


def create_key(
    conn: sa.Connection, name: str, scopes: Sequence[str], now: int, rate: float | None = None
) -> tuple[Key, str]:
    """The key, and the text that opens it, which nobody can read again."""
    if not name.strip() or not scopes:
        raise QueryError("A key needs a name and at least one scope: tastemaker keys create app --scope read")
    for scope in scopes:
        if scope not in SCOPES:
            raise QueryError(
                f"{scope!r} is no scope{did_you_mean(scope, SCOPES) or '.'} There are: read, ingest, admin."
            )
    if rate is not None and not rate > 0:
        raise QueryError(f"The rate is {rate:g}; give requests a second, such as 50.")
    id_, secret = token_hex(6), token_urlsafe(32)
    made = Key(id_, name, digest_of(secret), tuple(dict.fromkeys(scopes)), rate, now)
    conn.execute(sa.insert(api_keys).values({**vars(made), "scopes": list(made.scopes)}))
    return made, f"{PREFIX}_{id_}_{secret}"


def list_keys(conn: sa.Connection) -> list[Key]:
    """Oldest first, revoked ones too."""
    found = conn.execute(sa.select(api_keys).order_by(api_keys.c.created_at, api_keys.c.id))
    return [Key(**{**row._mapping, "scopes": tuple(row.scopes)}) for row in found]


def revoke_key(conn: sa.Connection, id_: str, now: int) -> Key:
    """By its id, or by its name where only one live key has it."""
    live = [key for key in list_keys(conn) if key.revoked_at is None]
    found = [key for key in live if id_ in (key.id, key.name)]
    if len(found) != 1:
        why = f"{len(found)} keys are called {id_!r}; give the id of one" if found else f"No live key is called {id_!r}"
        raise QueryError(f"{why}. See: tastemaker keys list")
    conn.execute(sa.update(api_keys).where(api_keys.c.id == found[0].id).values(revoked_at=now))
    return next(key for key in list_keys(conn) if key.id == found[0].id)
