"""How Alembic finds us: it runs inside the connection, and the transaction, that `schema.upgrade` hands over."""

from alembic import context

from tastemaker.store.schema import VERSION_TABLE
from tastemaker.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    version_table=VERSION_TABLE,
    render_as_batch=True,
)
context.run_migrations()
