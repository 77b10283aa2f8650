"""What Alembic runs: every script in the transaction that the caller began."""

from alembic import context

from registry.schema import metadata

connection = context.config.attributes["connection"]
if connection is None:
    raise SystemExit("Migrations run on an open database: open a Registry, it brings the tables up to date.")
# SQLite can change tables in a transaction, since the registry begins its transactions itself.
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
