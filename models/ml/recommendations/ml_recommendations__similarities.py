def model(dbt, session):
    dbt.config(materialized="kept_table")
    import pandas as pd

    from dovecote.dbt import as_frame, as_table, of_day
    from dovecote.recommend import similarities_of, stacked, with_numbers

    basket_counts = dbt.ref("dovecote", "int_recommendations__basket_counts")
    settings = as_frame(dbt.ref("dovecote", "int_recommendations__settings"))
    tables = []
    for cutoff in settings.sort_values("cutoff_date").itertuples():
        similarities = similarities_of(
            of_day(basket_counts, "cutoff_date", cutoff.cutoff_date),
            regularisation=cutoff.ease_lambda,
            memory_gb=dbt.config.get("memory_gb"),
        )
        tables.append(stacked(similarities).assign(cutoff_date=cutoff.cutoff_date))
    return as_table(with_numbers(pd.concat(tables)))
