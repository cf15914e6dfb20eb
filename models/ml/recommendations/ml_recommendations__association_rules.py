def model(dbt, session):
    from dovecote.dbt import as_frame, as_table
    from dovecote.recommend import association_rules, with_ids

    baskets = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__rule_baskets")))
    return as_table(
        association_rules(
            baskets,
            min_baskets=max(
                dbt.config.get("min_baskets"),
                round(dbt.config.get("min_support") * baskets["basket_id"].nunique()),
            ),
        )
    )
