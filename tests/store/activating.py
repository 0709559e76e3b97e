"""Run by test_kill: activates two versions in turn, beside another process that does the same."""

import sys
from pathlib import Path

from tastemaker.store import Store, activate, add_versions

from .toys import candidate

if __name__ == "__main__":
    store = Store.open(Path(sys.argv[1]))
    for n in range(40):
        with store.begin() as conn:
            add_versions(conn, [candidate()])
            activate(conn, (n + int(sys.argv[2])) % 2, "turn")
    store.close()
