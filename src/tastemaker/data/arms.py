"""Who is in which arm of an experiment: a salted hash of the user's id, so that nothing has to be remembered.

u = SHA-256(salt, id) / 2^256, evenly spread over [0, 1); treatment where u < share. The same id always gets the same
arm; another salt deals anew, so that two experiments are independent (Kohavi et al. 2009, "Controlled experiments on
the web", section 4.1.2).
"""

import hashlib
from typing import Literal

from ..errors import QueryError

Arm = Literal["control", "treatment"]
CONTROL: Arm = "control"
TREATMENT: Arm = "treatment"
ARMS: tuple[Arm, Arm] = (CONTROL, TREATMENT)


def deal(user: str | int, salt: str, share: float) -> Arm:
    """The user's arm. share: of the users, in (0, 1), who get the treatment; 7 and "7" are one user.

    QueryError for an id that names nobody: such a request takes part in no experiment.
    """
    return TREATMENT if position(user, salt) < share else CONTROL


def position(user: str | int, salt: str) -> float:
    """Where the user stands in [0, 1)."""
    if isinstance(user, bool) or not str(user).strip():
        raise QueryError(f"{user!r} names no user, so it has no arm. Give the user's id, or leave the user out.")
    digest = hashlib.sha256(f"{salt}\0{user}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
