"""What every mart must have: a contract, its grain, its columns described, a key and rules."""

from __future__ import annotations

import re
import tomllib
from typing import Any

import pytest
import yaml

from dbt_runs import PROJECT

# The public columns of the design, which BI tools rely on.
PUBLIC_COLUMNS = {
    "dim_customers": "customer_id",
    "dim_products": "product_id",
    "dim_dates": "date_day",
    "fct_orders": "order_id customer_id is_guest",
    "fct_order_items": "order_id product_id",
    "fct_sessions": "started_at session_date duration_seconds is_engaged",
    "fct_customer_days": "activity activity_date",
    "mart_activity_daily": "activity_date activity dau wau mau stickiness sessions "
    "engaged_sessions avg_session_seconds new_customers",
    "mart_funnel_daily": "activity_date step",
    "mart_search_terms": "term searches zero_result_share purchases_after",
    "mart_event_paths": "path sessions",
    "mart_retention": "entry return_rule clock grain activity breakdown breakdown_value "
    "cohort_start period_index cohort_size n_mature n_retained retention_rate ci_low ci_high "
    "orders net_revenue",
    "mart_retention_overall": "entry return_rule clock grain activity breakdown breakdown_value "
    "period_index cohort_size n_mature n_retained retention_rate ci_low ci_high orders net_revenue",
    "mart_retention_headline": "cohort_date d1_rate d7_rate m1_rate",
    "mart_cohort_value": "cohort_month months_since cumulative_net_revenue_per_customer "
    "cumulative_margin_per_customer",
    "mart_growth_accounting": "grain period_start activity new_customers returning_customers "
    "resurrecting_customers dormant_customers active_customers quick_ratio is_complete revenue",
    "mart_growth_by_breakdown": "month_start activity breakdown breakdown_value new_customers "
    "returning_customers resurrecting_customers dormant_customers active_customers quick_ratio "
    "is_complete revenue",
    "mart_customer_lifecycle": "customer_id stage since cadence_days",
    "mart_lifecycle_transitions": "month_start from_stage to_stage",
    "mart_order_gaps": "order_number customers reorder_rate median_days_to_next",
    "mart_rfm_cut_points": "measure cut_point",
    "mart_customer_rfm": "customer_id recency_days frequency monetary r_score f_score m_score "
    "rfm_segment",
    "mart_loyalty_monthly": "month_start orders customers aov repurchase_rate repeat_rate_30d "
    "repeat_rate_60d repeat_rate_90d nps nps_se response_rate",
    "mart_second_orders": "customer_id first_order_date second_order_date is_repeated_30d "
    "is_repeated_60d is_repeated_90d is_repeated",
    "mart_customer_risk": "customer_id as_of_date horizon_days churn_probability risk_band "
    "predicted_365d expected_loss",
    "mart_churn_scores": "customer_id activity horizon_days churn_probability p_alive "
    "expected_orders risk_band reason_1 reason_2 reason_3 model_name model_version eligibility",
    "mart_customer_value": "customer_id historic_net predicted_365d predicted_365d_low "
    "predicted_365d_high expected_next_order_date eligibility",
    "mart_churn_evaluation": "model_name activity cutoff_date horizon_days training_horizon_days "
    "auc brier log_loss ece lift_at_5pct lift_at_10pct lift_at_20pct threshold tp fp fn tn "
    "accuracy precision_score recall f1",
    "mart_churn_calibration": "model_name activity cutoff_date horizon_days calibration_bin",
    "mart_churn_curves": "model_name activity cutoff_date horizon_days curve_name x y",
    "mart_customer_value_evaluation": "cutoff_date horizon_days value_decile predicted_value "
    "actual_value",
    "mart_churn_alerts": "customer_id expected_loss expected_loss_rise reason_1 reason_2 reason_3 "
    "owner_group alerted_at",
    "mart_churn_alert_outcomes": "as_of_date customer_id outcome lead_time_days",
    "mart_churn_scores_graded": "as_of_date customer_id activity horizon_days churn_probability "
    "is_churned",
    "mart_score_changes": "customer_id changed activity horizon_days as_of_date "
    "previous_as_of_date from_value to_value cause why",
    "mart_builds": "run_id as_of package_version status is_green",
    "mart_input_reconciliation": "entity rows_in accepted duplicates quarantined after_as_of "
    "forgotten",
    "mart_input_coverage": "entity latest_at lag_hours",
    "mart_quarantine": "entity reasons raw_row",
    "mart_item_similarities": "product_id position similar_product_id score method_name cosine "
    "lift co_buyers",
    "mart_customer_recommendations": "customer_id list_name position product_id score reason_1 "
    "reason_2 reason_3 fallback_level",
    "mart_recommendation_coverage": "list_name coverage customers",
    "mart_association_rules": "antecedent consequent support confidence lift lift_low lift_high "
    "leverage conviction zhang",
    "mart_recommendation_evaluation": "method_name task cutoff_date k ndcg recall precision mrr "
    "map hit_rate auc coverage novelty served_share",
    "mart_model_versions": "model_version model_name parameters metrics",
}


