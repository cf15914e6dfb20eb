"""Every column in which something personal can stand says so in its `meta`, and no other does."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from dbt_runs import PROJECT
from dovecote.forget import CUSTOMER_COLUMN, TEXT_BESIDE_OTHERS, TEXT_OF_ONE_PERSON, VISITOR_COLUMN
from warehouse.compiled_project import CompiledProject
from warehouse.full_shops import Rows, as_raw, changed, full_shop

pytestmark = pytest.mark.slow

# What stands before every id of a person, and in every other personal column.
ID_MARK, MARK = "qzname", "qztext"
YEAR = 1911
PUBLISHED = ("dim_", "fct_", "mart_", "hist_")

Places = dict[str, set[str]]


def sql_macros() -> ModuleType:
    """Import the project's macros as sqlfluff sees them."""
    spec = importlib.util.spec_from_file_location(
        "sql_macros", PROJECT / "tools" / "sqlfluff" / "dovecote.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


ENTITIES = sql_macros().input_entities()


def marked(rows: Rows) -> Rows:
    """Put marks into the personal columns of a shop's rows, and add rows that are at fault."""
    rows["customers"].append({"customer_id": "late", "created_at": "some day"})
    rows["reviews"].append({**rows["reviews"][0], "review_id": "odd", "rating": 99})
    rows["nps_responses"].append({**rows["nps_responses"][0], "response_id": "odd", "score": 99})
    rows = changed(
        rows,
        lambda entity, column, value: (
            ID_MARK + value if value and column in ENTITIES[entity]["person_ids"] else value
        ),
    )
    for entity, given in rows.items():
        for row in given:
            row |= {
                column: YEAR if ENTITIES[entity]["columns"][column] == "integer" else MARK
                for column in ENTITIES[entity]["personal"]
            }
            if entity in ("customers", "orders"):
                row["x_columns"] = f'{{"x_nickname": "{MARK}"}}'
    return rows


class MarkedRun:
    """All models on a marked shop, and in which columns of which tables marks are."""

    def __init__(self, project: CompiledProject) -> None:
        rows, as_of = full_shop(16)
        assert all(rows[entity] for entity in ENTITIES)
        counts = project.nodes["int_retention__cohort_counts"].sql.split("\nunion all\n")[0]
        connection = project.run(
            as_raw(marked(rows)),
            as_of,
            {name for name in project.nodes if name.startswith(PUBLISHED)},
            replaced={"int_retention__cohort_counts": counts},
        ).connection
        self.columns: Places = {}
        self.ids: Places = {}
        self.marks: Places = {}
        self.filled: set[str] = set()
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() "
            "where database_name = 'shop' and table_name <> 'builds'"
        ).fetchall():
            self.columns.setdefault(table, set()).add(column)
            text = f"cast({column} as varchar)"
            ((rows_in, with_ids, with_others),) = connection.execute(
                f"select count(*), count(*) filter (where contains({text}, '{ID_MARK}')), "
                f"count(*) filter (where contains({text}, '{MARK}') or {text} = '{YEAR}') "
                f"from {project.nodes[table].relation}"
            ).fetchall()
            if rows_in:
                self.filled.add(table)
            if with_ids:
                self.ids.setdefault(table, set()).add(column)
            if with_ids or with_others:
                self.marks.setdefault(table, set()).add(column)
        connection.close()


@pytest.fixture(scope="module")
def marked_run(churn_project: CompiledProject) -> MarkedRun:
    return MarkedRun(churn_project)


def test_personal_columns_of_published_tables_are_tagged(
    marked_run: MarkedRun, churn_project: CompiledProject
) -> None:
    published = {table for table in marked_run.columns if table.startswith(PUBLISHED)}
    names = set().union(*(marked_run.marks.get(table, set()) for table in published))
    # Reviews need earlier builds, and some grades more customers: there a column is known by name.
    expected = {
        table: marked_run.marks.get(table, set())
        if table in marked_run.filled
        else marked_run.columns[table] & names
        for table in published
    }
    tagged = {table: set(churn_project.nodes[table].personal) for table in published}
    assert tagged == expected
    assert len(published & marked_run.filled) >= 30


def test_every_personal_input_column_is_marked(marked_run: MarkedRun) -> None:
    for entity, definition in ENTITIES.items():
        personal = {*definition["person_ids"], *definition["personal"]}
        assert personal <= marked_run.marks.get(f"raw_{entity}", set()), entity


def test_forgetting_looks_wherever_ids_of_persons_are(marked_run: MarkedRun) -> None:
    for table, columns in marked_run.ids.items():
        for column in columns:
            assert (
                CUSTOMER_COLUMN.search(column)
                or VISITOR_COLUMN.search(column)
                or column in (*TEXT_OF_ONE_PERSON, *TEXT_BESIDE_OTHERS)
            ), (table, column)
