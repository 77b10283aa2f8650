"""What all tables share."""

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Named, String, TypedColumns, text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ID = 40
"""Longest id, in characters."""
NAME = 256
"""Longest name, in characters."""


class Arriving(TypedColumns):
    """What is listed in the order in which it came."""

    seq = Column(BigInteger().with_variant(Integer(), "sqlite"), primary_key=True, autoincrement=True)
    id: Named[str] = Column(String(ID), unique=True)


def where(condition: str) -> dict[str, Any]:
    """What makes an index one of only those rows that fulfil ``condition`` (SQL)."""
    return {"sqlite_where": text(condition), "postgresql_where": text(condition)}
