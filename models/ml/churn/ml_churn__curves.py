def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.dbt import as_frame, as_table
    from dovecote.evaluate import curves_table

    return as_table(curves_table(as_frame(dbt.ref("dovecote", "int_churn__graded_scores"))))
