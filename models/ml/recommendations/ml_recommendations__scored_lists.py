def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.dbt import as_frame, day_by_day
    from dovecote.recommend import scored_lists, with_ids, with_numbers

    cutoffs = as_frame(dbt.ref("dovecote", "int_recommendations__cutoffs"))
    now = set(cutoffs.loc[cutoffs["is_as_of"], "cutoff_date"])
    size = max(dbt.config.get("recommendations_per_list"), dbt.config.get("graded_list_length"))
    max_per_category = dbt.config.get("max_per_category")
    memory_gb = dbt.config.get("memory_gb")

    def lists_on(day, *rows):
        owned, tastes, similarities, product_facts = map(with_ids, rows)
        lists = scored_lists(
            owned,
            similarities,
            product_facts,
            prices=tastes,
            size=size,
            # Lists of the past are graded beside methods that know no such rule.
            max_per_category=max_per_category if day in now else None,
            with_parts=day not in now,
            memory_gb=memory_gb,
        )
        return with_numbers(lists).assign(cutoff_date=day)

    owned = dbt.ref("dovecote", "int_recommendations__owned")
    tastes = dbt.ref("dovecote", "int_recommendations__tastes")
    similarities = dbt.ref("dovecote", "int_recommendations__similarities")
    product_facts = dbt.ref("dovecote", "int_recommendations__product_facts")
    shared = [similarities, product_facts]
    days = cutoffs["cutoff_date"]
    return day_by_day(lists_on, days, [owned, tastes], shared, customers_apart=True)
