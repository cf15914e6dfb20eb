// Who is about to leave, and how far that can be believed.

const risk = { activity: "order", horizon: null, cutoff: null };

section({
  id: "churn",
  title: "Churn",
  uses: ["channel", "country"],

  lead: () =>
    "How likely customers are to stay away for a number of days, whom to call today, and how good earlier predictions were.",

  cards() {
    settleRisk();
    return [riskDistribution(), calibration(), alertTable(), roc(), gain(), modelTable(), graded()];
  },
});

function settleRisk() {
  const activities = distinct(rows("risk"), (item) => item.activity);
  if (!activities.includes(risk.activity)) risk.activity = activities[0] ?? "order";
  const horizons = riskHorizons();
  if (!horizons.includes(risk.horizon))
    risk.horizon = horizons.includes(shop.alert_horizon_days) ? shop.alert_horizon_days : (horizons.at(-1) ?? null);
}
const riskHorizons = () =>
  distinct(rows("risk").filter((item) => item.activity === risk.activity), (item) => item.horizon_days).sort((a, b) => a - b);
const ofRisk = (items) => items.filter((item) => item.activity === risk.activity && item.horizon_days === risk.horizon);
const publishedModel = () => ofRisk(rows("published_models"))[0]?.model_name ?? null;
function riskControls() {
  const set = (part, parse) => (value) => {
    risk[part] = parse(value);
    redraw();
  };
  const activities = distinct(rows("risk"), (item) => item.activity);
  const controls = [];
  if (activities.length > 1)
    controls.push(choice("activity", "Stays away from", [["order", "buying"], ["visit", "visiting"]].filter(([value]) => activities.includes(value)), risk.activity, set("activity", String)));
  if (riskHorizons().length > 1)
    controls.push(choice("horizon", "For", riskHorizons().map((days) => [String(days), `${days} days`]), String(risk.horizon), set("horizon", Number)));
  return controls;
}

function riskDistribution() {
  const found = ofRisk(ofFilters(rows("risk")));
  const scored = found.filter((item) => item.risk_band !== "not scored");
  const customers = sum(scored, (item) => item.customers);
  const notScored = sum(found, (item) => item.customers) - customers;
  const mean = sum(scored, (item) => item.probabilities) / customers;
  return card(
    {
      id: "risk-distribution",
      asks: "risk",
      title: customers ? `On average, a ${percent(mean)} chance ${risk.activity === "order" ? "of no order" : "of no visit"} in the next ${risk.horizon} days` : "Churn probabilities",
      reading:
        `Customers with an open account by the probability that they do not ${risk.activity === "order" ? "buy" : "come"} in the ${risk.horizon ?? "next"} days after ${day(shop.as_of_date)}.` +
        (notScored ? ` ${plural(notScored, "customer")} could not be scored.` : ""),
      controls: riskControls(),
      source: "mart_churn_scores",
      empty: "No customer could be scored: there is too little history (mart_churn_scores.eligibility says what is missing).",
    },
    () =>
      customers > 0 &&
      chart(
        ["low", "medium", "high"].map((band) => {
          const bins = [...groups(scored.filter((item) => item.risk_band === band), (item) => item.probability_from)].sort(([a], [b]) => a - b);
          return {
            type: "bar",
            name: `${band} risk`,
            x: bins.map(([from]) => from + 0.025),
            width: bins.map(() => 0.046),
            y: bins.map(([, items]) => sum(items, (item) => item.customers)),
            customdata: bins.map(([from]) => `${percent(from)} to ${percent(from + 0.05)}`),
            hovertemplate: `%{customdata}<br>%{y} customers, ${band} risk<extra></extra>`,
            marker: { color: BANDS[band] },
          };
        }),
        { x: axis("Churn probability", { tickformat: ".0%", range: [0, 1.01], dtick: 0.2 }), y: axis("Customers"), barmode: "stack" },
      ),
  );
}

