def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.btyd import factors
    from dovecote.dbt import as_frame, as_table

    levels = as_frame(dbt.ref("dovecote", "int_churn__factor_levels"))
    fits = as_frame(dbt.ref("dovecote", "ml_churn__fits"))
    return as_table(factors(levels, fits))
