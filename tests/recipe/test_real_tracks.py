"""One file that holds both the items and who has them where: 32,833 rows, read twice."""

from pathlib import Path

import numpy as np
import pytest

from tastemaker.data.duplicates import ties_of
from tastemaker.data.load_catalog import load_catalog
from tastemaker.data.load_events import load_events
from tastemaker.data.pairs import pairs_of
from tastemaker.data.read import read_table
from tastemaker.recipe import find_recipe, read_recipe

FILE = Path(__file__).parents[3] / "shared" / "data" / "spotify-playlists" / "spotify_songs.csv.gz"
ROWS, TRACKS, PLAYLISTS, REPEATED = 32_833, 28_356, 471, 582

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(not FILE.exists(), reason="the data set is not here; it is not ours to ship"),
]


def test_every_row_is_accounted_for_and_what_describes_a_playlist_is_not_used():
    recipe, table = read_recipe(find_recipe("music")), read_table(FILE)
    read = load_catalog(table, recipe.catalog)
    assert read.loaded + read.merged + len(read.refused) == table.n_found == ROWS
    assert read.loaded == TRACKS
    named = (recipe.catalog.text, recipe.catalog.tags, recipe.catalog.categories, recipe.catalog.numbers)
    assert not {column for group in named for column in group.values() if column.startswith("playlist")}
    found = load_events(table, recipe.events, read.catalog)
    data = found.dataset
    assert len(data) + len(found.refused) == ROWS
    assert len(data.users) == PLAYLISTS
    cells = data.events.user.astype(np.int64) * TRACKS + data.events.item
    assert len(cells) - len(np.unique(cells)) == REPEATED
    pairs = pairs_of(data)
    assert pairs.count.max() < PLAYLISTS
    assert 1_000_000 < len(pairs) < 1_400_000
    ties = ties_of(read.catalog, ["artist"], "duration", 0.05)
    assert 2_000 < ties.spare.sum() < 2_300
    assert ties.events(data).events.item.max() < TRACKS
