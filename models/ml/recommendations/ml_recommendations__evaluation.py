def model(dbt, session):
    from dovecote.dbt import as_frame, as_table
    from dovecote.recommend import leaderboard, with_ids

    lists = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__graded_lists")))
    relevant = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__relevant")))
    products = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__gradable_products")))
    return as_table(leaderboard(lists, relevant, products))
