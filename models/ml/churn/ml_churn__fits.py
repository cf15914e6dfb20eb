def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.btyd import fits_table
    from dovecote.dbt import as_frame, as_table

    tuples = as_frame(dbt.ref("dovecote", "int_churn__fitted_tuples"))
    spend_tuples = as_frame(dbt.ref("dovecote", "int_churn__spend_tuples"))
    return as_table(
        fits_table(
            tuples,
            spend_tuples,
            engine=dbt.config.get("engine"),
            peer_cutoff=tuples["cutoff_date"].max(),
        )
    )
