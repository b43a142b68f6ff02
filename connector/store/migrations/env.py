"""Runs the schema steps on the connection that the program hands over; never opens one by itself."""

from alembic import context

from connector.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
