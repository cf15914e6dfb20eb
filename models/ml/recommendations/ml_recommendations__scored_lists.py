def model(dbt, session):
    import pyarrow as pa

    from dovecote.dbt import as_frame, as_table, rows_of_day
    from dovecote.recommend import scored_lists, with_ids, with_numbers

    owned = dbt.ref("dovecote", "int_recommendations__owned")
    similarities = dbt.ref("dovecote", "int_recommendations__similarities")
    product_facts = dbt.ref("dovecote", "int_recommendations__product_facts")
    tastes = dbt.ref("dovecote", "int_recommendations__tastes")
    cutoffs = as_frame(dbt.ref("dovecote", "int_recommendations__cutoffs"))
    size = max(dbt.config.get("recommendations_per_list"), dbt.config.get("graded_list_length"))
    max_per_category = dbt.config.get("max_per_category")
    memory_gb = dbt.config.get("memory_gb")

    def lists_on(cutoff):
        rows = [
            with_ids(rows_of_day(relation, "cutoff_date", cutoff.cutoff_date))
            for relation in (owned, similarities, product_facts, tastes)
        ]
        lists = scored_lists(
            *rows[:3],
            prices=rows[3],
            size=size,
            # Lists of the past are graded beside methods that know no such rule.
            max_per_category=max_per_category if cutoff.is_as_of else None,
            with_parts=not cutoff.is_as_of,
            memory_gb=memory_gb,
        )
        return as_table(with_numbers(lists).assign(cutoff_date=cutoff.cutoff_date))

    return pa.concat_tables(map(lists_on, cutoffs.sort_values("cutoff_date").itertuples()))
