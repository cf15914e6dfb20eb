def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.dbt import as_table
    from dovecote.recommend import rules_of

    baskets = dbt.ref("dovecote", "int_recommendations__rule_baskets")
    min_baskets = dbt.config.get("min_baskets")
    min_support = dbt.config.get("min_support")
    return as_table(rules_of(baskets, min_baskets=min_baskets, min_support=min_support))
