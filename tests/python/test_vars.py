"""A wrong var stops the run at its start, in one sentence that names the var and the cure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from dbt_runs import PROJECT
from warehouse.parsed_project import ParsedProject

GOOD = {
    "activity": "order",
    "entry": "first_time",
    "return_rule": "on",
    "clock": "calendar",
    "grain": "month",
}
COMBINATIONS = "dovecote_retention_combinations"
MULTIPLES = "dovecote_lifecycle_multiples"
PERIODS = "dovecote_retention_max_periods"

# The var, its value, and the cure.
WRONG_VARS: list[tuple[str, Any, str]] = [
    ("dovecote_timezon", "Europe/Berlin", "the vars are dovecote_csv_delimiter"),
    (COMBINATIONS, [{**GOOD, "breakdown": ["none"]}], "the parts are"),
    (COMBINATIONS, [{**GOOD, "breakdowns": []}], "give a list such as [none]"),
    ("dovecote_session_gap_minutes", "abc", "give a number from 1 to 1440"),
    ("dovecote_session_gap_minutes", 0, "give a number from 1 to 1440"),
    ("dovecote_session_gap_minutes", True, "give a number from 1 to 1440"),
    ("dovecote_session_gap_minutes", None, "give a number from 1 to 1440"),
    ("dovecote_max_quarantine_share", 5, "give a number from 0 to 1"),
    ("dovecote_allowed_lateness_days", 1.5, "give a whole number"),
    ("dovecote_history_kept_dates", 0, "give a number from 1 to"),
    ("dovecote_history_kept_dates", 1.5, "give a whole number"),
    ("dovecote_left_censored_days", -1, "give a number from 0 to 3650"),
    ("dovecote_event_paths_steps", 101, "give a number from 1 to 100"),
    ("dovecote_event_paths_kept", 0, "give a number from 1 to 100000"),
    ("dovecote_lifecycle_default_cadence_days", 0, "give a number from 1 to 3650"),
    ("dovecote_lifecycle_cadence_prior_gaps", -1, "give a number from 0 to 1000"),
    ("dovecote_csv_delimiter", ";;", "give one character"),
    ("dovecote_csv_delimiter", None, "give one character"),
    ("dovecote_history_start", "31.01.2024", "write it like 2024-01-31"),
    ("dovecote_history_start", "2024-02-30", "write it like 2024-01-31"),
    ("dovecote_timezone", "Berlin", "give a name of the IANA time zone database"),
    ("dovecote_timezone", "UTC'--", "give a name of the IANA time zone database"),
    (MULTIPLES, {"active": 3, "at_risk": 1.5, "lapsed": 6}, "each larger than the one before"),
    (MULTIPLES, {"active": 3, "at_risk": 3, "lapsed": 6}, "each larger than the one before"),
    (MULTIPLES, {"active": 1.5, "at_risk": 3}, "give active, at_risk and lapsed"),
    (MULTIPLES, {"active": "a", "at_risk": "b", "lapsed": "c"}, "give active, at_risk and lapsed"),
    (MULTIPLES, 3, "give active, at_risk and lapsed"),
    (PERIODS, {"day": 30, "week": 12}, "give a whole number of at least 1 for day, week and month"),
    (PERIODS, {"day": 30, "week": 12, "month": 1.5}, "give a whole number of at least 1"),
    (PERIODS, {"day": 0, "week": 12, "month": 12}, "give a whole number of at least 1"),
    (PERIODS, 12, "give a whole number of at least 1"),
    (COMBINATIONS, [{**GOOD, "activity": "sale"}], "choose one of order, visit"),
    (COMBINATIONS, [{**GOOD, "entry": "last"}], "choose one of recurring, first_time, first_ever"),
    (COMBINATIONS, [{**GOOD, "return_rule": True}], "choose one of on, on_or_after"),
    (COMBINATIONS, [{**GOOD, "clock": "rolling"}], "choose one of calendar, rolling_24h"),
    (COMBINATIONS, [{**GOOD, "grain": "year"}], "choose one of day, week, month"),
    (COMBINATIONS, [{"activity": "order"}], "choose one of recurring, first_time, first_ever"),
    (COMBINATIONS, [{**GOOD, "clock": "rolling_24h"}], "use day or week"),
    (COMBINATIONS, [{**GOOD, "breakdowns": ["city"]}], "choose one of none, acquisition_channel"),
    (COMBINATIONS, [GOOD, {**GOOD, "breakdowns": ["country", "none"]}], "keep one"),
    ("dovecote_retention_entry_filters", {"orders": "true"}, "choose one of order, visit"),
    ("dovecote_order_items", "my_lines", "orders are required"),
    ("dovecote_recommendations_per_list", 0, "give a number from 1 to 1000"),
    ("dovecote_recommendation_signal_weights", {"purchase": 1}, "give purchase, view, cart_add"),
    ("dovecote_recommendation_price_band", {"lowest": 2, "highest": 1}, "give lowest and highest"),
    ("dovecote_recommendation_segment", "age", "choose one of acquisition_channel, country"),
    ("dovecote_association_window_days", 1.5, "give a whole number"),
    ("dovecote_pseudonymise", "yes, please", "choose one of True, False"),
    ("dovecote_dashboard_customer_ids", "some", "choose one of True, False"),
]

# Those that dbt's parser meets before the run starts.
WRONG_FOR_THE_PARSER: list[tuple[str, Any, str]] = [
    ("dovecote_week_start", "mittwoch", "choose one of monday, tuesday"),
    ("dovecote_retention_entry_filters", None, "give an SQL condition for order, visit or both"),
    (COMBINATIONS, [], "give a list with at least one entry"),
    (COMBINATIONS, "month", "give a list with at least one entry"),
]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> ParsedProject:
    return ParsedProject(tmp_path_factory.mktemp("parsed"))


def name_case(value: Any) -> str | None:
    if isinstance(value, str) and value.startswith("dovecote_"):
        return value.removeprefix("dovecote_")
    return None if isinstance(value, str) and " " in value else json.dumps(value)


def sentence(error: str | None) -> str:
    """Give what the run said, less what dbt adds around it."""
    assert error is not None, "the run was not stopped"
    (said,) = (line.strip() for line in error.splitlines() if "Dovecote: " in line)
    return said


def is_one_sentence(said: str) -> bool:
    return said.startswith("Dovecote: ") and said.endswith(".") and ". " not in said


@pytest.mark.parametrize(("name", "value", "cure"), WRONG_VARS, ids=name_case)
def test_a_wrong_var_stops_the_run(
    project: ParsedProject, name: str, value: Any, cure: str
) -> None:
    said = sentence(project.run({name: value}, {}))
    assert name in said
    assert cure in said
    assert is_one_sentence(said)


@pytest.mark.parametrize(("name", "value", "cure"), WRONG_FOR_THE_PARSER, ids=name_case)
def test_a_wrong_var_stops_the_parser(
    project: ParsedProject, name: str, value: Any, cure: str
) -> None:
    said = sentence(project.run_afresh({name: value}))
    assert name in said
    assert cure in said
    assert is_one_sentence(said)


@pytest.mark.parametrize(
    ("as_of", "cure"),
    [
        ("yesterday", "write it like 2024-01-31"),
        ("2024-01-31'", "write it like 2024-01-31"),
        ("2099-01-01", "give an instant in the past, or unset it"),
    ],
)
def test_a_wrong_as_of_stops_the_run(project: ParsedProject, as_of: str, cure: str) -> None:
    said = sentence(project.run({}, {"DOVECOTE_AS_OF": as_of}))
    assert said.startswith(f"Dovecote: DOVECOTE_AS_OF is '{as_of}'")
    assert cure in said
    assert is_one_sentence(said)


def test_a_folder_and_relations_together_stop_the_run(
    project: ParsedProject, tmp_path: Path
) -> None:
    said = sentence(project.run({"dovecote_orders": "o"}, {"DOVECOTE_DATA": str(tmp_path)}))
    assert "DOVECOTE_DATA" in said
    assert "dovecote_orders" in said
    assert "unset one" in said
    assert is_one_sentence(said)


@pytest.mark.parametrize("salt", [None, "", "fifteen letters"])
def test_pseudonyms_without_a_salt_stop_the_run(project: ParsedProject, salt: str | None) -> None:
    environment = {} if salt is None else {"DOVECOTE_SALT": salt}
    said = sentence(project.run({"dovecote_pseudonymise": True}, environment))
    assert "set DOVECOTE_SALT to a secret of at least 16" in said
    assert is_one_sentence(said)


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"dovecote_timezone": "US/Pacific", "dovecote_history_start": "2024-01-31"},
        {COMBINATIONS: [GOOD, {**GOOD, "breakdowns": ["country"]}]},
        {"dovecote_retention_entry_filters": {"visit": "event_type = 'view'"}},
        {MULTIPLES: {"active": 1, "at_risk": 1.5, "lapsed": 2}},
    ],
    ids=json.dumps,
)
def test_right_vars_do_not_stop_the_run(project: ParsedProject, variables: dict[str, Any]) -> None:
    assert project.run(variables, {"DOVECOTE_AS_OF": "2024-01-31T12:00:00+02:00"}) is None


def test_every_var_of_the_project_is_known() -> None:
    declared = yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["vars"]["dovecote"]
    macro = (PROJECT / "macros" / "core" / "check_vars.sql").read_text()
    entities = (PROJECT / "macros" / "inputs" / "input_entities.sql").read_text()
    for name in declared:
        assert f"'{name}'" in macro or f'"{name.removeprefix("dovecote_")}": {{' in entities, name
