// Whom to call: a table that the dashboard and the churn report share.

function alertTable(limit = 10) {
  const found = ofFilters(rows("alerts"));
  const withIds = shop.shows_customer_ids;
  return card(
    {
      id: "alerts",
      wide: true,
      title: found.length
        ? `${plural(found.length, "customer")} to call, with ${money(sum(found, (item) => item.expected_loss))} at stake`
        : "Customers to call",
      reading:
        "Those with the largest expected loss (churn probability times the value expected of the next 365 days), or whose loss rose most in 28 days." +
        (withIds ? "" : " Ids are not shown (dovecote_dashboard_customer_ids)."),
      source: "mart_churn_alerts",
      empty: "Nobody is worth an alert, or nobody could be scored.",
    },
    () =>
      found.length > 0 &&
      table(
        [
          { title: "Rank", isNumber: true, value: (item) => item.alert_rank },
          ...(withIds ? [{ title: "Customer", value: (item) => item.customer_id }] : []),
          { title: "For", value: (item) => item.owner_group, text: said },
          { title: "Stays away", isNumber: true, value: (item) => item.churn_probability, text: (value, item) => `${percent(value)} for ${item.horizon_days} d` },
          { title: "Next 365 days", isNumber: true, value: (item) => item.predicted_365d, text: (value) => money(value) },
          { title: "Expected loss", isNumber: true, value: (item) => item.expected_loss, text: (value) => money(value) },
          { title: "Last order", value: (item) => item.last_order_date, text: day },
          { title: "Why", isLong: true, value: (item) => [item.reason_1, item.reason_2, item.reason_3].filter(Boolean).join("; ") },
        ],
        found,
        { caption: "Churn alerts", limit },
      ),
  );
}