function calibration() {
  const found = ofRisk(rows("calibration"));
  const cutoffs = distinct(found, (item) => item.cutoff_date).sort().reverse();
  if (!cutoffs.includes(risk.cutoff)) risk.cutoff = cutoffs[0] ?? null;
  const bins = found.filter((item) => item.cutoff_date === risk.cutoff);
  const customers = sum(bins, (item) => item.customers);
  const predicted = sum(bins, (item) => item.customers * item.mean_probability) / customers;
  const observed = sum(bins, (item) => item.customers * item.observed_rate) / customers;
  return card(
    {
      id: "calibration",
      asks: "calibration",
      unfiltered: true,
      title: bins.length ? `On ${day(risk.cutoff)}, ${percent(predicted)} were expected to stay away, and ${percent(observed)} did` : "What was predicted, and what came",
      reading: `Customers of a past day in ten groups by what ${modelName(publishedModel())} said of them, from what was known then; bars are 95% intervals. On the line, what was said came true.`,
      controls: cutoffs.length > 1
        ? [choice("cutoff", "Past day", cutoffs.map((date) => [date, day(date)]), risk.cutoff, (value) => { risk.cutoff = value; redraw(); })]
        : [],
      source: "mart_churn_calibration",
      empty: "There is no past day yet whose horizon has ended and that had enough history.",
    },
    () =>
      bins.length > 0 &&
      chart(
        [
          diagonal("as predicted"),
          {
            type: "scatter",
            mode: "markers",
            name: "groups of customers",
            x: bins.map((item) => item.mean_probability),
            y: bins.map((item) => item.observed_rate),
            error_y: {
              type: "data",
              symmetric: false,
              array: bins.map((item) => item.ci_high - item.observed_rate),
              arrayminus: bins.map((item) => item.observed_rate - item.ci_low),
              color: COLOUR.blue,
              thickness: 1.5,
              width: 4,
            },
            customdata: bins.map((item) => [percent(item.mean_probability, 1), percent(item.observed_rate, 1), percent(item.ci_low, 1), percent(item.ci_high, 1), count(item.customers)]),
            hovertemplate: "predicted %{customdata[0]}<br>stayed away %{customdata[1]} (%{customdata[2]} to %{customdata[3]})<br>%{customdata[4]} customers<extra></extra>",
            marker: { color: COLOUR.blue, size: 9 },
          },
        ],
        {
          x: axis("Predicted to stay away", { tickformat: ".0%", range: [-0.02, 1.02], dtick: 0.2 }),
          y: axis("Stayed away", { tickformat: ".0%", range: [-0.02, 1.04], dtick: 0.2 }),
        },
      ),
  );
}

function modelCurve({ id, name, title, reading, x, y }) {
  const found = ofRisk(rows("curves")).filter((item) => item.curve_name === name);
  const models = [...groups(found, (item) => item.model_name)].sort(([a]) => (a === publishedModel() ? 1 : -1));
  return card(
    { id, asks: "curves", unfiltered: true, title, reading, source: "mart_churn_curves", empty: "There is no past day yet whose horizon has ended and that had enough history." },
    () =>
      found.length > 0 &&
      chart(
        [
          diagonal("by chance"),
          ...models.map(([model, points]) => ({
            type: "scatter",
            mode: "lines",
            name: modelName(model),
            x: points.map((point) => point.x),
            y: points.map((point) => point.y),
            line: { color: model === publishedModel() ? COLOUR.blue : COLOUR.orange, width: 2.5 },
            hovertemplate: `${modelName(model)}<br>%{x:.0%} → %{y:.0%}<extra></extra>`,
          })),
        ],
        { x: axis(x, { tickformat: ".0%", range: [0, 1.01], dtick: 0.2 }), y: axis(y, { tickformat: ".0%", range: [0, 1.02], dtick: 0.2 }) },
      ),
  );
}

function latestGrade(model) {
  const grades = ofRisk(rows("churn_evaluation")).filter((item) => item.model_name === model);
  return grades.reduce((a, b) => (!a || b.cutoff_date > a.cutoff_date ? b : a), null);
}

function roc() {
  const grade = latestGrade(publishedModel());
  return modelCurve({
    id: "roc",
    name: "roc",
    title: grade
      ? `Of two customers, one who left and one who stayed, the model names the right one ${percent(grade.auc)} of the time`
      : "Telling those who leave from those who stay",
    reading: `ROC curve on ${grade ? day(grade.cutoff_date) : "a past day"}, the latest whose horizon has ended; the figure is the area below it (AUC).`,
    x: "Of those who came back: called leaving",
    y: "Of those who left: called leaving",
  });
}

