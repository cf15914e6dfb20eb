def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.dbt import as_frame, as_table
    from dovecote.recommend import leaderboard, with_ids

    lists = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__graded_lists")))
    relevant = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__relevant")))
    products = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__gradable_products")))
    # The lists that are published are graded at their own length too.
    length = dbt.config.get("recommendations_per_list")
    ks = sorted({10, 20, min(length, 20)})
    return as_table(leaderboard(lists, relevant, products, ks=ks, always=["published"]))
