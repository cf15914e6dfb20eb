// Puts the page together: filters, sections, and what is drawn when.

const dirty = new Set(sections.map((made) => made.id));
let current = sections[0].id;

function drawSection(made) {
  const home = document.getElementById(made.id);
  home.replaceChildren(
    element("h2", {}, made.title),
    element("p", { class: "lead" }, made.lead()),
    element("p", { class: "chosen" }, chosenFilters(made)),
    ...made.cards(),
  );
  dirty.delete(made.id);
  drawUndrawn();
}

/** What the filters are set to, for paper, which has none. */
function chosenFilters({ uses }) {
  const chosen = [];
  if (uses.includes("period") && filters.from) chosen.push(`${month(filters.from)} to ${month(filters.to)}`);
  for (const name of ["channel", "country"]) {
    if (uses.includes(name)) chosen.push(filters[name] === ALL ? `every ${name}` : `${name} ${filters[name]}`);
  }
  return chosen.length ? `Shown: ${chosen.join(", ")}.` : "";
}

function show(id) {
  const made = sections.find((each) => each.id === id) ?? sections[0];
  current = made.id;
  for (const each of sections) {
    document.getElementById(each.id).hidden = each !== made;
    const link = document.querySelector(`nav a[href="#${each.id}"]`);
    if (each === made) {
      link?.setAttribute("aria-current", "page");
      link?.scrollIntoView({ inline: "center", block: "nearest" });
    } else link?.removeAttribute("aria-current");
  }
  showFilters(made);
  if (dirty.has(made.id)) drawSection(made);
  document.title = `${made.title} · ${document.querySelector("h1").textContent}`;
}

/** Draw the section that is looked at anew, and the others when they are. */
function redraw() {
  for (const made of sections) dirty.add(made.id);
  const top = window.scrollY;
  // What was chosen with is made anew too, and the keyboard must find it where it was.
  const { name, form } = document.activeElement ?? {};
  show(current);
  const home = document.getElementById(form ? "filters" : current);
  if (name) home.querySelector(`[name="${name}"]`)?.focus({ preventScroll: true });
  window.scrollTo(0, top);
}

function showFilters(made) {
  const set = (name) => (value) => {
    filters[name] = value;
    if (filters.from > filters.to) filters[name === "from" ? "to" : "from"] = value;
    redraw();
  };
  const named = (values, everything) => [[ALL, everything], ...values.map((value) => [value, value])];
  const months = distinct(rows("growth"), (item) => item.month_start).sort().map((start) => [start, month(start)]);
  const known = rows("growth").length ? rows("growth") : [];
  const valuesOf = (kind) =>
    distinct(known.filter((item) => item.breakdown === kind), (item) => item.breakdown_value).sort();
  const choices = [];
  if (made.uses.includes("period") && months.length > 1) {
    choices.push(choice("from", "From", months, filters.from, set("from")));
    choices.push(choice("to", "To", months, filters.to, set("to")));
  }
  for (const [name, kind, everything] of [
    ["channel", "acquisition_channel", "All channels"],
    ["country", "country", "All countries"],
  ]) {
    const values = valuesOf(kind);
    if (made.uses.includes(name) && values.length > 1)
      choices.push(choice(name, values.length < shop.most_choices ? capitalised(name) : `${capitalised(name)} (the largest)`, named(values, everything), filters[name], set(name)));
  }
  if (choices.length)
    choices.push(element("button", { type: "reset", name: "reset", class: "reset", onclick: reset }, "Reset filters"));
  const form = document.getElementById("filters");
  form.replaceChildren(...choices);
  form.hidden = !choices.length;
}

function reset(event) {
  event.preventDefault();
  Object.assign(filters, { channel: ALL, country: ALL, ...wholePeriod() });
  redraw();
}

function wholePeriod() {
  const months = distinct(rows("growth"), (item) => item.month_start).sort();
  return { from: months.at(-Math.min(months.length, 36)) ?? null, to: months.at(-1) ?? null };
}

function start() {
  const unanswered = Object.keys(ANSWERS).filter((question) => ANSWERS[question] === null && question !== "headlines_before");
  Object.assign(filters, wholePeriod());
  document.getElementById("edition").textContent =
    `${plural(sales.customers, "customer")} and ${plural(sales.orders, "order")} since ` +
    `${day(sales.first_order_date)}, as of ${day(shop.as_of_date)}`;
  document.getElementById("colophon").textContent =
    `Version ${shop.version}, built ${shop.built_at} UTC with Dovecote ${shop.package_version}.` +
    (unanswered.length ? ` This version lacks the tables for: ${unanswered.map(said).join(", ")}.` : "");
  const nav = document.getElementById("sections");
  for (const made of sections) {
    nav.append(element("a", { href: `#${made.id}` }, made.title));
    document.getElementById("main").append(element("section", { id: made.id, class: "grid", hidden: "" }));
  }
  nav.hidden = sections.length < 2;
  window.addEventListener("hashchange", () => {
    show(location.hash.slice(1));
    window.scrollTo(0, 0);
  });
  // Paper shows every section.
  window.addEventListener("beforeprint", () => {
    document.body.classList.add("printing");
    for (const made of sections) {
      document.getElementById(made.id).hidden = false;
      if (dirty.has(made.id)) drawSection(made);
    }
    // Plotly's resize comes after the paper has been laid out.
    for (const plot of document.querySelectorAll(".js-plotly-plot")) Plotly.relayout(plot, { autosize: true });
  });
  window.addEventListener("afterprint", () => {
    document.body.classList.remove("printing");
    redraw();
  });
  show(location.hash.slice(1));
}

start();
