def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.dbt import as_frame, as_table
    from dovecote.evaluate import evaluation_table

    graded = as_frame(dbt.ref("dovecote", "int_churn__graded_scores"))
    thresholds = as_frame(dbt.ref("dovecote", "int_churn__thresholds"))
    return as_table(evaluation_table(graded, thresholds))
