"""Names and texts as SQL writes them."""

from __future__ import annotations


def literal(text: object) -> str:
    """Write a text."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted(*names: str) -> str:
    """Write the name of a column, or of what stands in a schema, as in `"marts"."dim_products"`."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)
