// How the shop keeps its customers, at a glance.

section({
  id: "overview",
  title: "Overview",
  uses: ["period", "channel", "country"],

  lead() {
    const inputs = rows("inputs").filter((input) => !input.is_present).map((input) => said(input.entity));
    const absent = inputs.length ? ` The shop gave no ${inputs.join(", ")}.` : "";
    return `How many customers are active, what they bring, and whether more come than go.${absent}`;
  },

  cards() {
    const months = brokenDown(rows("growth")).filter((item) => inPeriod(item.month_start));
    const buying = months.filter((item) => item.activity === "order");
    const finished = buying.filter((item) => item.is_complete);
    const [before, last] = [finished.at(-2), finished.at(-1)];
    return [
      overviewTiles(last, before),
      activeCustomers(buying, last, before),
      netRevenue(buying, last, before),
      growthAccounting(finished, last),
      quickRatio(finished, last),
      activeVisitors(months.filter((item) => item.activity === "visit")),
      whatChanged(),
      moves(),
    ];
  },
});

const overallAtMonth = (period) =>
  brokenDown(rows("retention_overall")).find(
    (item) =>
      item.activity === "order" &&
      item.entry === "first_time" &&
      item.return_rule === "on" &&
      item.grain === "month" &&
      item.period_index === period,
  );

/** "12% more than in April". */
function comparedWith(now, before, name) {
  if (!isNumber(now) || !isNumber(before) || before <= 0) return "";
  const difference = now / before - 1;
  if (Math.abs(difference) < 0.0005) return `as in ${name}`;
  return `${percent(Math.abs(difference), 1)} ${difference > 0 ? "more" : "less"} than in ${name}`;
}

function overviewTiles(last, before) {
  const at = last ? longMonth(last.month_start) : null;
  const beforeName = before ? longMonth(before.month_start).split(" ")[0] : "";
  const monthly = (id, label, name, written) =>
    tile({
      id,
      label: at ? `${label}, ${at}` : label,
      value: last ? written(last[name]) : "–",
      note: last && before ? comparedWith(last[name], before[name], beforeName) : "no finished month to compare with",
      better: last && before && last[name] !== before[name] ? last[name] > before[name] : null,
    });
  const retained = overallAtMonth(1);
  const atRisk = ofFilters(rows("risk")).filter(
    (item) => item.activity === "order" && item.horizon_days === shop.alert_horizon_days,
  );
  const high = sum(atRisk.filter((item) => item.risk_band === "high"), (item) => item.open_accounts);
  const scored = sum(atRisk.filter((item) => item.risk_band !== "not scored"), (item) => item.open_accounts);
  return element(
    "div",
    { class: "tiles" },
    monthly("active-customers", "Active customers", "active_customers", count),
    monthly("net-revenue", "Net revenue", "revenue", money),
    tile({
      id: "month-1-retention",
      label: "Buy again in the next month",
      value: percent(retained?.retention_rate, 1),
      note: retained ? `${percent(retained.ci_low, 1)} to ${percent(retained.ci_high, 1)}, all cohorts` : "",
    }),
    tile({
      id: "quick-ratio",
      label: at ? `Quick ratio, ${at}` : "Quick ratio",
      value: figure(last?.quick_ratio),
      note: !isNumber(last?.quick_ratio) ? "" : last.quick_ratio === 1 ? "as many customers come as go" : last.quick_ratio > 1 ? "more customers come than go" : "more customers go than come",
      better: isNumber(last?.quick_ratio) ? last.quick_ratio >= 1 : null,
    }),
    tile({
      id: "customers-at-high-risk",
      label: `At high risk for ${shop.alert_horizon_days ?? "–"} days`,
      value: scored ? count(high) : "–",
      note: scored ? `${percent(high / scored)} of ${plural(scored, "customer")}` : "nobody could be scored",
    }),
  );
}

