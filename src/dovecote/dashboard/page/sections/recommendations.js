// What goes with what, and what to show to whom.

const showing = { product: null, customer: null, task: "all" };
const FILLED = ["full", "all_candidates_listed"];
const LISTS = { blend: "Likely to buy", discover: "New to the customer", buy_again: "Due again" };
const TASKS = {
  all: "Whatever is bought next",
  new: "Products never bought before",
  cold: "Customers without a purchase",
  item_page: "What is bought with a product",
};
const METHOD_NAMES = {
  published: "Dovecote (published)",
  als: "ALS",
  ease: "EASE",
  svd: "SVD",
  user_knn: "similar customers",
  item_knn_bm25: "similar products (BM25)",
  item_knn_cosine: "similar products (cosine)",
  windowed_popularity: "popular lately",
  popularity: "popular ever",
  personal_frequency: "own favourites",
};

section({
  id: "recommendations",
  title: "Recommendations",
  uses: [],

  lead: () => "What goes with a product, what a customer should be shown and why, and how good such lists were.",

  cards: () => [neighbours(), leaderboard(), customerLists(), listCoverage()],
});

const noItems = () =>
  hasInput("order_items")
    ? "Too little was bought yet to recommend from."
    : "There are no order_items in the inputs, so nothing can be recommended.";

function neighbours() {
  const found = rows("neighbours");
  const products = [...groups(found, (item) => item.product_id)].map(([id, items]) => [id, items[0].product]);
  if (!products.some(([id]) => id === showing.product)) showing.product = products[0]?.[0] ?? null;
  const near = found.filter((item) => item.product_id === showing.product).reverse();
  return card(
    {
      id: "neighbours",
      asks: "neighbours",
      title: near.length ? `With ${near[0].product}, show ${near.at(-1).similar_product}` : "What goes with a product",
      reading: "The nearest products in stock: what those who buy the one buy as well, more than chance would have it. For the 150 products that sell most.",
      controls: products.length
        ? [choice("product", "Product", products, showing.product, (value) => { showing.product = value; redraw(); })]
        : [],
      source: "mart_item_similarities",
      empty: noItems(),
    },
    () =>
      near.length > 0 &&
      chart(
        [
          {
            type: "bar",
            orientation: "h",
            name: "similarity",
            y: near.map((item) => `${item.position}`),
            x: near.map((item) => item.score),
            customdata: near.map((item) => [plain(item.similar_product), count(item.co_buyers), figure(item.lift, 1)]),
            text: near.map((item) => shortened(item.similar_product, isNarrow() ? 34 : 60)),
            textposition: "inside",
            insidetextanchor: "start",
            textangle: 0,
            constraintext: "none",
            textfont: { color: COLOUR.ink, size: 12 },
            hovertemplate: "%{customdata[0]}<br>%{customdata[1]} bought both, %{customdata[2]} times as many as by chance<extra></extra>",
            marker: { color: "#bcd9ee" },
          },
        ],
        { x: axis("Similarity score", { rangemode: "tozero" }), y: categories("Place", { ticks: "" }), height: 360 },
      ),
  );
}

function leaderboard() {
  const everything = rows("leaderboard");
  const tasks = Object.keys(TASKS).filter((task) => everything.some((item) => item.task === task));
  if (!tasks.includes(showing.task)) showing.task = tasks[0] ?? null;
  const found = everything.filter((item) => item.task === showing.task).reverse();
  const best = found.filter((item) => !item.is_published).at(-1);
  const ours = found.find((item) => item.is_published);
  return card(
    {
      id: "leaderboard",
      asks: "leaderboard",
      title: ours && best
        ? ours.ndcg >= best.ndcg
          ? `The published lists did better than the next method, ${METHOD_NAMES[best.method_name] ?? said(best.method_name)}: ${figure(ours.ndcg, 3)} to ${figure(best.ndcg, 3)}`
          : `${capitalised(METHOD_NAMES[best.method_name] ?? said(best.method_name))} did better than the published lists: ${figure(best.ndcg, 3)} to ${figure(ours.ndcg, 3)}`
        : "How good the lists were, beside other methods",
      reading: "How high up in a list of ten stood what was bought afterwards (NDCG@10; 1 is perfect); mean over past days, and from the worst to the best.",
      controls: tasks.length > 1
        ? [choice("task", "What is asked", tasks.map((task) => [task, TASKS[task]]), showing.task, (value) => { showing.task = value; redraw(); })]
        : [],
      source: "mart_recommendation_evaluation",
      empty: hasInput("order_items") ? "No past day had enough purchases before and after it to grade lists." : noItems(),
    },
    () =>
      found.length > 0 &&
      chart(
        [
          {
            type: "scatter",
            mode: "markers",
            name: "NDCG@10",
            x: found.map((item) => item.ndcg),
            y: found.map((item) => METHOD_NAMES[item.method_name] ?? said(item.method_name)),
            error_x: {
              type: "data",
              symmetric: false,
              array: found.map((item) => item.ndcg_highest - item.ndcg),
              arrayminus: found.map((item) => item.ndcg - item.ndcg_lowest),
              color: COLOUR.grey,
              thickness: 1.5,
              width: 3,
            },
            customdata: found.map((item) => [figure(item.ndcg, 3), figure(item.ndcg_lowest, 3), figure(item.ndcg_highest, 3), plural(item.cutoffs, "day")]),
            hovertemplate: "%{y}<br>%{customdata[0]} (%{customdata[1]} to %{customdata[2]}, %{customdata[3]})<extra></extra>",
            marker: { size: 11, color: found.map((item) => (item.is_published ? COLOUR.blue : COLOUR.grey)) },
          },
        ],
        { x: axis("NDCG@10", { rangemode: "tozero" }), y: categories(null), height: 360 },
      ),
  );
}

