// One page to send to a team: whom to call, how the risk moves, what came of earlier alerts.

section({
  id: "churn-report",
  title: "Whom to call, and what came of it",
  uses: ["channel", "country"],

  lead: () =>
    `Customers whose leaving would cost most, as of ${day(shop.as_of_date)}. ` +
    "Expected loss: the probability of staying away, times the value expected of the next 365 days.",

  cards: () => [reportTiles(), alertGroups("owner_group", "By who calls", (group) => `For ${said(group)}`), alertGroups("risk_band", "By risk band", (group) => `At ${said(group)} risk`), riskOverTime(), alertOutcomes(), alertTable(50)],
});

function reportTiles() {
  const found = ofFilters(rows("alerts"));
  // Those who come back are known earlier than those who do not: only ended horizons tell how many.
  const decided = rows("alert_outcomes").filter((item) => item.horizon_end_date < shop.as_of_date);
  const back = sum(decided.filter((item) => item.outcome === "ordered"), (item) => item.alerts);
  return element(
    "div",
    { class: "tiles" },
    tile({ id: "report-alerts", label: "Customers to call", value: count(found.length), note: `as of ${day(shop.as_of_date)}` }),
    tile({ id: "report-loss", label: "Expected loss", value: money(sum(found, (item) => item.expected_loss)), note: "of these customers" }),
    tile({
      id: "report-rising",
      label: "Rising in 28 days",
      value: count(found.filter((item) => item.expected_loss_rise > 0).length),
      note: `by ${money(sum(found.filter((item) => item.expected_loss_rise > 0), (item) => item.expected_loss_rise))} in all`,
    }),
    tile({
      id: "report-returned",
      label: "Came back after an alert",
      value: decided.length ? percent(back / sum(decided, (item) => item.alerts)) : "–",
      note: decided.length ? `${count(back)} of ${plural(sum(decided, (item) => item.alerts), "alert")} whose horizon has ended` : "no horizon of an earlier alert has ended",
    }),
  );
}

function alertGroups(column, name, titled) {
  const found = [...groups(ofFilters(rows("alerts")), (item) => item[column])]
    .map(([group, items]) => ({ group, alerts: items.length, loss: sum(items, (item) => item.expected_loss) }))
    .sort((a, b) => a.loss - b.loss);
  const top = found.at(-1);
  return card(
    {
      id: `alerts-by-${column.replaceAll("_", "-")}`,
      asks: "alerts",
      title: top ? `${titled(top.group)}: ${plural(top.alerts, "customer")}, ${money(top.loss)} at stake` : name,
      reading: `Expected loss of today's alerts, ${name.charAt(0).toLowerCase()}${name.slice(1)}.`,
      source: "mart_churn_alerts",
      empty: "Nobody is worth an alert today.",
    },
    () =>
      found.length > 0 &&
      chart(
        [bars(found, { name: "expected loss", value: (item) => item.loss, label: (item) => `${capitalised(said(item.group))} (${count(item.alerts)})`, colour: (item) => BANDS[item.group] ?? COLOUR.blue, written: money, showsValue: true })],
        { x: axis(inMoney("Expected loss"), { rangemode: "tozero" }), y: categories(null), height: 120 + found.length * 46 },
      ),
  );
}

function riskOverTime() {
  const found = rows("risk_over_time").filter((item) => item.activity === "order" && item.horizon_days === shop.alert_horizon_days);
  const last = found.at(-1);
  const scored = last ? last.high + last.medium + last.low : 0;
  return card(
    {
      id: "risk-over-time",
      asks: "risk_over_time",
      unfiltered: true,
      title: last ? `${percent(last.high / scored)} of customers are at high risk of staying away for ${shop.alert_horizon_days} days` : "Risk over time",
      reading: found.length > 1 ? "Share of customers in each risk band, day by day, as it was published." : "One day so far: every build adds the day it looks at.",
      source: "hist_churn_scores",
      empty: "No score has been published yet.",
    },
    () =>
      scored > 0 &&
      chart(
        ["high", "medium", "low"].map((band) => ({
          type: "bar",
          name: `${band} risk`,
          x: found.map((item) => day(item.as_of_date)),
          y: found.map((item) => item[band] / (item.high + item.medium + item.low)),
          customdata: found.map((item) => count(item[band])),
          hovertemplate: `%{x}<br>${band} risk: %{customdata} customers (%{y:.1%})<extra></extra>`,
          marker: { color: BANDS[band] },
          width: found.length < 6 ? found.map(() => 0.35) : undefined,
        })),
        { x: categories("As of"), y: axis("Share of customers", { tickformat: ".0%", range: [0, 1] }), barmode: "stack" },
      ),
  );
}

const OUTCOMES = { ordered: COLOUR.blue, churned: COLOUR.red, pending: COLOUR.grey };

function alertOutcomes() {
  const found = rows("alert_outcomes");
  const dates = distinct(found, (item) => item.as_of_date).sort();
  const kinds = [...Object.keys(OUTCOMES).filter((kind) => found.some((item) => item.outcome === kind)), ...distinct(found, (item) => item.outcome).filter((kind) => !(kind in OUTCOMES))];
  const total = sum(found, (item) => item.alerts);
  const of = (kind) => sum(found.filter((item) => item.outcome === kind), (item) => item.alerts);
  return card(
    {
      id: "alert-outcomes",
      asks: "alert_outcomes",
      unfiltered: true,
      title: total ? `Of ${plural(total, "earlier alert")}: ${kinds.map((kind) => `${count(of(kind))} ${said(kind)}`).join(", ")}` : "What came of earlier alerts",
      reading: "Alerts by the day they were given: whether the customer bought again within the horizon, did not, or may yet.",
      source: "mart_churn_alert_outcomes",
      empty: "Alerts are followed from the next build on.",
    },
    () =>
      total > 0 &&
      chart(
        kinds.map((kind) => ({
          type: "bar",
          name: said(kind),
          x: dates.map(day),
          y: dates.map((date) => sum(found.filter((item) => item.as_of_date === date && item.outcome === kind), (item) => item.alerts)),
          hovertemplate: `%{x}<br>%{y} ${said(kind)}<extra></extra>`,
          marker: { color: OUTCOMES[kind] ?? COLOUR.purple },
          width: dates.length < 6 ? dates.map(() => 0.35) : undefined,
        })),
        { x: categories("Alerted as of"), y: axis("Alerts", { rangemode: "tozero" }), barmode: "stack" },
      ),
  );
}
