"""Plays from PostgreSQL, a part at a time: rows a second, and whether what is held grows with the table.

    python benchmarks/streaming.py postgresql://postgres@127.0.0.1:5432/postgres --rows 1000000

Makes a table of that many plays in a schema of its own and drops it again. Each size is read in a process of its own,
once for the rows and once as events; peak = the most memory that process held, less what it held before it read.
"""

import argparse
import resource
import subprocess
import sys
from time import perf_counter, process_time
from uuid import uuid4

import psycopg

from tastemaker.data.catalog import Catalog
from tastemaker.data.load_events import load_events
from tastemaker.data.repeats import Repeats
from tastemaker.data.stream_sql import stream_sql
from tastemaker.data.vocab import Vocab
from tastemaker.recipe import find_recipe, read_recipe

ITEMS = 20_000


def filled(url: str, schema: str, rows: int) -> None:
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(f"CREATE SCHEMA {schema}")
        conn.execute(
            f"CREATE TABLE {schema}.plays AS SELECT 'u' || (i / 100) AS user_id, "
            f"'t' || (i * 7919::bigint % {ITEMS}) AS track_id, "
            "(array['play', 'play', 'play', 'like', 'skip'])[1 + i % 5] AS event_type, "
            f"now() - ({rows} - i) * interval '10 seconds' AS played_at FROM generate_series(1, {rows}) i"
        )


def read(source: str, parsed: bool) -> None:
    ids = tuple(f"t{i}" for i in range(ITEMS))
    catalog, columns = Catalog(Vocab(ids), ids), read_recipe(find_recipe("music")).events
    before, n = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, 0
    counted, begun, cpu = Repeats(), perf_counter(), process_time()
    for part in stream_sql(source):
        n += len(load_events(part, columns, catalog, counted=counted).dataset) if parsed else part.n_rows
    took, worked = perf_counter() - begun, process_time() - cpu
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    what = "as events" if parsed else "as rows"
    print(f"{n:>9d} {what:10s} {n / took:>9,.0f} rows/s  {n / worked:>9,.0f} a CPU second  {peak:>6.0f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("url")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--read", help=argparse.SUPPRESS)
    parser.add_argument("--parsed", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read:
        read(asked.read, asked.parsed)
        return
    schema = f"tastemaker_bench_{uuid4().hex[:8]}"
    try:
        filled(asked.url, schema, asked.rows)
        for rows in (asked.rows // 10, asked.rows):
            source = f"{asked.url}::SELECT * FROM {schema}.plays LIMIT {rows}"
            for parsed in ([], ["--parsed"]):
                subprocess.run([sys.executable, __file__, asked.url, "--read", source, *parsed], check=True)
    finally:
        with psycopg.connect(asked.url, autocommit=True) as conn:
            conn.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")


if __name__ == "__main__":
    main()
