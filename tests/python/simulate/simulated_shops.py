"""Write simulated shops for tests, and read them back as text."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from dovecote.simulate import Settings, prepare_folder, write_shop

# Two blocks: ids and order must hold across them.
PLAIN = Settings(customers=1_500, days=300, seed=3)


def read(folder: Path, table: str) -> pd.DataFrame:
    """Read a CSV as text, an empty cell as an empty string."""
    return pd.read_csv(folder / f"{table}.csv", dtype=str, keep_default_na=False)


def write(settings: Settings, folder: Path) -> Path:
    """Simulate a shop into a folder, and return the folder."""
    prepare_folder(folder)
    write_shop(settings, folder)
    return folder
