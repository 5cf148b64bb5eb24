"""Runs migrations on the connection that `crawlers.store` hands over."""

from alembic import context

from crawlers.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
