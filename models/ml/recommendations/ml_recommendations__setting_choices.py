def model(dbt, session):
    import pandas as pd

    from dovecote.dbt import as_frame, as_table, rows_of_day
    from dovecote.recommend import setting_choices, with_ids

    purchases = dbt.ref("dovecote", "int_recommendations__choice_purchases")
    cutoffs = as_frame(dbt.ref("dovecote", "int_recommendations__cutoffs"))
    choices = [
        setting_choices(
            with_ids(rows_of_day(purchases, "settings_date", settings_date)),
            [settings_date],
            validation_days=dbt.config.get("evaluation_days"),
            memory_gb=dbt.config.get("memory_gb"),
        )
        for settings_date in sorted(set(cutoffs["settings_date"]))
    ]
    return as_table(pd.concat(choices))
