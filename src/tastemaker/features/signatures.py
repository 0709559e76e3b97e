"""Names -> signatures: a name's hash as a vector of ±1 / √dim, so that equal names are near and others are not.

What a one-hot column says, in `dim` numbers whatever the number of names: the cosine of two different names is 0 ± 1 /
√dim (a random projection of the one-hot rows; Achlioptas 2003, "Database-friendly random projections"). Nothing is
fitted, so a name that was never met has its own signature, too, and two new items of one maker are near each other.
"""

from collections.abc import Sequence
from hashlib import shake_256

import numpy as np

from ..data.arrays import Float32

DIM = 128


def signatures(names: Sequence[str], dim: int = DIM, salt: str = "") -> Float32:
    """Unit rows float32 (n, dim), a row of zeros for an empty name. salt: the column, so that columns do not mix.

    Case and surrounding space do not matter. The same on every machine.
    """
    words, row = np.unique([name.strip().casefold() for name in names], return_inverse=True)
    drawn = b"".join(shake_256(f"{salt}\0{word}".encode()).digest((dim + 7) // 8) for word in words.tolist())
    bits = np.unpackbits(np.frombuffer(drawn, np.uint8).reshape(len(words), -1), axis=1)[:, :dim]
    table = ((2.0 * bits - 1.0) / np.sqrt(dim)).astype(np.float32)
    table[words == ""] = 0.0
    return np.asarray(table[row], np.float32)
