// Do those who came once come back?

const cohorts = { activity: "order", entry: "first_time", return_rule: "on", grain: "month", shows: "customers" };
const COHORT_CHOICES = {
  activity: [["order", "buy"], ["visit", "visit"]],
  grain: [["month", "months"], ["week", "weeks"], ["day", "days"]],
  entry: [
    ["first_time", "at their first time"],
    ["first_ever", "if their first ever counts"],
    ["recurring", "every time they come"],
  ],
  return_rule: [["on", "in the period"], ["on_or_after", "in the period or later"]],
  shows: [["customers", "share who come back"], ["revenue", "net revenue per customer"]],
};

section({
  id: "retention",
  title: "Retention",
  uses: ["period", "channel", "country"],

  lead: () => "Of the customers who came in a period, how many come back in those after, and what they bring.",

  cards() {
    const everything = rows("retention");
    if (!everything.length) return [card({ id: "cohorts", asks: "retention", title: "Retention by cohort", wide: true, empty: "Nobody entered a cohort yet." })];
    settleCohorts(everything);
    const wanted = (item) =>
      ["activity", "entry", "return_rule", "grain"].every((part) => item[part] === cohorts[part]);
    const kind = breakdown().breakdown;
    const isSplit = everything.some((item) => item.breakdown === kind && wanted(item));
    const chosen = (items) =>
      (isSplit ? brokenDown(items) : items.filter((item) => item.breakdown === "none")).filter(wanted);
    const cells = chosen(everything).filter((item) => inPeriod(item.cohort_start));
    const overall = chosen(rows("retention_overall"));
    return [heatMap(cells, !isSplit), curve(overall, !isSplit), recentCohorts(cells, !isSplit), cohortValue()];
  },
});

/** Leave only choices that the marts hold together: the first that fits, where one does not. */
function settleCohorts(everything) {
  for (const part of ["activity", "grain", "entry", "return_rule"]) {
    const options = cohortOptions(everything, part);
    if (!options.some(([value]) => value === cohorts[part])) cohorts[part] = options[0][0];
  }
  if (cohorts.activity !== "order") cohorts.shows = "customers";
}

function cohortOptions(everything, part) {
  const order = ["activity", "grain", "entry", "return_rule"];
  const fixed = order.slice(0, order.indexOf(part));
  const held = new Set(
    everything.filter((item) => fixed.every((each) => item[each] === cohorts[each])).map((item) => item[part]),
  );
  return COHORT_CHOICES[part].filter(([value]) => held.has(value));
}

function cohortControls() {
  const everything = rows("retention");
  const set = (part) => (value) => {
    cohorts[part] = value;
    redraw();
  };
  const labels = { activity: "They", grain: "In", entry: "Enter a cohort", return_rule: "Come back" };
  const controls = Object.entries(labels).map(([part, label]) =>
    choice(part, label, cohortOptions(everything, part), cohorts[part], set(part)),
  );
  if (cohorts.activity === "order")
    controls.push(choice("shows", "Show", COHORT_CHOICES.shows, cohorts.shows, set("shows")));
  return controls;
}

const cohortName = (start) => (cohorts.grain === "month" ? month(start) : day(start));
const orLater = () => (cohorts.return_rule === "on" ? "" : " or later");
const came = () => (cohorts.activity === "order" ? "bought" : "came");

