def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.dbt import as_frame, day_by_day
    from dovecote.recommend import all_challenger_lists, with_ids, with_numbers

    basket_counts = dbt.ref("dovecote", "int_recommendations__basket_counts")
    recipients = dbt.ref("dovecote", "int_recommendations__recipients")
    page_seeds = dbt.ref("dovecote", "int_recommendations__page_seeds")
    cutoffs = as_frame(dbt.ref("dovecote", "int_recommendations__cutoffs"))
    memory_gb = dbt.config.get("memory_gb")

    def lists_on(day, *rows):
        counts, seeds, asked = map(with_ids, rows)
        lists = all_challenger_lists(
            counts, seeds, customers=asked["customer_id"], memory_gb=memory_gb
        )
        return with_numbers(lists).assign(cutoff_date=day)

    past_days = cutoffs.loc[~cutoffs["is_as_of"], "cutoff_date"]
    return day_by_day(lists_on, past_days, [basket_counts], [page_seeds, recipients])
