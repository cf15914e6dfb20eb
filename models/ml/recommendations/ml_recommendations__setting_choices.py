def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.dbt import as_frame, day_by_day
    from dovecote.recommend import setting_choices, with_ids

    purchases = dbt.ref("dovecote", "int_recommendations__choice_purchases")
    cutoffs = as_frame(dbt.ref("dovecote", "int_recommendations__cutoffs"))
    validation_days = dbt.config.get("evaluation_days")
    memory_gb = dbt.config.get("memory_gb")

    def choices_on(day, rows):
        return setting_choices(
            with_ids(rows), [day], validation_days=validation_days, memory_gb=memory_gb
        )

    days = set(cutoffs["settings_date"])
    return day_by_day(choices_on, days, [purchases], column="settings_date")