function heatMap(cells, unfiltered) {
  const isRevenue = cohorts.shows === "revenue";
  const value = (cell) => (!cell.n_mature ? null : isRevenue ? cell.net_revenue / cell.cohort_size : cell.retention_rate);
  const written = isRevenue ? money : (rate) => percent(rate);
  const starts = distinct(cells, (cell) => cell.cohort_start).sort().slice(-24);
  const shown = cells.filter((cell) => starts.includes(cell.cohort_start));
  const label = (start) => `${cohortName(start)}  (${count(sizes.get(start))})`;
  const sizes = new Map(shown.map((cell) => [cell.cohort_start, cell.cohort_size]));
  const y = starts.map(label);
  const last = Math.max(...shown.map((cell) => cell.period_index));
  // Of the period they enter in, everybody came: it would outshine the rest.
  const first = isRevenue ? 0 : 1;
  const x = Array.from({ length: last - first + 1 }, (_, i) => i + first);
  const at = new Map(shown.map((cell) => [`${cell.cohort_start} ${cell.period_index}`, cell]));
  const grid = starts.map((start) => x.map((period) => at.get(`${start} ${period}`)));
  const values = grid.map((line) => line.map((cell) => (cell ? value(cell) : null)));
  // What a cohort brings as it enters would outshine what it brings later.
  const top = Math.max(...values.flatMap((line) => line.slice(isRevenue ? 1 : 0)).filter(isNumber), ...(last ? [] : values.flat()));
  const open = shown.filter((cell) => cell.period_index >= first && !cell.n_mature);
  const newest = shown.filter((cell) => cell.period_index === 1 && isNumber(cell.retention_rate)).at(-1);
  return card(
    {
      id: "cohorts",
      asks: "retention",
      wide: true,
      unfiltered,
      title: isRevenue
        ? `What a customer brings, ${cohorts.grain} by ${cohorts.grain}`
        : newest
          ? `Of the cohort of ${cohortName(newest.cohort_start)}, ${percent(newest.retention_rate)} ${came()} again in the next ${cohorts.grain}${orLater()}`
          : `Who comes back, ${cohorts.grain} by ${cohorts.grain}`,
      reading:
        `Rows: customers who came in the same ${cohorts.grain} (how many). Columns: ${cohorts.grain}s since. ` +
        `Cells: ${isRevenue ? "net revenue of the period for each customer of the cohort" : `share of the cohort who ${cohorts.activity === "order" ? "buy" : "come"} ${cohorts.return_rule === "on" ? "in that period" : "in that period or later, up to now"}`}. ` +
        `Hatched: the period is not over.${starts.length < distinct(cells, (cell) => cell.cohort_start).length ? ` The latest ${starts.length} cohorts of the period.` : ""}`,
      controls: cohortControls(),
      source: "mart_retention",
      empty: "No cohort in this period.",
    },
    () =>
      isNumber(top) &&
      chart(
        [
          {
            type: "heatmap",
            x,
            y,
            z: values,
            text: values.map((line) => line.map((each) => (isNumber(each) ? written(each) : ""))),
            texttemplate: x.length > 16 ? "" : "%{text}",
            textfont: { size: 11, color: COLOUR.ink },
            customdata: grid.map((line) =>
              line.map((cell) => (cell ? `${count(cell.n_retained)} of ${count(cell.n_mature)}` : "")),
            ),
            hovertemplate: `%{y}<br>${cohorts.grain} %{x}: %{text}<br>%{customdata} came<extra></extra>`,
            hoverongaps: false,
            colorscale: BLUES,
            zmin: 0,
            zmax: top,
            xgap: 2,
            ygap: 2,
            showscale: false,
            name: "cohorts",
          },
          {
            type: "bar",
            orientation: "h",
            name: "not over yet",
            y: open.map((cell) => label(cell.cohort_start)),
            base: open.map((cell) => cell.period_index - 0.48),
            x: open.map(() => 0.96),
            width: 0.92,
            marker: { color: "#ffffff", pattern: { shape: "/", fgcolor: "#9aa5b1", size: 6, solidity: 0.25 }, line: { width: 0 } },
            hovertemplate: "%{y}<br>not over yet<extra></extra>",
            showlegend: false,
          },
        ],
        {
          x: axis(`${capitalised(cohorts.grain)}s since`, { dtick: x.length > 16 ? 5 : 1, range: [first - 0.5, last + 0.5], showgrid: false, zeroline: false }),
          y: categories(null, { categoryarray: y, categoryorder: "array", autorange: "reversed", showgrid: false }),
          barmode: "overlay",
          height: 90 + starts.length * 26,
          minWidth: 150 + x.length * 44,
        },
      ),
  );
}

function curve(overall, unfiltered) {
  const points = overall.filter((item) => item.period_index > 0 && isNumber(item.retention_rate));
  const next = points[0];
  // The last point rests on the oldest cohorts alone.
  const end = points.filter((item) => item.n_mature >= 30).at(-1);
  return card(
    {
      id: "retention-curve",
      asks: "retention_overall",
      unfiltered,
      title: next && end && end !== next
        ? `${percent(next.retention_rate)} ${came()} again in the first ${cohorts.grain} after${orLater()}, ${percent(end.retention_rate)} in the ${ordinal(end.period_index)}${orLater()}`
        : "Who comes back, all cohorts together",
      reading: "All cohorts together, of the period above and before it, each where its time is over; the band is the 95% interval.",
      source: "mart_retention_overall",
      empty: "No cohort has had a full period yet.",
    },
    () =>
      points.length > 0 &&
      chart(
        lineWithInterval(
          points.map((item) => item.period_index),
          {
            name: "retention",
            colour: COLOUR.blue,
            y: points.map((item) => item.retention_rate),
            low: points.map((item) => item.ci_low),
            high: points.map((item) => item.ci_high),
            written: (value) => percent(value, 1),
          },
        ),
        { x: steps(`${capitalised(cohorts.grain)}s since`, points[0].period_index, points.at(-1).period_index), y: share("Share who come back"), showlegend: false },
      ),
  );
}