@pytest.fixture(scope="module")
def marts(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        node["alias"]: node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["fqn"][1] in ("marts", "review")
    }


def test_every_public_column_has_its_name(marts: dict[str, dict[str, Any]]) -> None:
    for mart, columns in PUBLIC_COLUMNS.items():
        assert set(columns.split()) <= set(marts[mart]["columns"]), mart


def test_every_mart_keeps_a_contract(marts: dict[str, dict[str, Any]]) -> None:
    assert all(node["contract"]["enforced"] for node in marts.values())
    for name, node in marts.items():
        assert all(column["data_type"] for column in node["columns"].values()), name


def test_every_mart_says_its_grain_first(marts: dict[str, dict[str, Any]]) -> None:
    for name, node in marts.items():
        assert node["description"].startswith("One row per "), name


def test_every_mart_has_a_key_and_rules(
    manifest: dict[str, Any], marts: dict[str, dict[str, Any]]
) -> None:
    tests = [
        node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and node.get("test_metadata")
    ]
    keys = {
        node["attached_node"] for node in tests if node["test_metadata"]["name"] == "primary_key"
    }
    ruled = {
        node["attached_node"] for node in tests if node["test_metadata"]["kwargs"].get("rules")
    }
    for name, node in marts.items():
        assert node["unique_id"] in keys, name
        assert node["unique_id"] in ruled, name


def test_every_column_of_a_table_is_described(manifest: dict[str, Any]) -> None:
    """That all columns are listed, `test_every_column_is_listed` asks of the demo's warehouse."""
    undescribed = [
        (node["name"], column["name"])
        for node in manifest["nodes"].values()
        if node["resource_type"] in ("model", "seed")
        for column in node["columns"].values()
        if len(column["description"]) <= 3
    ]
    assert undescribed == []


def test_marts_read_no_input_directly(marts: dict[str, dict[str, Any]]) -> None:
    for name, node in marts.items():
        if node["fqn"][2] == "operations":
            continue
        layers = {parent.split(".")[2].split("_")[0] for parent in node["depends_on"]["nodes"]}
        assert not layers & {"raw", "base", "demo"}, name


def test_seeds_stay_small() -> None:
    assert sum(file.stat().st_size for file in (PROJECT / "seeds").rglob("*.csv")) < 5_000_000


def test_the_package_has_one_version(manifest: dict[str, Any]) -> None:
    macro = manifest["macros"]["macro.dovecote.package_version"]["macro_sql"]
    versions = {
        "pyproject.toml": tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"][
            "version"
        ],
        "dbt_project.yml": yaml.safe_load((PROJECT / "dbt_project.yml").read_text())["version"],
        "package_version()": re.findall(r"return\('(.+)'\)", macro)[0],
    }
    assert len(set(versions.values())) == 1, versions
