def model(dbt, session):
    from dovecote.dbt import as_frame, as_table
    from dovecote.recommend import association_rules, with_ids

    baskets = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__rule_baskets")))
    min_baskets = dbt.config.get("min_baskets")
    min_support = dbt.config.get("min_support")
    return as_table(association_rules(baskets, min_baskets=min_baskets, min_support=min_support))
