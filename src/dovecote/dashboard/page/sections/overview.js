// How the shop keeps its customers, at a glance.

section({
  id: "overview",
  title: "Overview",
  uses: ["period", "channel", "country"],

  lead() {
    const inputs = rows("inputs").filter((input) => !input.is_present).map((input) => said(input.entity));
    const absent = inputs.length ? ` Missing inputs: ${inputs.join(", ")}; Data quality says what they cost.` : "";
    return `How many customers are active, what they bring, and whether more come than go.${absent}`;
  },

  cards() {
    const everything = brokenDown(rows("growth"));
    const months = everything.filter((item) => inPeriod(item.month_start));
    const buying = months.filter((item) => item.activity === "order");
    const finished = buying.filter((item) => item.is_complete);
    const last = finished.at(-1);
    // What it is compared with may lie before the period that is looked at.
    const earlier = (count) =>
      last && everything.find((item) => item.activity === "order" && item.month_start === monthsBefore(last.month_start, count));
    const [before, yearBefore] = [earlier(1), earlier(12)];
    return [
      overviewTiles(last, before, yearBefore),
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

function monthsBefore(start, count) {
  const date = asDate(start);
  date.setUTCMonth(date.getUTCMonth() - count);
  return date.toISOString().slice(0, 10);
}

/** "12% more than in April", or, of few, "7 in April": shares of a handful say nothing. */
function comparedWith(now, before, name, { less = "less", fewest = 0 } = {}) {
  if (!isNumber(now) || !isNumber(before) || before <= 0) return "";
  if (before < fewest) return `${count(before)} in ${name}`;
  const difference = now / before - 1;
  if (Math.abs(difference) < 0.0005) return `as in ${name}`;
  return `${percent(Math.abs(difference), 1)} ${difference > 0 ? "more" : less} than in ${name}`;
}
const OF_CUSTOMERS = { less: "fewer", fewest: 20 };

function overviewTiles(last, before, yearBefore) {
  const at = last ? longMonth(last.month_start) : null;
  const monthly = (id, label, name, written, words) => {
    const compared = [before, yearBefore]
      .map((item) => item && comparedWith(last[name], item[name], month(item.month_start), words))
      .filter(Boolean);
    return tile({
      id,
      label: at ? `${label}, ${at}` : label,
      value: last ? written(last[name]) : "–",
      note: compared.join("; ") || (last ? "no month before to compare with" : "no finished month"),
      better: before && last[name] !== before[name] ? last[name] > before[name] : null,
    });
  };
  const retained = overallAtMonth(1);
  const atRisk = ofFilters(rows("risk")).filter(
    (item) => item.activity === "order" && item.horizon_days === shop.alert_horizon_days,
  );
  const high = sum(atRisk.filter((item) => item.risk_band === "high"), (item) => item.customers);
  const scored = sum(atRisk.filter((item) => item.risk_band !== "not scored"), (item) => item.customers);
  return element(
    "div",
    { class: "tiles" },
    monthly("active-customers", "Active customers", "active_customers", count, OF_CUSTOMERS),
    monthly("net-revenue", "Net revenue of customers", "revenue", money),
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
      label: `High risk of no order in ${shop.alert_horizon_days ?? "–"} days`,
      value: scored ? count(high) : "–",
      note: scored ? `${percent(high / scored)} of ${plural(scored, "open account")}` : "nobody could be scored",
    }),
  );
}

function activeCustomers(buying, last, before) {
  const kinds = [
    ["new", "new_customers", COLOUR.sky],
    ["returning", "returning_customers", COLOUR.blue],
    ["resurrecting", "resurrecting_customers", COLOUR.green],
  ];
  const difference = last && before ? comparedWith(last.active_customers, before.active_customers, longMonth(before.month_start), OF_CUSTOMERS) : "";
  return card(
    {
      id: "active-customers-by-month",
      asks: "growth",
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
        { x: monthAxis(buying), y: counts("Customers", buying.map((item) => item.active_customers)), barmode: "stack" },
      ),
  );
}

function netRevenue(buying, last, before) {
  const difference = last && before ? comparedWith(last.revenue, before.revenue, longMonth(before.month_start)) : "";
  const withGuests = isFiltered() ? [] : guestMonths(buying);
  const guests = withGuests.length ? " Grey: orders of guests, who are no customers." : "";
  return card(
    {
      id: "net-revenue-by-month",
      asks: "growth",
      title: last
        ? `Customers brought ${money(last.revenue)} in ${longMonth(last.month_start)}${difference ? `, ${difference}` : ""}`
        : "Net revenue of customers, by month",
      reading: `Net revenue of orders in the month.${guests} Hatched: the month is not over.`,
      source: "mart_growth_accounting, mart_growth_by_breakdown, fct_orders",
      empty: "Nobody bought in this period.",
    },
    () =>
      sum(buying, (item) => item.active_customers) > 0 &&
      chart(
        [
          monthBars(buying, { name: "customers", colour: COLOUR.blue, value: (item) => item.revenue, written: money }),
          ...(withGuests.length
            ? [monthBars(withGuests, { name: "guests", colour: COLOUR.grey, value: (item) => item.net_revenue, written: money })]
            : []),
        ],
        { x: monthAxis(buying), y: axis(inMoney("Net revenue")), barmode: "relative" },
      ),
  );
}

/** What guests brought in the months that are looked at. */
function guestMonths(months) {
  const found = new Map(rows("guests").map((item) => [item.month_start, item.net_revenue]));
  return months.some((item) => found.has(item.month_start))
    ? months.map((item) => ({ ...item, net_revenue: found.get(item.month_start) ?? 0 }))
    : [];
}

function growthAccounting(finished, last) {
  const gained = last ? last.new_customers + last.resurrecting_customers : null;
  return card(
    {
      id: "growth-accounting",
      asks: "growth",
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
  return card(
    {
      id: "quick-ratio-by-month",
      asks: "growth",
      title: isNumber(last?.quick_ratio)
        ? `For every customer gone quiet, ${figure(last.quick_ratio)} came`
        : "Customers gained for every one gone quiet",
      reading: "Quick ratio: customers gained over customers gone quiet. Above 1, the number of active customers grows. A gap: nobody went quiet.",
      source: "mart_growth_accounting, mart_growth_by_breakdown",
      empty: "No month in which customers went quiet has ended yet.",
    },
    () =>
      finished.some((item) => isNumber(item.quick_ratio)) &&
      chart(
        [
          {
            type: "scatter",
            mode: "lines+markers",
            name: "quick ratio",
            connectgaps: false,
            x: finished.map((item) => month(item.month_start)),
            y: finished.map((item) => item.quick_ratio),
            line: { color: COLOUR.blue, width: 2.5 },
            marker: { size: 7, color: COLOUR.blue },
            hovertemplate: "%{x}<br>quick ratio: %{y:.2f}<extra></extra>",
          },
        ],
        {
          x: monthAxis(finished),
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
      asks: "growth",
      title: last ? `${plural(last.active_customers, "visitor")} came in ${longMonth(last.month_start)}` : "Visitors, by month",
      reading: "Persons with any tracked event in the month, known or not. Who bought without one is not among them.",
      source: "mart_growth_accounting, mart_growth_by_breakdown",
      empty: hasInput("events") ? "Nobody came in this period." : "There are no events in the inputs, so visits are not known.",
    },
    () =>
      months.length > 0 &&
      chart([monthBars(months, { name: "visitors", colour: COLOUR.blue, value: (item) => item.active_customers, written: count })], {
        x: monthAxis(months),
        y: counts("Persons", months.map((item) => item.active_customers)),
      }),
  );
}

function whatChanged() {
  const now = rows("headlines")[0];
  const before = rows("headlines_before")[0];
  const isSameDay = before?.as_of_date === now?.as_of_date;
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
      asks: "headlines",
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
          { title: isSameDay ? "Before" : day(before.as_of_date), isNumber: true, value: (line) => before[line[1]], text: (value, line) => line[2](value) },
          { title: isSameDay ? "Now" : day(now.as_of_date), isNumber: true, value: (line) => now[line[1]], text: (value, line) => line[2](value) },
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
      asks: "score_changes",
      wide: true,
      title: found.length
        ? `${plural(sum(found, (item) => item.customers), "move")} between segments, stages and risk bands since ${day(since)}`
        : "Moves between segments, stages and risk bands",
      reading: "Customers whose segment, lifecycle stage or risk band has changed since the build before.",
      source: "mart_score_changes",
      unfiltered: true,
      empty: rows("headlines_before").length ? "Nobody has moved since the build before." : "There is no earlier build to compare with.",
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
