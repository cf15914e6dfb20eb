def model(dbt, session):
    from dovecote.dbt import as_frame
    from dovecote.evaluate import evaluation_table

    graded = as_frame(dbt.ref("dovecote", "int_churn__graded_scores"))
    thresholds = as_frame(dbt.ref("dovecote", "int_churn__thresholds"))
    return evaluation_table(graded, thresholds)