function customerLists() {
  const everything = rows("lists");
  const customers = [...groups(everything, (item) => item.customer_number)].map(([number, items]) => [String(number), items[0].customer]);
  if (!customers.some(([number]) => number === showing.customer)) showing.customer = customers[0]?.[0] ?? null;
  const found = everything.filter((item) => String(item.customer_number) === showing.customer);
  const levels = ["what is known of the customer", "customers of the same kind", "the category the customer likes", "the whole shop"];
  return card(
    {
      id: "customer-lists",
      asks: "lists",
      wide: true,
      title: found.length ? `What to show to ${found[0].customer}` : "What to show to a customer",
      reading: "The first eight places of each list. A few customers as examples: those worth most, and some of whom little is known.",
      controls: customers.length
        ? [choice("customer", "Customer", customers, showing.customer, (value) => { showing.customer = value; redraw(); })]
        : [],
      source: "mart_customer_recommendations",
      empty: noItems(),
    },
    () =>
      found.length > 0 &&
      element(
        "div",
        { class: "columns" },
        ...Object.entries(LISTS).map(([name, title]) => {
          const list = found.filter((item) => item.list_name === name);
          return element(
            "section",
            { "data-list": name },
            element("h4", {}, title),
            list.length
              ? element(
                  "ol",
                  { class: "products" },
                  ...list.map((item) =>
                    element(
                      "li",
                      {},
                      element("b", {}, item.product),
                      element("span", {}, item.reason_1 ?? `from ${levels[item.fallback_level] ?? "the whole shop"}`),
                    ),
                  ),
                )
              : emptyState(name === "buy_again" ? "Nothing is due." : "This list is empty."),
          );
        }),
      ),
  );
}

function listCoverage() {
  const found = rows("list_coverage");
  const kinds = distinct(found, (item) => item.coverage);
  const colours = { full: COLOUR.blue, all_candidates_listed: COLOUR.sky, nothing_due: COLOUR.line, never_bought: COLOUR.grey, account_closed: COLOUR.purple };
  const spare = [COLOUR.orange, COLOUR.green, COLOUR.red];
  const names = Object.keys(LISTS).filter((name) => found.some((item) => item.list_name === name)).reverse();
  const due = sum(found.filter((item) => item.list_name === "buy_again" && FILLED.includes(item.coverage)), (item) => item.customers);
  return card(
    {
      id: "list-coverage",
      asks: "list_coverage",
      wide: true,
      title: found.some((item) => FILLED.includes(item.coverage)) ? `${plural(due, "customer")} could be reminded of something that is due` : "Who has which list",
      reading: "Customers by list: how far it is filled, or why there is none.",
      source: "mart_recommendation_coverage",
      empty: noItems(),
    },
    () =>
      found.some((item) => FILLED.includes(item.coverage)) &&
      chart(
        kinds.map((kind) => {
          const items = names.map((name) => found.find((item) => item.list_name === name && item.coverage === kind));
          return {
            type: "bar",
            orientation: "h",
            name: said(kind),
            y: names.map((name) => LISTS[name]),
            x: items.map((item) => item?.customers ?? 0),
            hovertemplate: `%{y}: ${said(kind)}<br>%{x:,} customers<extra></extra>`,
            marker: { color: colours[kind] ?? spare[kinds.indexOf(kind) % spare.length] },
          };
        }),
        { x: axis("Customers"), y: categories(null), barmode: "stack", height: 240 },
      ),
  );
}