function gain() {
  const points = ofRisk(rows("curves")).filter((item) => item.curve_name === "gain" && item.model_name === publishedModel());
  const fifth = points.reduce((a, b) => (!a || Math.abs(b.x - 0.2) < Math.abs(a.x - 0.2) ? b : a), null);
  return modelCurve({
    id: "gain",
    name: "gain",
    title: fifth ? `The ${percent(fifth.x)} with the highest probability hold ${percent(fifth.y)} of those who left` : "How many who leave are found by calling so many",
    reading: "Gain curve of the same day: customers called in the order of their probability, and how many of those who left are among them. Recency alone: the days since the last order, without a model.",
    x: "Customers called",
    y: "Found of those who left",
  });
}

function modelTable() {
  const found = ofRisk(rows("churn_evaluation"));
  const models = [...groups(found, (item) => item.model_name)].map(([name, grades]) => {
    const mean = (part) => {
      const known = grades.filter((grade) => isNumber(grade[part]));
      return known.length ? sum(known, (grade) => grade[part]) / known.length : null;
    };
    return { name, auc: mean("auc"), brier: mean("brier"), ece: mean("ece"), lift: mean("lift_at_10pct") };
  });
  models.sort((a, b) => (a.brier ?? 9) - (b.brier ?? 9));
  return card(
    {
      id: "model-grades",
      asks: "churn_evaluation",
      unfiltered: true,
      title: publishedModel() ? `${capitalised(modelName(publishedModel()))} makes the published scores` : "How good the models are",
      reading: "Means over past days, each model from what was known then. AUC: higher is better; Brier score and calibration error (ECE): lower is better. Published is the best, or one as good within the margin of error and easier to explain.",
      source: "mart_churn_evaluation",
      empty: "There is no past day yet whose horizon has ended and that had enough history.",
    },
    () =>
      models.length > 0 &&
      table(
        [
          { title: "Model", value: (item) => modelName(item.name), text: (value, item) => (item.name === publishedModel() ? element("strong", {}, `${value} (published)`) : value) },
          { title: "AUC", isNumber: true, value: (item) => item.auc, text: (value) => figure(value, 3) },
          { title: "Brier", isNumber: true, value: (item) => item.brier, text: (value) => figure(value, 4) },
          { title: "ECE", isNumber: true, value: (item) => item.ece, text: (value) => figure(value, 3) },
          { title: "Lift in top 10%", isNumber: true, value: (item) => item.lift, text: (value) => figure(value) },
        ],
        models,
        { caption: "Grades of the models", limit: 12 },
      ),
  );
}

function graded() {
  const found = ofRisk(rows("graded_scores"));
  const dates = distinct(found, (item) => item.as_of_date).sort();
  const last = found.filter((item) => item.as_of_date === dates.at(-1));
  const customers = sum(last, (item) => item.customers);
  const expected = sum(last, (item) => item.customers * item.mean_probability) / customers;
  const came = sum(last, (item) => item.customers * item.churned_share) / customers;
  return card(
    {
      id: "graded-scores",
      asks: "graded_scores",
      unfiltered: true,
      title: last.length ? `Published on ${day(dates.at(-1))}: ${percent(expected)} to stay away. What happened: ${percent(came)}` : "What was published, and what happened",
      reading: "Scores of earlier builds whose horizon has passed, in groups by probability; the size says how many customers.",
      source: "mart_churn_scores_graded",
      empty: `Scores are graded ${risk.horizon ?? 30} days after they were published: no earlier build is as old as that.`,
    },
    () =>
      last.length > 0 &&
      chart(
        [
          diagonal("as predicted"),
          {
            type: "scatter",
            mode: "markers",
            name: "published scores",
            x: last.map((item) => item.mean_probability),
            y: last.map((item) => item.churned_share),
            customdata: last.map((item) => count(item.customers)),
            hovertemplate: "predicted %{x:.0%}, happened %{y:.0%}<br>%{customdata} customers<extra></extra>",
            marker: { color: COLOUR.blue, size: last.map((item) => 8 + 24 * Math.sqrt(item.customers / customers)), opacity: 0.8 },
          },
        ],
        {
          x: axis("Predicted to stay away", { tickformat: ".0%", range: [-0.03, 1.03], dtick: 0.2 }),
          y: axis("Stayed away", { tickformat: ".0%", range: [-0.03, 1.06], dtick: 0.2 }),
        },
      ),
  );
}
