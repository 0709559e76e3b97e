"""The other program's tables on a PostgreSQL server, made by us and made by it."""

import psycopg
import pytest

from tastemaker.lifecycle import Project

from ..shops import edit
from ..store.conftest import postgres
from .moments import DAY, NOON, new_moments

__all__ = ["postgres"]


@pytest.mark.postgres
def test_tables_on_postgresql_are_read_written_and_cleared(postgres, tmp_path):
    root = new_moments(tmp_path)
    edit(root / "recipe.toml", {r'database = "user_data.db"': f'database = "{postgres}"'})
    with psycopg.connect(postgres.replace("+psycopg", ""), autocommit=True) as server, Project.open(root) as project:
        server.execute(
            "CREATE TABLE emotion_logs (id serial PRIMARY KEY, name text, emotion varchar(20), input text,"
            " timestamp timestamp, city text, country text)"
        )
        server.execute(
            "INSERT INTO emotion_logs (name, emotion, input, timestamp) VALUES"
            " ('ann', 'sad', 'old', to_timestamp(%s) AT TIME ZONE 'UTC'),"
            " ('ann', 'sad', 'new', to_timestamp(%s) AT TIME ZONE 'UTC')",
            (NOON, NOON + 9 * DAY),
        )
        made = project.synthesize_life(users=3, texts=20, clicks=15, interactions=10)
        assert made.rows == {"emotion_logs": 60, "video_clicks": 45, "video_interactions": 30}
        server.execute("UPDATE video_clicks SET name = 'ann' WHERE name = 'synthetic-1'")
        server.execute("UPDATE video_interactions SET name = 'ann' WHERE name = 'synthetic-1'")
        found = {t.table: t for t in project.sync().tables}
        assert (found["video_clicks"].events, found["video_clicks"].added) == (15, 15)
        assert found["video_interactions"].events == 10
        assert found["emotion_logs"].rows == 62
        times = server.execute(
            "SELECT extract(epoch FROM timestamp AT TIME ZONE 'UTC')::bigint FROM video_clicks WHERE name = 'ann'"
        )
        assert sorted(t for (t,) in times) == sorted(project.dataset(synthetic=False).events.time[:15].tolist())
        assert project.sync(now=NOON + 31 * DAY, blank=True).blanked == 1
        assert server.execute("SELECT input FROM emotion_logs WHERE name = 'ann' ORDER BY id").fetchall() == [
            ("",),
            ("new",),
        ]
        gone = project.forget("ann")
        assert (gone.events, gone.foreign) == (25, 27)
