// What every section stands on: the answers, how figures are written, filters, cards, tables.

const ANSWERS = JSON.parse(document.getElementById("answers").textContent);
const ALL = "all";

const decoded = {};

/** Rows of an answer, as objects; none where the question was not asked. */
function rows(question) {
  if (!(question in decoded)) {
    const columns = Object.entries(ANSWERS[question] ?? {}).map(([name, values]) => [
      name,
      Array.isArray(values) ? values : values.codes.map((code) => values.levels[code]),
    ]);
    const count = columns.length ? columns[0][1].length : 0;
    decoded[question] = Array.from({ length: count }, (_, i) =>
      Object.fromEntries(columns.map(([name, values]) => [name, values[i]])),
    );
  }
  return decoded[question];
}

const shop = rows("shop")[0] ?? {};
const sales = rows("sales")[0] ?? {};

function hasInput(entity) {
  return rows("inputs").some((input) => input.entity === entity && input.is_present);
}

// --- Figures, as they are written ------------------------------------------------------------

const isNumber = (value) => typeof value === "number" && Number.isFinite(value);
const orDash = (write) => (value, ...rest) => (isNumber(value) ? write(value, ...rest) : "–");
const decimals = (digits) =>
  new Intl.NumberFormat("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });

const count = orDash((value) => decimals(0).format(value));
const figure = orDash((value, digits = 2) => decimals(digits).format(value));
const percent = orDash((value, digits = 0) => `${decimals(digits).format(value * 100)}%`);
// Charts would read a "<" as markup.
const currency = (shop.currency ?? sales.currency ?? "").replace(/[<&]/g, "").trim();
const money = orDash((value, digits = 0) =>
  /^[A-Z]{3}$/.test(currency)
    ? new Intl.NumberFormat("en", {
        style: "currency",
        currency,
        currencyDisplay: "narrowSymbol",
        minimumFractionDigits: digits,
        maximumFractionDigits: digits,
      }).format(value)
    : `${decimals(digits).format(value)} ${currency}`.trim(),
);
/** What an axis of amounts measures, and in what. */
const inMoney = (title) => `${title}, ${currency || "in the shop's currency"}`;
/** The change from one figure to another: "+4.2%", or "–" where there is no ground to stand on. */
function change(now, before) {
  if (!isNumber(now) || !isNumber(before) || before === 0) return "–";
  const share = (now - before) / Math.abs(before);
  return `${share >= 0 ? "+" : "−"}${decimals(1).format(Math.abs(share) * 100)}%`;
}
/** The change from one share to another: "+0.4 points". */
function pointsChanged(now, before) {
  if (!isNumber(now) || !isNumber(before)) return "–";
  return `${now >= before ? "+" : "−"}${decimals(1).format(Math.abs(now - before) * 100)} points`;
}
const ordinal = (number) => `${number}${{ 1: "st", 2: "nd", 3: "rd" }[number % 100 > 10 && number % 100 < 14 ? 0 : number % 10] ?? "th"}`;
const plural = (number, one, many = `${one}s`) => `${count(number)} ${number === 1 ? one : many}`;

const asDate = (text) => new Date(`${text.slice(0, 10)}T00:00:00Z`);
const dated = (options) => {
  const format = new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
  return (text) => (text ? format.format(asDate(text)) : "–");
};
const dayOfMonth = dated({ day: "numeric" });
const shortMonth = dated({ month: "short" });
const month = dated({ month: "short", year: "numeric" });
const day = (text) => (text ? `${dayOfMonth(text)} ${month(text)}` : "–");
const longMonth = dated({ month: "long", year: "numeric" });
/** "at_risk" as "at risk": names of the tables, as one says them. */
const said = (name) => (name ?? "–").replaceAll("_", " ");
// How the field writes models.
const MODEL_NAMES = {
  bg_nbd: "BG/NBD",
  mbg_nbd: "MBG/NBD",
  pareto_nbd: "Pareto/NBD",
  logistic: "logistic regression",
  recency_base_rate: "recency alone",
  recency_threshold: "recency threshold",
};
const modelName = (name) => MODEL_NAMES[name] ?? said(name);
const capitalised = (text) => text.charAt(0).toUpperCase() + text.slice(1);
/** Text for a chart, whose labels may hold markup. */
const plain = (text) => String(text ?? "").replaceAll("&", "&amp;").replaceAll("<", "&lt;");
const shortened = (text, length) =>
  plain(text.length > length ? `${text.slice(0, length - 1).trimEnd()}…` : text);

const isNarrow = () => window.matchMedia("(max-width: 700px)").matches;

const sum = (items, value) => items.reduce((total, item) => total + (value(item) ?? 0), 0);
function groups(items, key) {
  const found = new Map();
  for (const item of items) {
    const name = key(item);
    if (!found.has(name)) found.set(name, []);
    found.get(name).push(item);
  }
  return found;
}
const distinct = (items, value) => [...groups(items, value).keys()];

// --- Elements -----------------------------------------------------------------------------------

/** An element with attributes and children; texts are always texts, never markup. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

/** A labelled choice; choices are texts or [value, text]. */
function choice(name, label, choices, chosen, onChange) {
  const select = element("select", { name, onchange: () => onChange(select.value) });
  for (const each of choices) {
    const [value, text] = Array.isArray(each) ? each : [each, each];
    select.append(element("option", { value, selected: value === chosen ? "" : null }, text));
  }
  return element("label", { class: "choice" }, element("span", {}, label), select);
}

/**
 * A table. Columns are {title, value, text?, isNumber?, isLong?}: value sorts, text is shown.
 */
function table(columns, items, { caption, limit = 12, id } = {}) {
  let shown = isNarrow() ? Math.min(limit, 6) : limit;
  let sorted = items;
  let order = null;
  const body = element("tbody");
  const more = element("button", { type: "button", class: "more" });
  function fill() {
    body.replaceChildren(
      ...sorted.slice(0, shown).map((item) =>
        element(
          "tr",
          {},
          ...columns.map((column) =>
            element(
              "td",
              { class: column.isNumber ? "number" : column.isLong ? "long" : null, "data-title": column.title },
              (column.text ?? ((value) => value ?? "–"))(column.value(item), item),
            ),
          ),
        ),
      ),
    );
    more.textContent = `Show all ${count(items.length)}`;
    more.hidden = shown >= items.length;
  }
  more.addEventListener("click", () => {
    shown = items.length;
    fill();
  });
  const heads = columns.map((column) => {
    const head = element("th", { scope: "col", class: column.isNumber ? "number" : null });
    const button = element("button", { type: "button" }, column.title);
    button.addEventListener("click", () => {
      const isDescending = order?.column === column ? !order.isDescending : Boolean(column.isNumber);
      order = { column, isDescending };
      const sign = isDescending ? -1 : 1;
      sorted = [...items].sort((a, b) => {
        const [left, right] = [column.value(a), column.value(b)];
        if (left === right) return 0;
        if (left === null || left === undefined) return 1;
        if (right === null || right === undefined) return -1;
        return left < right ? -sign : sign;
      });
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", isDescending ? "descending" : "ascending");
      fill();
    });
    head.append(button);
    return head;
  });
  fill();
  return element(
    "div",
    // On a phone, the rows of a wide table stand as cards.
    { class: columns.length > 4 ? "table stacked" : "table", id },
    element(
      "div",
      { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      element(
        "table",
        {},
        element("caption", {}, caption),
        element("thead", {}, element("tr", {}, ...heads)),
        body,
      ),
    ),
    more,
  );
}

/** A figure of its own. */
function tile({ id, label, value, note, better = null }) {
  const direction = better === null ? null : better ? "good" : "bad";
  return element(
    "div",
    { class: "tile", id },
    element("p", { class: "label" }, label),
    element("p", { class: "value" }, value),
    element("p", { class: `note ${direction ?? ""}` }, note ?? ""),
  );
}

/** Where a chart or table would stand, and why it does not. */
const emptyState = (text) => element("p", { class: "empty" }, text);

/**
 * A card: what is to be seen as its title, one line on how to read it, and the chart or table.
 *
 * `asks` is the question it rests on, `content` gives an element, a chart (see charts.js) or null where `empty` says why there is none.
 */
function card({ id, asks, title, reading, source, wide = false, unfiltered = false, controls = [], empty }, content) {
  const frame = element("figure", { class: wide ? "card wide" : "card", id });
  const head = element("figcaption", {}, element("h3", {}, title));
  if (reading) head.append(element("p", { class: "reading" }, reading));
  if (controls.length) head.append(element("div", { class: "controls" }, ...controls));
  frame.append(head);
  if (unfiltered && isFiltered()) {
    head.append(element("p", { class: "unfiltered" }, "All customers: not split by channel or country."));
  }
  const isAnswered = ANSWERS[asks] !== null;
  const made = isAnswered && content?.();
  if (!isAnswered) frame.append(emptyState(`This version lacks ${source}, or columns of it.`));
  else if (!made) frame.append(emptyState(empty ?? "No rows in this version."));
  else if (made instanceof Element) frame.append(made);
  else {
    const plot = element("div", { class: "plot", role: "img", "aria-label": title });
    plot.style.height = `${made.height}px`;
    if (made.minWidth) plot.style.minWidth = `${made.minWidth}px`;
    frame.append(
      made.minWidth ? element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, plot) : plot,
    );
    undrawn.push([plot, made]);
  }
  if (source) frame.append(element("p", { class: "source" }, `From ${source}`));
  return frame;
}

// Charts are drawn when their cards stand on the page, as they take their width from them.
const undrawn = [];

// --- Filters --------------------------------------------------------------------------------------

const filters = { from: null, to: null, channel: ALL, country: ALL };

const isFiltered = () => filters.channel !== ALL || filters.country !== ALL;

/** The breakdown and value of the marts that answer for the filters. */
function breakdown({ channel, country } = filters) {
  if (channel !== ALL && country !== ALL)
    return { breakdown: "acquisition_channel_and_country", breakdown_value: `${channel}, ${country}` };
  if (channel !== ALL) return { breakdown: "acquisition_channel", breakdown_value: channel };
  if (country !== ALL) return { breakdown: "country", breakdown_value: country };
  return { breakdown: "none", breakdown_value: "all" };
}

/** Rows of an answer with breakdowns that the filters leave. */
function brokenDown(items) {
  const wanted = breakdown();
  return items.filter(
    (item) =>
      item.breakdown === wanted.breakdown && item.breakdown_value === wanted.breakdown_value,
  );
}

/** Rows of an answer with channel and country that the filters leave. */
function ofFilters(items) {
  return items.filter(
    (item) =>
      (filters.channel === ALL || item.channel === filters.channel) &&
      (filters.country === ALL || item.country === filters.country),
  );
}

const inPeriod = (date) =>
  (!filters.from || date >= filters.from) && (!filters.to || date.slice(0, 7) <= filters.to.slice(0, 7));

const sections = [];
/** A section: id, title, lead (one sentence), uses (filters that act on it), cards() gives its cards. */
const section = (made) => sections.push(made);