function recentCohorts(cells, unfiltered) {
  const mature = cells.filter((cell) => cell.period_index > 0 && isNumber(cell.retention_rate));
  const longest = [...groups(mature, (cell) => cell.cohort_start)].sort(([a], [b]) => (a < b ? 1 : -1));
  const recent = longest.filter(([, line]) => line.length >= 3).slice(0, 4).reverse();
  const colours = [COLOUR.grey, COLOUR.sky, COLOUR.orange, COLOUR.blue].slice(-recent.length);
  return card(
    {
      id: "recent-cohorts",
      asks: "retention",
      unfiltered,
      title: "How the latest cohorts come back",
      reading: `The latest cohorts with at least three full ${cohorts.grain}s; ${cohorts.return_rule === "on" ? "lines that lie higher keep more of their customers" : "later cohorts have had less time, so their lines lie lower"}.`,
      source: "mart_retention",
      empty: `No cohort has had three full ${cohorts.grain}s in this period.`,
    },
    () =>
      recent.length > 0 &&
      chart(
        recent.map(([start, line], i) => ({
          type: "scatter",
          mode: "lines+markers",
          name: cohortName(start),
          x: line.map((cell) => cell.period_index),
          y: line.map((cell) => cell.retention_rate),
          customdata: line.map((cell) => `${percent(cell.retention_rate, 1)}: ${count(cell.n_retained)} of ${count(cell.n_mature)}`),
          hovertemplate: `${cohortName(start)}, ${cohorts.grain} %{x}<br>%{customdata}<extra></extra>`,
          line: { color: colours[i], width: 2.5 },
          marker: { color: colours[i], size: 6 },
        })),
        { x: steps(`${capitalised(cohorts.grain)}s since`, 1, Math.max(...recent.map(([, line]) => line.length))), y: share("Share who come back") },
      ),
  );
}

function cohortValue() {
  const found = rows("cohort_value").filter((item) => inPeriod(item.cohort_month));
  const starts = distinct(found, (item) => item.cohort_month).sort();
  const shown = starts.filter((_, i) => i % Math.max(1, Math.ceil(starts.length / 6)) === 0);
  const lines = shown.map((start) => [start, found.filter((item) => item.cohort_month === start)]).filter(([, line]) => line.length > 1);
  const colours = ["#9ecae1", "#6baed6", "#4292c6", "#2171b5", "#08519c", "#08306b"].slice(-lines.length);
  const after = Math.min(6, Math.max(0, ...found.map((item) => item.months_since)));
  const at = found.filter((item) => item.months_since === after);
  const mean = sum(at, (item) => item.customers * item.cumulative_net_revenue_per_customer) / sum(at, (item) => item.customers);
  return card(
    {
      id: "cohort-value",
      asks: "cohort_value",
      wide: true,
      unfiltered: true,
      title: lines.length
        ? `After ${plural(after, "month")}, a customer has brought ${money(mean)} on average`
        : "What a customer has brought after so many months",
      reading: `Net revenue added up since the first purchase, per customer of the cohort, gone or not.${lines.length < starts.length ? " A few cohorts as examples, darker ones later; the average is over all." : ""}`,
      source: "mart_cohort_value",
      empty: "No cohort is older than a month.",
    },
    () =>
      lines.length > 0 &&
      chart(
        lines.map(([start, line], i) => ({
          type: "scatter",
          mode: "lines+markers",
          name: month(start),
          x: line.map((item) => item.months_since),
          y: line.map((item) => item.cumulative_net_revenue_per_customer),
          customdata: line.map((item) => money(item.cumulative_net_revenue_per_customer, 2)),
          hovertemplate: `${month(start)}, after %{x} months<br>%{customdata} per customer<extra></extra>`,
          line: { color: colours[i % colours.length], width: 2.5 },
          marker: { color: colours[i % colours.length], size: 5 },
        })),
        { x: steps("Months since the first purchase", 0, Math.max(...lines.map(([, line]) => line.length - 1))), y: axis(inMoney("Net revenue per customer"), { rangemode: "tozero" }) },
      ),
  );
}
