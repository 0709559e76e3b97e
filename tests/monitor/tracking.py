"""Run by test_tracker: tracks in small batches until it is done, or somebody kills it."""

import sys
from pathlib import Path

from tastemaker.monitor import Limits, track, tracker
from tastemaker.store import Store

if __name__ == "__main__":
    tracker.BATCH = 20
    store = Store.open(Path(sys.argv[1]))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    track(store, Limits(), 99)
    store.close()
