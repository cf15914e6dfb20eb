"""Entities, their columns in order, and what each column holds.

Simulated frames keep times as seconds since 1970 (UTC), money as cents, exchange rates as
millionths and flags as 0 and 1, all in float64 with NaN for null, so that sums are exact and null
is the same everywhere. `files` turns them into text or typed columns.
"""

from __future__ import annotations

from enum import Enum, auto

ARRIVES_AT = "_arrives_at"
"""Extra column of every simulated frame: when the row reaches its file, which sets its place."""


class Kind(Enum):
    """What a column holds."""

    TEXT = auto()
    TIME = auto()
    DATE = auto()
    MONEY = auto()
    RATE = auto()
    COUNT = auto()
    NUMBER = auto()
    FLAG = auto()


_T, _AT, _M, _N, _F = Kind.TEXT, Kind.TIME, Kind.MONEY, Kind.COUNT, Kind.FLAG

ENTITIES: dict[str, dict[str, Kind]] = {
    "orders": {
        "order_id": _T,
        "customer_id": _T,
        "ordered_at": _AT,
        "gross_amount": _M,
        "discount_amount": _M,
        "shipping_amount": _M,
        "tax_amount": _M,
        "refund_amount": _M,
        "refunded_at": _AT,
        "cost_amount": _M,
        "status": _T,
        "status_changed_at": _AT,
        "payment_status": _T,
        "promised_at": _AT,
        "delivered_at": _AT,
        "channel": _T,
        "coupon_code": _T,
        "currency": _T,
        "updated_at": _AT,
    },
    "order_items": {
        "order_item_id": _T,
        "order_id": _T,
        "product_id": _T,
        "quantity": _N,
        "unit_price": _M,
        "discount_amount": _M,
        "unit_cost": _M,
    },
    "customers": {
        "customer_id": _T,
        "created_at": _AT,
        "acquisition_channel": _T,
        "country": _T,
        "city": _T,
        "birth_year": _N,
        "gender": _T,
        "interests": _T,
        "loyalty_tier": _T,
        "email_consent": _F,
        "sms_consent": _F,
        "push_consent": _F,
        "closed_at": _AT,
        "closed_reason": _T,
        "updated_at": _AT,
        "x_newsletter_topic": _T,
    },
    "products": {
        "product_id": _T,
        "product_name": _T,
        "description": _T,
        "attributes": _T,
        "category": _T,
        "brand": _T,
        "list_price": _M,
        "unit_cost": _M,
        "launched_at": _AT,
        "is_active": _F,
        "stock_units": _N,
        "updated_at": _AT,
    },
    "events": {
        "event_id": _T,
        "customer_id": _T,
        "anonymous_id": _T,
        "session_id": _T,
        "occurred_at": _AT,
        "event_type": _T,
        "product_id": _T,
        "page_path": _T,
        "referrer": _T,
        "search_query": _T,
        "result_count": _N,
        "duration_seconds": _N,
        "position": _N,
        "recommendation_id": _T,
        "campaign_id": _T,
        "device": _T,
        "channel": _T,
        "app_version": _T,
    },
    "reviews": {
        "review_id": _T,
        "customer_id": _T,
        "product_id": _T,
        "order_id": _T,
        "rating": _N,
        "review_text": _T,
        "created_at": _AT,
    },
    "nps_responses": {
        "response_id": _T,
        "customer_id": _T,
        "score": _N,
        "comment": _T,
        "invited_at": _AT,
        "responded_at": _AT,
    },
    "customer_merges": {"from_customer_id": _T, "to_customer_id": _T, "merged_at": _AT},
    "exclusions": {"customer_id": _T, "reason": _T},
    "exchange_rates": {"currency": _T, "rate_date": Kind.DATE, "rate_to_reporting": Kind.RATE},
}

TRUTH: dict[str, dict[str, Kind]] = {
    "customers": {
        "customer_id": _T,
        "acquisition_channel": _T,
        "lambda": Kind.NUMBER,
        "p": Kind.NUMBER,
        "first_purchase_at": _AT,
        "died_at": _AT,
        "true_purchases": _N,
    },
    "parameters": {
        "acquisition_channel": _T,
        "r": Kind.NUMBER,
        "alpha": Kind.NUMBER,
        "a": Kind.NUMBER,
        "b": Kind.NUMBER,
    },
    "dirt": {"entity": _T, "kind": _T, "outcome": _T, "rows": _N},
}
