// Who the customers are: segments, stages, and how they move between them.

const looking = { segment: null, month: null };

section({
  id: "customers",
  title: "Customers",
  uses: ["channel", "country"],

  lead: () => "Who the best customers are, in which stage customers stand, and how they move from one to another.",

  cards: () => [segmentMap(), scoreMatrix(), segmentCustomers(), stages(), stageFlow()],
});

function segmentsNow() {
  return [...groups(ofFilters(rows("rfm")), (item) => item.rfm_segment)]
    .map(([name, items]) => ({
      name,
      customers: sum(items, (item) => item.customers),
      revenue: sum(items, (item) => item.net_revenue),
      recency: sum(items, (item) => item.recency_days) / sum(items, (item) => item.customers),
    }))
    .sort((a, b) => b.revenue - a.revenue);
}

function segmentMap() {
  const found = segmentsNow();
  const total = sum(found, (item) => item.revenue);
  const top = found[0];
  return card(
    {
      id: "rfm-segments",
      asks: "rfm",
      title: top
        ? `${capitalised(said(top.name))}: ${percent(top.customers / sum(found, (item) => item.customers))} of customers, ${total > 0 ? percent(top.revenue / total) : money(top.revenue)} of net revenue`
        : "Customers by RFM segment",
      reading: "Area: customers. Colour: net revenue per customer. Click a segment to see who is in it.",
      source: "mart_customer_rfm",
      empty: "No customer has bought yet.",
    },
    () => {
      if (!found.length) return null;
      const each = found.map((item) => item.revenue / item.customers);
      return {
        ...chart(
          [
            {
              type: "treemap",
              name: "segments",
              labels: found.map((item) => plain(capitalised(said(item.name)))),
              ids: found.map((item) => item.name),
              parents: found.map(() => ""),
              values: found.map((item) => item.customers),
              textfont: { color: COLOUR.ink },
              text: found.map((item, i) => `${plural(item.customers, "customer")}<br>${money(each[i])} each`),
              textinfo: "label+text",
              customdata: found.map((item, i) => [count(item.customers), money(item.revenue), money(each[i]), count(item.recency)]),
              hovertemplate:
                "<b>%{label}</b><br>%{customdata[0]} customers<br>%{customdata[1]} net revenue, %{customdata[2]} each<br>last purchase %{customdata[3]} days ago on average<extra></extra>",
              marker: {
                colors: each,
                colorscale: BLUES,
                cmin: 0,
                cmax: Math.max(...each),
                line: { width: 2, color: "white" },
                pad: { t: 0, l: 0, r: 0, b: 0 },
              },
              tiling: { pad: 0 },
              pathbar: { visible: false },
            },
          ],
          { height: 360, margin: { l: 0, r: 0, t: 4, b: 0 }, uniformtext: { minsize: 10, mode: "hide" } },
        ),
        onClick: (event) => {
          looking.segment = event.points[0].id;
          redraw();
          document.getElementById("segment-customers").scrollIntoView({ block: "nearest" });
          return false;
        },
      };
    },
  );
}

function scoreMatrix() {
  const found = ofFilters(rows("rfm"));
  const scores = [1, 2, 3, 4, 5];
  const at = (r, f) => found.filter((item) => item.r_score === r && item.f_score === f);
  const grid = scores.map((r) => scores.map((f) => sum(at(r, f), (item) => item.customers)));
  const revenue = scores.map((r) => scores.map((f) => sum(at(r, f), (item) => item.net_revenue)));
  const total = sum(found, (item) => item.customers);
  const best = grid[4][4] + grid[4][3] + grid[3][4] + grid[3][3];
  return card(
    {
      id: "rfm-matrix",
      asks: "rfm",
      title: total ? `${percent(best / total)} of customers bought recently and often` : "Customers by recency and frequency",
      reading: "Customers by RFM score: 5 is the best fifth. Cells: customers; the best are to the upper right. A column stays empty where more than a fifth have the same number of orders.",
      source: "mart_customer_rfm",
      empty: "No customer has bought yet.",
    },
    () =>
      total > 0 &&
      chart(
        [
          {
            type: "heatmap",
            name: "customers",
            x: scores.map(String),
            y: scores.map(String),
            z: grid,
            text: grid.map((line) => line.map(count)),
            texttemplate: "%{text}",
            textfont: { color: COLOUR.ink },
            customdata: revenue.map((line) => line.map((each) => money(each))),
            hovertemplate: "recency score %{y}, frequency score %{x}<br>%{text} customers<br>%{customdata} net revenue<extra></extra>",
            colorscale: BLUES,
            zmin: 0,
            xgap: 3,
            ygap: 3,
            showscale: false,
          },
        ],
        { x: categories("Frequency score (5: most orders)"), y: categories("Recency score (5: bought last)"), height: 360 },
      ),
  );
}

