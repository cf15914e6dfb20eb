def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.churn import logistic_coefficients
    from dovecote.dbt import as_frame, as_table

    examples = as_frame(dbt.ref("dovecote", "int_churn__examples"))
    snapshots = as_frame(dbt.ref("dovecote", "int_churn__snapshots"))
    groups = as_frame(dbt.ref("dovecote", "int_churn__feature_groups"))
    groups = groups.sort_values("feature_number").set_index("feature_name")["feature_group"]
    return as_table(logistic_coefficients(examples, snapshots, groups.to_dict()))
