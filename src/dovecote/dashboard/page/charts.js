// How charts look, and the few kinds of them. Each gives {traces, layout, height} for Plotly.

// Okabe and Ito's palette: told apart by colour-blind eyes too.
const COLOUR = {
  blue: "#0072B2",
  orange: "#E69F00",
  green: "#009E73",
  red: "#D55E00",
  sky: "#56B4E9",
  purple: "#CC79A7",
  grey: "#8A94A0",
  ink: "#1d2733",
  line: "#d9dfe6",
  faint: "#eef1f5",
};
// Light enough for dark figures on all of it.
const BLUES = [
  [0, "#f4f8fc"],
  [0.5, "#b3d3ea"],
  [1, "#5fa6d6"],
];
const BANDS = { high: COLOUR.red, medium: COLOUR.orange, low: COLOUR.blue, "not scored": COLOUR.grey };
const STAGES = {
  prospect: COLOUR.grey,
  new: COLOUR.sky,
  active: COLOUR.blue,
  reactivated: COLOUR.green,
  at_risk: COLOUR.orange,
  lapsed: COLOUR.red,
  lost: COLOUR.purple,
  none: COLOUR.line,
};

const FONT = { family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif", size: 13, color: COLOUR.ink };

function axis(title, more = {}) {
  return {
    title: title ? { text: title, standoff: 8, font: { size: 12, color: "#52606d" } } : undefined,
    automargin: true,
    separatethousands: true,
    // "5B", where SI would have it "5G"; and never "500m" for a half.
    exponentformat: "B",
    gridcolor: COLOUR.faint,
    linecolor: COLOUR.line,
    zerolinecolor: COLOUR.line,
    tickfont: { size: 12 },
    fixedrange: true,
    ...more,
  };
}
// As texts: Plotly would make dates of "2026-05".
const categories = (title, more = {}) => axis(title, { type: "category", ...more });
/** An axis of whole numbers, such as periods since. */
function steps(title, first, last) {
  const dtick = Math.ceil((last - first + 1) / (isNarrow() ? 8 : 20));
  return axis(title, { tick0: 0, dtick, range: [first - 0.4, last + 0.4], zeroline: false });
}
/** An axis of months, the year below its first one. */
function monthAxis(items) {
  const starts = distinct(items, (item) => item.month_start);
  const every = Math.ceil(starts.length / (isNarrow() ? 6 : 12));
  const ticks = starts.filter((_, i) => i % every === 0);
  const isFirstOfYear = (start, i) => i === 0 || start.slice(0, 4) !== ticks[i - 1].slice(0, 4);
  return categories(null, {
    tickvals: ticks.map(month),
    ticktext: ticks.map((start, i) => shortMonth(start) + (isFirstOfYear(start, i) ? `<br>${start.slice(0, 4)}` : "")),
    tickangle: 0,
    showgrid: false,
  });
}
/** An axis of counts, which have no halves. */
const counts = (title, values) =>
  axis(title, { rangemode: "tozero", ...(Math.max(0, ...values.filter(isNumber)) < 6 && { dtick: 1 }) });
const share = (title, more = {}) => axis(title, { tickformat: ".0%", rangemode: "tozero", ...more });

function chart(traces, { x, y, height = 320, minWidth = null, ...layout }) {
  return {
    traces,
    height,
    minWidth,
    layout: {
      font: FONT,
      margin: { l: 8, r: 12, t: 8, b: 8, pad: 4 },
      paper_bgcolor: "transparent",
      plot_bgcolor: "transparent",
      ...(x && { xaxis: x }),
      ...(y && { yaxis: y }),
      bargap: 0.25,
      showlegend: traces.filter((trace) => trace.name && trace.showlegend !== false).length > 1,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 }, traceorder: "normal" },
      hovermode: "closest",
      hoverlabel: { bgcolor: "white", bordercolor: COLOUR.line, font: { size: 12, color: COLOUR.ink } },
      dragmode: false,
      ...layout,
    },
  };
}

/** Bars by month; those of a month that is not over are hatched. */
function monthBars(items, { name, colour, value, written, sign = 1 }) {
  return {
    type: "bar",
    name,
    x: items.map((item) => month(item.month_start)),
    y: items.map((item) => (isNumber(value(item)) ? sign * value(item) : null)),
    customdata: items.map((item) => [written(value(item)), item.is_complete ? "" : " so far"]),
    hovertemplate: `%{x}<br>${name}: %{customdata[0]}%{customdata[1]}<extra></extra>`,
    marker: {
      color: colour,
      pattern: {
        shape: items.map((item) => (item.is_complete ? "" : "/")),
        fgcolor: "white",
        fillmode: "overlay",
        size: 6,
        solidity: 0.35,
      },
    },
  };
}

/** A line with the band of its interval. */
function lineWithInterval(x, { name, colour, y, low, high, written }) {
  return [
    {
      type: "scatter",
      mode: "lines",
      x: [...x, ...[...x].reverse()],
      y: [...high, ...[...low].reverse()],
      fill: "toself",
      fillcolor: `${colour}26`,
      line: { width: 0 },
      hoverinfo: "skip",
      showlegend: false,
      name: `${name}, interval`,
    },
    {
      type: "scatter",
      mode: "lines+markers",
      name,
      x,
      y,
      customdata: y.map((value, i) => [written(value), written(low[i]), written(high[i])]),
      hovertemplate: `${name}: %{customdata[0]} (%{customdata[1]} to %{customdata[2]})<extra>%{x}</extra>`,
      line: { color: colour, width: 2.5 },
      marker: { color: colour, size: 6 },
    },
  ];
}

/** The line on which two shares are the same. */
const diagonal = (name) => ({
  type: "scatter",
  mode: "lines",
  name,
  x: [0, 1],
  y: [0, 1],
  line: { color: COLOUR.grey, dash: "dash", width: 1.5 },
  hoverinfo: "skip",
});

/** Stacked or plain horizontal bars. */
function bars(items, { name, value, label, colour, written = count, showsValue = false }) {
  return {
    type: "bar",
    orientation: "h",
    name,
    y: items.map(label),
    x: items.map(value),
    text: showsValue ? items.map((item) => written(value(item))) : undefined,
    textposition: "auto",
    textangle: 0,
    cliponaxis: false,
    customdata: items.map((item) => written(value(item))),
    hovertemplate: `%{y}<br>${name}: %{customdata}<extra></extra>`,
    marker: { color: typeof colour === "function" ? items.map(colour) : colour },
  };
}

function drawUndrawn() {
  for (const [plot, made] of undrawn.splice(0)) {
    Plotly.newPlot(plot, made.traces, made.layout, { displayModeBar: false, responsive: true });
    if (made.onClick) plot.on("plotly_click", made.onClick);
  }
}
