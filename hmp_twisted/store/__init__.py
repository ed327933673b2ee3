"""What the server remembers: tables, transactions and migrations (SQLAlchemy Core, Alembic)."""
