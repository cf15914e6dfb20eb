def model(dbt, session):
    import pandas as pd

    from dovecote.dbt import as_frame, as_table, rows_of_day
    from dovecote.recommend import all_challenger_lists, with_ids, with_numbers

    basket_counts = dbt.ref("dovecote", "int_recommendations__basket_counts")
    recipients = dbt.ref("dovecote", "int_recommendations__recipients")
    page_seeds = dbt.ref("dovecote", "int_recommendations__page_seeds")
    cutoffs = as_frame(dbt.ref("dovecote", "int_recommendations__cutoffs"))

    def lists_on(day):
        lists = all_challenger_lists(
            with_ids(rows_of_day(basket_counts, "cutoff_date", day)),
            with_ids(rows_of_day(page_seeds, "cutoff_date", day)),
            customers=rows_of_day(recipients, "cutoff_date", day)["customer_number"],
            memory_gb=dbt.config.get("memory_gb"),
        )
        return with_numbers(lists).assign(cutoff_date=day)

    past_days = cutoffs.loc[~cutoffs["is_as_of"], "cutoff_date"].sort_values()
    # A day without any purchase gives the columns where no past day is graded.
    return as_table(pd.concat(map(lists_on, [pd.Timestamp.min, *past_days])))
