def model(dbt, session):
    dbt.config(materialized="kept_table")
    from dovecote.dbt import as_frame, as_table
    from dovecote.recommend import content_similarities, with_ids, with_numbers

    products = with_ids(as_frame(dbt.ref("dovecote", "int_recommendations__product_texts")))
    similarities = content_similarities(
        products,
        texts=["product_name", "description", "attributes"],
        attributes=["category", "brand"],
        cold=products.loc[products["is_cold"], "product_id"],
    )
    return as_table(with_numbers(similarities))
