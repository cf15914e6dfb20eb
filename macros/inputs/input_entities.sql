{#
    What Dovecote reads: the one definition of every input entity.

    key         columns that identify a row
    required    columns that must exist and hold a value in every accepted row
    must_exist  columns that must exist, but may be null
    happened_at the column that says when the row became a fact
    version     the column whose latest value wins among rows of one key; updated_at where not named
    plans       timestamps that may lie in the future
    amounts     columns that may not be negative
    ranges      columns with a lowest and a highest value
    without     what is lost when the entity is absent
    without_columns  what is lost when one of its columns has no value
    undated     columns whose value at an earlier time cannot be known
    person_ids  columns that name a customer or a visitor: what dovecote_pseudonymise hashes, and forgotten people bear
    personal    other columns that describe a person, or hold what one wrote; x_ columns, which may, are not listed
#}
{% macro input_entities() %}
    {% do return({
        "orders": {
            "key": ["order_id"],
            "required": ["order_id", "ordered_at", "gross_amount"],
            "must_exist": ["customer_id"],
            "happened_at": "ordered_at",
            "plans": ["promised_at"],
            "amounts": ["gross_amount", "discount_amount", "shipping_amount", "tax_amount", "refund_amount", "cost_amount"],
            "undated": ["payment_status", "status where status_changed_at is null", "refund_amount where refunded_at is null"],
            "person_ids": ["customer_id"],
            "personal": ["coupon_code"],
            "without": "nothing can be built",
            "without_columns": {
                "customer_id": "every order is a guest order, so tables of customers stay empty",
                "status": "every order counts as a purchase",
                "discount_amount": "net revenue includes discounts",
                "refund_amount": "net revenue includes what was refunded",
                "cost_amount": "no margin",
                "channel": "no breakdown by first order channel",
                "currency": "all amounts are taken to be in one currency",
            },
            "columns": {
                "order_id": "text", "customer_id": "text", "ordered_at": "timestamp", "gross_amount": "money",
                "discount_amount": "money", "shipping_amount": "money", "tax_amount": "money",
                "refund_amount": "money", "refunded_at": "timestamp", "cost_amount": "money",
                "status": "text", "status_changed_at": "timestamp", "payment_status": "text",
                "promised_at": "timestamp", "delivered_at": "timestamp", "channel": "text",
                "coupon_code": "text", "currency": "code", "updated_at": "timestamp",
            },
        },
        "order_items": {
            "key": ["order_item_id"],
            "required": ["order_id", "product_id"],
            "must_exist": [],
            "happened_at": none,
            "plans": [],
            "amounts": ["quantity", "unit_price", "discount_amount", "unit_cost"],
            "undated": [],
            "person_ids": [],
            "personal": [],
            "without": "no order lines, product revenue, breakdown by first product category, recommendations, neighbours of products or association rules",
            "without_columns": {
                "quantity": "no revenue by line",
                "unit_price": "no revenue by line",
            },
            "columns": {
                "order_item_id": "text", "order_id": "text", "product_id": "text", "quantity": "money",
                "unit_price": "money", "discount_amount": "money", "unit_cost": "money",
            },
        },
        "customers": {
            "key": ["customer_id"],
            "required": ["customer_id"],
            "must_exist": [],
            "happened_at": "created_at",
            "plans": [],
            "amounts": [],
            "undated": ["acquisition_channel", "country", "city", "interests", "loyalty_tier", "email_consent", "sms_consent", "push_consent"],
            "person_ids": ["customer_id"],
            "personal": ["city", "birth_year", "gender", "interests", "closed_reason"],
            "without": "customers are known from their orders and events only: no prospects, no attributes, no breakdown by acquisition channel or country",
            "without_columns": {
                "created_at": "customers without an order are in no month",
                "acquisition_channel": "no breakdown by acquisition channel",
                "country": "no breakdown by country",
            },
            "columns": {
                "customer_id": "text", "created_at": "timestamp", "acquisition_channel": "text",
                "country": "text", "city": "text", "birth_year": "integer", "gender": "text",
                "interests": "text", "loyalty_tier": "text", "email_consent": "boolean",
                "sms_consent": "boolean", "push_consent": "boolean", "closed_at": "timestamp",
                "closed_reason": "text", "updated_at": "timestamp",
            },
        },
        "products": {
            "key": ["product_id"],
            "required": ["product_id"],
            "must_exist": [],
            "happened_at": none,
            "plans": ["launched_at"],
            "amounts": ["list_price", "unit_cost"],
            "undated": ["category", "list_price", "unit_cost", "is_active", "stock_units"],
            "person_ids": [],
            "personal": [],
            "without": "products are known from order lines only: no names, categories or stock, and recommendations heed neither",
            "without_columns": {
                "category": "no breakdown by first product category",
                "product_name": "products have no names",
            },
            "columns": {
                "product_id": "text", "product_name": "text", "description": "text", "attributes": "text",
                "category": "text", "brand": "text", "list_price": "money", "unit_cost": "money",
                "launched_at": "timestamp", "is_active": "boolean", "stock_units": "integer",
                "updated_at": "timestamp",
            },
        },
        "events": {
            "key": ["event_id"],
            "required": ["event_id", "occurred_at"],
            "must_exist": [],
            "happened_at": "occurred_at",
            "plans": [],
            "amounts": [],
            "undated": [],
            "person_ids": ["customer_id", "anonymous_id"],
            "personal": ["session_id", "page_path", "referrer", "search_query"],
            "without": "no visits: sessions, funnel, searches, paths and every mart row of the activity visit stay empty",
            "without_columns": {
                "anonymous_id": "visits before a log-in belong to nobody",
                "event_type": "no funnel: every event is of type other",
                "search_query": "no search terms",
                "result_count": "no share of searches without result",
            },
            "columns": {
                "event_id": "text", "customer_id": "text", "anonymous_id": "text", "session_id": "text",
                "occurred_at": "timestamp", "event_type": "text", "product_id": "text", "page_path": "text",
                "referrer": "text", "search_query": "text", "result_count": "integer",
                "duration_seconds": "double", "position": "integer", "recommendation_id": "text",
                "campaign_id": "text", "device": "text", "channel": "text", "app_version": "text",
            },
        },
        "reviews": {
            "key": ["review_id"],
            "required": ["review_id", "created_at"],
            "must_exist": [],
            "happened_at": "created_at",
            "plans": [],
            "amounts": [],
            "ranges": {"rating": [1, 5]},
            "undated": [],
            "person_ids": ["customer_id"],
            "personal": ["review_text"],
            "without": "no product ratings, in recommendations neither",
            "columns": {
                "review_id": "text", "customer_id": "text", "product_id": "text", "order_id": "text",
                "rating": "money", "review_text": "text", "created_at": "timestamp",
            },
        },
        "nps_responses": {
            "key": ["response_id"],
            "required": ["response_id"],
            "must_exist": [],
            "happened_at": "coalesce(invited_at, responded_at)",
            "plans": [],
            "amounts": [],
            "ranges": {"score": [0, 10]},
            "undated": [],
            "person_ids": ["customer_id"],
            "personal": ["comment"],
            "without": "no net promoter score or response rate",
            "without_columns": {
                "invited_at": "no response rate that could be below 1",
            },
            "columns": {
                "response_id": "text", "customer_id": "text", "score": "integer", "comment": "text",
                "invited_at": "timestamp", "responded_at": "timestamp",
            },
        },
        "customer_merges": {
            "key": ["from_customer_id"],
            "required": ["from_customer_id", "to_customer_id"],
            "must_exist": [],
            "happened_at": "merged_at",
            "version": "merged_at",
            "plans": [],
            "amounts": [],
            "undated": [],
            "person_ids": ["from_customer_id", "to_customer_id"],
            "personal": [],
            "without": "each customer_id is taken for a person of its own",
            "columns": {"from_customer_id": "text", "to_customer_id": "text", "merged_at": "timestamp"},
        },
        "exclusions": {
            "key": ["customer_id", "reason"],
            "required": ["customer_id"],
            "must_exist": [],
            "happened_at": none,
            "plans": [],
            "amounts": [],
            "undated": ["customer_id"],
            "person_ids": ["customer_id"],
            "personal": ["reason"],
            "without": "staff, test and reseller accounts count as customers",
            "columns": {"customer_id": "text", "reason": "text"},
        },
        "exchange_rates": {
            "key": ["currency", "rate_date"],
            "required": ["currency", "rate_date", "rate_to_reporting"],
            "must_exist": [],
            "happened_at": "cast(rate_date as timestamp)",
            "plans": [],
            "amounts": ["rate_to_reporting"],
            "undated": [],
            "person_ids": [],
            "personal": [],
            "without": "orders in another currency than the reporting one are quarantined",
            "columns": {"currency": "code", "rate_date": "date", "rate_to_reporting": "rate"},
        },
    }) %}
{% endmacro %}
