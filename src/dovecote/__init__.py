"""Dovecote: the Python library behind the dbt project."""
