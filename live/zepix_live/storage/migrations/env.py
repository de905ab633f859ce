"""What Alembic runs for every command: the steps, on the connection that ``schema.py`` hands over."""

from __future__ import annotations

from alembic import context

from zepix_live.storage.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
