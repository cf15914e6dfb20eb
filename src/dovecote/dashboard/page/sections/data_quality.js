// Is the input whole, and how did the builds go?

section({
  id: "data-quality",
  title: "Data quality",
  uses: [],

  lead: () => "Whether every row of the inputs is accounted for, what was left out and why, and how the builds went.",

  cards: () => [reconciliation(), quarantine(), coverage(), builds(), publishedModels()],
});

const VERDICTS = [
  ["duplicates", "duplicates", COLOUR.sky],
  ["quarantined", "quarantined", COLOUR.red],
  ["after_as_of", "after the day looked at", COLOUR.grey],
  ["forgotten", "forgotten persons", COLOUR.purple],
];

function reconciliation() {
  const found = rows("inputs").filter((input) => input.rows_in > 0).reverse();
  const left = sum(found, (input) => input.quarantined);
  const all = sum(found, (input) => input.rows_in);
  const verdicts = VERDICTS.filter(([column]) => sum(found, (input) => input[column]) > 0);
  return card(
    {
      id: "reconciliation",
      asks: "inputs",
      title: all ? `${percent(sum(found, (input) => input.accepted) / all, 1)} of ${plural(all, "row")} accepted, ${plural(left, "row")} in quarantine` : "What became of the rows",
      reading: "Share of each input's rows that were not accepted, and why. None is lost in silence.",
      source: "mart_input_reconciliation",
      empty: all ? "Every row was accepted." : "The inputs have no rows.",
    },
    () =>
      verdicts.length > 0 &&
      chart(
        verdicts.map(([column, name, colour]) => ({
          type: "bar",
          orientation: "h",
          name,
          y: found.map((input) => said(input.entity)),
          x: found.map((input) => input[column] / input.rows_in),
          customdata: found.map((input) => `${count(input[column])} of ${plural(input.rows_in, "row")}`),
          hovertemplate: `%{y}: %{customdata} ${name}<extra></extra>`,
          marker: { color: colour },
        })),
        { x: axis("Share of rows", { tickformat: ".1~%", rangemode: "tozero" }), y: categories(null), barmode: "stack", height: 360 },
      ),
  );
}

/** "conflicting key (order_id)" */
const reason = (item) => item.reason.replace(/^([a-z0-9_]+)\(/, (_, name) => `${said(name)} (`);

function quarantine() {
  const found = rows("quarantine");
  const shown = [...found].reverse();
  return card(
    {
      id: "quarantine-reasons",
      asks: "quarantine",
      title: found.length ? `Most often: ${reason(found[0])} in ${said(found[0].entity)}` : "Nothing is in quarantine",
      reading: "Rows in quarantine by reason, the twelve most frequent; a row may have several.",
      source: "mart_quarantine",
      empty: "Every row could be read and accepted.",
    },
    () =>
      found.length > 0 &&
      chart(
        [bars(shown, { name: "rows", value: (item) => item.quarantined_rows, label: (item) => plain(`${said(item.entity)}: ${reason(item)}`), colour: COLOUR.red, showsValue: true })],
        { x: counts("Rows", shown.map((item) => item.quarantined_rows)), y: categories(null, isNarrow() ? { tickfont: { size: 10 } } : {}), height: 360 },
      ),
  );
}

function coverage() {
  const inputs = rows("inputs");
  const absent = inputs.filter((input) => !input.is_present);
  return card(
    {
      id: "input-coverage",
      asks: "inputs",
      wide: true,
      title: absent.length
        ? `Missing: ${absent.map((input) => said(input.entity)).join(", ")}`
        : inputs.length ? "Every input is there" : "Which inputs there are",
      reading: "What the shop gave, how fresh it is, and what the absence of the rest costs.",
      source: "mart_input_coverage",
    },
    () =>
      inputs.length > 0 &&
      table(
        [
          { title: "Input", value: (input) => said(input.entity) },
          { title: "Rows", isNumber: true, value: (input) => (input.is_present ? input.accepted_rows : null), text: (value) => count(value) },
          { title: "Latest", value: (input) => input.latest_at, text: (value) => (value ? value.slice(0, 16) : "–") },
          { title: "Empty columns", isLong: true, value: (input) => (input.is_present ? input.columns_empty : null) },
          { title: "What is lost", isLong: true, value: (input) => input.what_is_lost },
        ],
        inputs,
        { caption: "Inputs" },
      ),
  );
}

const STATUS = { green: COLOUR.green, failed: COLOUR.red, aborted: COLOUR.orange, stopped: COLOUR.purple, part: COLOUR.sky, running: COLOUR.grey };

function builds() {
  const found = rows("builds");
  const shown = [...found].reverse();
  const green = found.filter((item) => item.status === "green").length;
  const longest = Math.max(1, ...found.map((item) => item.seconds ?? 0));
  return card(
    {
      id: "build-history",
      asks: "builds",
      title: found.length === 1 ? `The only build so far ended ${found[0].status}` : `${count(green)} of the last ${plural(found.length, "build")} ended green`,
      reading: "Builds one after another and how long they took.",
      source: "mart_builds",
      empty: "No build is registered.",
    },
    () =>
      found.length > 0 &&
      chart(
        Object.entries(STATUS)
          .filter(([status]) => shown.some((item) => item.status === status))
          .map(([status, colour]) => ({
            type: "bar",
            name: status,
            x: shown.map((item) => item.started_at),
            // Of those that died it is not known how long they ran, but that they did.
            y: shown.map((item) => (item.status === status ? Math.max(item.seconds ?? 0, longest / 50) : null)),
            customdata: shown.map((item) => [day(item.as_of_date), plain(item.message ?? ""), `${count(item.nodes)} nodes, ${count(item.nodes_failed)} failed`, count(item.seconds)]),
            hovertemplate: `%{x}: ${status}, as of %{customdata[0]}<br>%{customdata[3]} s, %{customdata[2]}<br>%{customdata[1]}<extra></extra>`,
            marker: { color: colour },
            width: shown.length < 8 ? shown.map(() => 0.3) : undefined,
          })),
        { x: categories("Started at (UTC)"), y: axis("Seconds", { rangemode: "tozero" }), barmode: "stack", showlegend: true },
      ),
  );
}

function publishedModels() {
  const found = rows("models");
  return card(
    {
      id: "published-models",
      asks: "models",
      title: found.length ? `${plural(found.length, "model")} in use` : "Models in use",
      reading: "What is published of models, and from how many examples it learned: customers, once for each past day that a model looks at.",
      source: "mart_model_versions",
      empty: "No model could be fitted: there is too little history.",
    },
    () =>
      found.length > 0 &&
      table(
        [
          { title: "For", value: (item) => item.domain },
          { title: "Activity", value: (item) => item.activity },
          { title: "Days ahead", isNumber: true, value: (item) => item.horizon_days },
          { title: "Model", value: (item) => modelName(item.model_name) },
          { title: "Examples", isNumber: true, value: (item) => item.training_customers, text: (value) => count(value) },
        ],
        found,
        { caption: "Models in use" },
      ),
  );
}