function activeCustomers(buying, last, before) {
  const kinds = [
    ["new", "new_customers", COLOUR.sky],
    ["returning", "returning_customers", COLOUR.blue],
    ["resurrecting", "resurrecting_customers", COLOUR.green],
  ];
  const difference = last && before ? comparedWith(last.active_customers, before.active_customers, longMonth(before.month_start)) : "";
  return card(
    {
      id: "active-customers-by-month",
      title: last
        ? `${plural(last.active_customers, "customer")} bought in ${longMonth(last.month_start)}${difference ? `, ${difference}` : ""}`
        : "Customers who buy, by month",
      reading: "Customers with a purchase in the month: for the first time, after one in the month before, or after a pause. Hatched: the month is not over.",
      source: "mart_growth_accounting, mart_growth_by_breakdown",
      empty: "Nobody bought in this period.",
    },
    () =>
      sum(buying, (item) => item.active_customers) > 0 &&
      chart(
        kinds.map(([name, column, colour]) => monthBars(buying, { name, colour, value: (item) => item[column], written: count })),
        { x: monthAxis(buying), y: axis("Customers", { rangemode: "tozero" }), barmode: "stack" },
      ),
  );
}

function netRevenue(buying, last, before) {
  const difference = last && before ? comparedWith(last.revenue, before.revenue, longMonth(before.month_start)) : "";
  const guests = sales.guest_orders ? ` ${plural(sales.guest_orders, "order")} of guests, of all time, not counted.` : "";
  return card(
    {
      id: "net-revenue-by-month",
      title: last
        ? `Customers brought ${money(last.revenue)} in ${longMonth(last.month_start)}${difference ? `, ${difference}` : ""}`
        : "Net revenue of customers, by month",
      reading: `Net revenue of customers in the month.${guests} Hatched: the month is not over.`,
      source: "mart_growth_accounting, mart_growth_by_breakdown",
      empty: "Nobody bought in this period.",
    },
    () =>
      sum(buying, (item) => item.active_customers) > 0 &&
      chart([monthBars(buying, { name: "net revenue", colour: COLOUR.blue, value: (item) => item.revenue, written: money })], {
        x: monthAxis(buying),
        y: axis(inMoney("Net revenue")),
      }),
  );
}

function growthAccounting(finished, last) {
  const gained = last ? last.new_customers + last.resurrecting_customers : null;
  return card(
    {
      id: "growth-accounting",
      title: last
        ? `${longMonth(last.month_start)}: ${count(gained)} gained, ${count(last.dormant_customers)} gone quiet`
        : "Customers gained and gone quiet, by month",
      reading: "Up: customers who bought for the first time or after a pause. Down: those who bought in the month before and not in this one.",
      source: "mart_growth_accounting, mart_growth_by_breakdown",
      empty: "No month has ended yet.",
    },
    () =>
      finished.length > 0 &&
      chart(
        [
          monthBars(finished, { name: "new", colour: COLOUR.sky, value: (item) => item.new_customers, written: count }),
          monthBars(finished, { name: "resurrecting", colour: COLOUR.green, value: (item) => item.resurrecting_customers, written: count }),
          monthBars(finished, { name: "gone quiet", colour: COLOUR.red, value: (item) => item.dormant_customers, written: count, sign: -1 }),
        ],
        { x: monthAxis(finished), y: axis("Customers"), barmode: "relative" },
      ),
  );
}

function quickRatio(finished, last) {
  const months = finished.filter((item) => isNumber(item.quick_ratio));
  return card(
    {
      id: "quick-ratio-by-month",
      title: isNumber(last?.quick_ratio)
        ? `For every customer gone quiet, ${figure(last.quick_ratio)} came`
        : "Customers gained for every one gone quiet",
      reading: "Quick ratio: customers gained over customers gone quiet. Above 1, the number of active customers grows.",
      source: "mart_growth_accounting, mart_growth_by_breakdown",
      empty: "No month in which customers went quiet has ended yet.",
    },
    () =>
      months.length > 0 &&
      chart(
        [
          {
            type: "scatter",
            mode: "lines+markers",
            name: "quick ratio",
            x: months.map((item) => month(item.month_start)),
            y: months.map((item) => item.quick_ratio),
            line: { color: COLOUR.blue, width: 2.5 },
            marker: { size: 7, color: COLOUR.blue },
            hovertemplate: "%{x}<br>quick ratio: %{y:.2f}<extra></extra>",
          },
        ],
        {
          x: monthAxis(months),
          y: axis("Gained for each gone quiet", { rangemode: "tozero" }),
          shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 1, y1: 1, line: { color: COLOUR.grey, dash: "dash", width: 1.5 } }],
        },
      ),
  );
}

