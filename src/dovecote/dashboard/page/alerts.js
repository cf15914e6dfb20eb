// Whom to call: a table that the dashboard and the churn report share.

function alertTable(limit = 10) {
  const found = ofFilters(rows("alerts"));
  const withIds = shop.shows_customer_ids;
  return card(
    {
      id: "alerts",
      asks: "alerts",
      wide: true,
      title: found.length
        ? `${plural(found.length, "customer")} to call, with ${money(sum(found, (item) => item.expected_loss))} at stake`
        : "Customers to call",
      reading:
        "Those with the largest expected loss (churn probability times the value expected of the next 365 days), or whose loss rose most in 28 days. Who has most likely left for good is worth little by now, and stands further down." +
        (withIds ? "" : " Who they are stands in mart_churn_alerts, by alert_rank, and here with dovecote_dashboard_customer_ids: true."),
      source: "mart_churn_alerts",
      empty: "Nobody is worth an alert, or nobody could be scored.",
    },
    () =>
      found.length > 0 &&
      table(
        [
          { title: "Rank", isNumber: true, value: (item) => item.alert_rank },
          ...(withIds ? [{ title: "Customer", value: (item) => item.customer_id }] : []),
          { title: "Called by", value: (item) => item.owner_group, text: said },
          { title: "Because of", value: (item) => item.alert_reason, text: said },
          { title: `No order in ${found[0].horizon_days} days`, isNumber: true, value: (item) => item.churn_probability, text: (value) => percent(value) },
          { title: "Expected in 365 days", isNumber: true, value: (item) => item.predicted_365d, text: (value) => money(value) },
          { title: "Expected loss", isNumber: true, value: (item) => item.expected_loss, text: (value) => money(value) },
          { title: "Rise in 28 days", isNumber: true, value: (item) => item.expected_loss_rise, text: (value) => money(value) },
          { title: "Last order", value: (item) => item.last_order_date, text: day },
          { title: "Why", isLong: true, value: (item) => [item.reason_1, item.reason_2, item.reason_3].filter(Boolean).join("; ") },
        ],
        found,
        { caption: "Churn alerts", limit },
      ),
  );
}
