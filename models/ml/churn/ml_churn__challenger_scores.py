def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.churn import challenger_scores
    from dovecote.dbt import as_frame, as_table

    examples = as_frame(dbt.ref("dovecote", "int_churn__examples"))
    snapshots = as_frame(dbt.ref("dovecote", "int_churn__snapshots"))
    groups = as_frame(dbt.ref("dovecote", "int_churn__feature_groups"))
    return as_table(challenger_scores(examples, snapshots, dict(groups.to_numpy())))
