"""What the profile of DuckDB promises of a connection."""

from __future__ import annotations

from pathlib import Path

import jinja2
import yaml
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.environments.local import LocalEnvironment

from dbt_runs import PROJECT


def test_a_build_goes_on_after_it_has_spilled(tmp_path: Path) -> None:
    """A connection that is opened then says all settings again, and the spill folder is in use."""
    settings = {
        "DOVECOTE_WAREHOUSE": str(tmp_path / "warehouse.duckdb"),
        "DOVECOTE_SPILL": str(tmp_path / "spill"),
        "DOVECOTE_MEMORY_LIMIT": "100MB",
    }
    text = jinja2.Template((PROJECT / "profiles.yml").read_text()).render(env_var=settings.get)
    profile = yaml.safe_load(text)["dovecote"]["outputs"]["duckdb"]
    profile |= {"database": "warehouse"}
    environment = LocalEnvironment(DuckDBCredentials.from_dict(profile))
    try:
        environment.handle().cursor().execute(
            "create temp table shuffled as "
            "select i, md5(i::varchar) as text from range(3000000) as numbers (i) order by text"
        )
        assert Path(settings["DOVECOTE_SPILL"]).is_dir()
        assert environment.handle().cursor().execute("select 1").fetchone() == (1,)
    finally:
        environment.close()
