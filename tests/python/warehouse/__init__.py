"""The project's compiled SQL, run in an in-memory DuckDB without dbt."""
