def model(dbt, session):
    from dovecote.dbt import as_frame
    from dovecote.evaluate import calibration_table

    return calibration_table(as_frame(dbt.ref("dovecote", "int_churn__graded_scores")))