function activeVisitors(months) {
  const last = months.filter((item) => item.is_complete).at(-1);
  return card(
    {
      id: "active-visitors-by-month",
      title: last ? `${plural(last.active_customers, "visitor")} came in ${longMonth(last.month_start)}` : "Visitors, by month",
      reading: "Persons with any event in the month, customers and unknown visitors alike.",
      source: "mart_growth_accounting, mart_growth_by_breakdown",
      empty: hasInput("events") ? "Nobody came in this period." : "There are no events in the inputs, so visits are not known.",
    },
    () =>
      months.length > 0 &&
      chart([monthBars(months, { name: "visitors", colour: COLOUR.blue, value: (item) => item.active_customers, written: count })], {
        x: monthAxis(months),
        y: axis("Persons", { rangemode: "tozero" }),
      }),
  );
}

function whatChanged() {
  const now = rows("headlines")[0];
  const before = rows("headlines_before")[0];
  const lines = [
    ["Active customers, last finished month", "active_customers", count],
    ["Net revenue, last finished month", "revenue", money],
    ["Buy again in the next month", "month_1_retention", (value) => percent(value, 1), pointsChanged],
    ["Quick ratio, last finished month", "quick_ratio", figure],
    ["Mean churn probability", "mean_churn_probability", (value) => percent(value, 1), pointsChanged],
    ["Customers at high risk", "customers_at_high_risk", count],
    ["Expected loss", "expected_loss", money],
    ["Alerts", "alerts", count],
  ];
  return card(
    {
      id: "since-last-version",
      title: before ? `What changed since the version of ${day(before.as_of_date)}` : "What changed since the last version",
      reading: "The headlines of this version beside those of the one published before it.",
      unfiltered: true,
      empty: "This is the first version that was published here, or the one before cannot be read: the next one will be compared with this.",
    },
    () =>
      before &&
      table(
        [
          { title: "Figure", value: (line) => line[0] },
          { title: day(before.as_of_date), isNumber: true, value: (line) => before[line[1]], text: (value, line) => line[2](value) },
          { title: day(now.as_of_date), isNumber: true, value: (line) => now[line[1]], text: (value, line) => line[2](value) },
          { title: "Change", isNumber: true, value: (line) => now[line[1]] - before[line[1]], text: (_, line) => (line[3] ?? change)(now[line[1]], before[line[1]]) },
        ],
        lines,
        { caption: "Headlines of this version and the one before" },
      ),
  );
}

function moves() {
  const found = rows("score_changes");
  const since = found[0]?.previous_as_of_date;
  const names = { rfm_segment: "segment", lifecycle_stage: "lifecycle stage", risk_band: "risk band" };
  return card(
    {
      id: "score-changes",
      wide: true,
      title: found.length
        ? `${plural(sum(found, (item) => item.customers), "move")} between segments, stages and risk bands since ${day(since)}`
        : "Moves between segments, stages and risk bands",
      reading: "Customers whose segment, lifecycle stage or risk band is another than at the build before.",
      source: "mart_score_changes",
      unfiltered: true,
      empty: "There is no earlier build to compare with, or nobody moved.",
    },
    () =>
      found.length > 0 &&
      table(
        [
          { title: "What", value: (item) => item.changed, text: (value) => names[value] ?? said(value) },
          { title: "From", value: (item) => item.from_value, text: said },
          { title: "To", value: (item) => item.to_value, text: said },
          { title: "Customers", isNumber: true, value: (item) => item.customers, text: count },
        ],
        found,
        { caption: "Moves since the build before", limit: 8 },
      ),
  );
}