function segmentCustomers() {
  const found = segmentsNow();
  if (!found.some((item) => item.name === looking.segment)) looking.segment = found[0]?.name ?? null;
  const now = found.find((item) => item.name === looking.segment);
  const items = ofFilters(rows("customers")).filter((item) => item.rfm_segment === looking.segment);
  const withIds = shop.shows_customer_ids;
  return card(
    {
      id: "segment-customers",
      asks: "customers",
      wide: true,
      title: now ? `${capitalised(said(now.name))}: ${plural(now.customers, "customer")}, ${money(now.revenue)} net revenue` : "Customers of a segment",
      reading: `The 100 customers of the segment with the most net revenue${isFiltered() ? ", those of them whom the filters leave" : ""}${withIds ? "" : "; their ids are in the marts, and here with dovecote_dashboard_customer_ids: true"}.`,
      controls: now
        ? [
            choice("segment", "Segment", found.map((item) => [item.name, capitalised(said(item.name))]), looking.segment, (value) => {
              looking.segment = value;
              redraw();
            }),
          ]
        : [],
      source: "mart_customer_rfm, mart_customer_lifecycle, mart_customer_risk, mart_customer_value",
      empty: now ? "None of the 100 customers of the segment with the most net revenue is left by the filters." : "No customer has bought yet.",
    },
    () =>
      items.length > 0 &&
      table(
        [
          withIds
            ? { title: "Customer", value: (item) => item.customer_id }
            : { title: "No.", isNumber: true, value: (item) => items.indexOf(item) + 1 },
          ...["channel", "country"]
            .filter((part) => items.some((item) => item[part] !== "unknown"))
            .map((part) => ({ title: capitalised(part), value: (item) => item[part] })),
          { title: "Stage", value: (item) => item.stage, text: said },
          { title: "Days since purchase", isNumber: true, value: (item) => item.recency_days, text: (value) => count(value) },
          { title: "Orders", isNumber: true, value: (item) => item.frequency, text: (value) => count(value) },
          { title: "Net revenue", isNumber: true, value: (item) => item.monetary, text: (value) => money(value) },
          { title: `No order in ${shop.alert_horizon_days} days`, isNumber: true, value: (item) => item.churn_probability, text: (value) => percent(value) },
          { title: "Expected in 365 days", isNumber: true, value: (item) => item.predicted_365d, text: (value) => money(value) },
        ],
        items,
        { caption: "Customers of the segment", limit: 8 },
      ),
  );
}

function stages() {
  const order = Object.keys(STAGES);
  const found = [...groups(ofFilters(rows("lifecycle")), (item) => item.stage)]
    .map(([stage, items]) => ({ stage, customers: sum(items, (item) => item.customers) }))
    .sort((a, b) => order.indexOf(b.stage) - order.indexOf(a.stage));
  const total = sum(found, (item) => item.customers);
  const of = (...names) => sum(found.filter((item) => names.includes(item.stage)), (item) => item.customers);
  return card(
    {
      id: "lifecycle-stages",
      asks: "lifecycle",
      title: total ? `${percent(of("new", "active", "reactivated") / total)} are with the shop, ${percent(of("at_risk") / total)} at risk of leaving` : "Customers by lifecycle stage",
      reading: "Stages by how long customers have been away, compared with their own rhythm of purchases.",
      source: "mart_customer_lifecycle",
      empty: "There are no customers yet.",
    },
    () =>
      total > 0 &&
      chart(
        [bars(found, { name: "customers", value: (item) => item.customers, label: (item) => capitalised(said(item.stage)), colour: (item) => STAGES[item.stage] ?? COLOUR.grey, showsValue: true })],
        { x: axis("Customers", { rangemode: "tozero" }), y: categories(null), height: 340 },
      ),
  );
}

function stageFlow() {
  const months = distinct(rows("transitions").filter((item) => item.is_complete), (item) => item.month_start).sort().reverse();
  if (!months.includes(looking.month)) looking.month = months[0] ?? null;
  const moves = rows("transitions").filter((item) => item.month_start === looking.month);
  const order = Object.keys(STAGES);
  const from = order.filter((stage) => moves.some((item) => item.from_stage === stage));
  const to = order.filter((stage) => moves.some((item) => item.to_stage === stage));
  const lost = sum(moves.filter((item) => ["at_risk", "lapsed", "lost"].includes(item.to_stage) && ["new", "active", "reactivated"].includes(item.from_stage)), (item) => item.customers);
  const back = sum(moves.filter((item) => ["active", "reactivated"].includes(item.to_stage) && ["at_risk", "lapsed", "lost"].includes(item.from_stage)), (item) => item.customers);
  return card(
    {
      id: "lifecycle-flow",
      asks: "transitions",
      unfiltered: true,
      title: looking.month ? `${longMonth(looking.month)}: ${count(lost)} slipped away, ${count(back)} came back` : "How customers move between stages",
      reading: "Left: the stage at the start of the month. Right: at its end.",
      controls: months.length
        ? [
            choice("month", "Month", months.map((start) => [start, longMonth(start)]), looking.month, (value) => {
              looking.month = value;
              redraw();
            }),
          ]
        : [],
      source: "mart_lifecycle_transitions",
      empty: "No month has ended yet.",
    },
    () => {
      if (!moves.length) return null;
      const nodes = [...from.map((stage) => [stage, "from"]), ...to.map((stage) => [stage, "to"])];
      const name = (stage) => (stage === "none" ? "Not a customer yet" : capitalised(said(stage)));
      const into = (stage, side) => sum(moves.filter((item) => item[`${side}_stage`] === stage), (item) => item.customers);
      return chart(
        [
          {
            type: "sankey",
            name: "moves",
            arrangement: "snap",
            node: {
              label: nodes.map(([stage, side]) => (isNarrow() ? name(stage) : `${name(stage)} ${count(into(stage, side))}`)),
              color: nodes.map(([stage]) => STAGES[stage] ?? COLOUR.grey),
              pad: 12,
              thickness: 14,
              line: { width: 0 },
              hovertemplate: "%{label}<extra></extra>",
            },
            link: {
              source: moves.map((item) => from.indexOf(item.from_stage)),
              target: moves.map((item) => from.length + to.indexOf(item.to_stage)),
              value: moves.map((item) => item.customers),
              color: moves.map((item) => `${STAGES[item.from_stage] ?? COLOUR.grey}55`),
              customdata: moves.map((item) => `${name(item.from_stage)} to ${name(item.to_stage)}: ${plural(item.customers, "customer")}`),
              hovertemplate: "%{customdata}<extra></extra>",
            },
          },
        ],
        { height: 360, margin: { l: 4, r: 4, t: 8, b: 12 } },
      );
    },
  );
}
