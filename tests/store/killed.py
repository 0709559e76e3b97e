"""Run by test_kill: writes artifacts, versions and events until somebody kills it."""

import sys
from itertools import count
from pathlib import Path

import numpy as np

from tastemaker.store import Store, activate, add_versions, put_events

from .toys import candidate, dataset, keys

if __name__ == "__main__":
    store = Store.open(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for n in count():
        digest = store.artifacts.put({"n": [sys.argv[2], n]}, {"a": np.full((64, 512), n)}, files={"c": b"x" * n})
        with store.begin() as conn:
            (version,) = add_versions(conn, [candidate(artifact=digest)])
            activate(conn, version, "newer")
        with store.begin() as conn:
            put_events(conn, dataset(), keys(f"{sys.argv[2]}-{n}"))
