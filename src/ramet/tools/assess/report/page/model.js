// What is chosen on the map: a model with its connections and functions.

let theMap;

// Shows a model on the map and beside it. From elsewhere on the page it also goes there.
function showModel(report, row, isOnMap) {
  theMap.choose(row);
  if (!isOnMap) {
    theMap.moves.goTo(row);
    byId("map").scrollIntoView();
    theMap.nodes[row].focus({ preventScroll: true });
  }
  const { label: name, circle, table, known, proxy, hub } = report.models;
  const touching = report.edgesOf(name[row]);
  const edges = touching.filter((edge) => report.isConnection(edge)).sort((one, other) => (report.cutOf.has(other) ? 1 : 0) - (report.cutOf.has(one) ? 1 : 0));
  const cuts = touching.filter((edge) => !report.isConnection(edge)).map((edge) => report.cutOf.get(edge));
  const functions = report.functions.model.flatMap((text, each) => (text === name[row] ? [each] : []));
  const panel = byId("model");
  panel.replaceChildren(
    el("h3", {}, report.texts[name[row]]),
    el("p", {}, el("span", { class: `dot ${report.hue(circle[row])}` }), report.circles[circle[row]].name),
    el("p", {}, place(report, report.models, row), " ",
      el("span", { class: "soft small" }, [report.text(table, row) && `table ${report.text(table, row)}`, proxy[row] ? "proxy" : "", hub[row] ? "platform" : "", report.known[known[row]]].filter(Boolean).join(", "))),
    el("h4", {}, "Connections"));
  new Listing(panel, "connection", (edge) => edgeRow(report, edge)).show(edges);
  if (cuts.length) {
    panel.append(el("h4", {}, "Cuts of whole transactions and functions"));
    new Listing(panel, "cut", (cut) => cutRow(report, cut)).show(cuts);
  }
  if (functions.length) {
    panel.append(el("h4", {}, "Functions that belong to it"));
    new Listing(panel, "function", (each) => functionRow(report, each)).show(functions);
  }
  panel.scrollTop = 0;
}

function letGo(map) {
  map.choose(undefined);
  nothingChosen(map.report);
}

function nothingChosen(report) {
  byId("model").replaceChildren(
    el("h3", {}, "Nothing chosen"),
    el("p", { class: "soft" }, "Choose a model to see its connections. The numbers between candidates count what connects them; imports count when they are ticked."),
    el("ul", { class: "rows" }, report.circles.map((circle, number) => el("li", {},
      el("button", { type: "button", class: "link", onclick: () => showCircle(number) }, el("span", { class: `dot ${report.hue(number)}` }), circle.name), ` ${many(circle.models, "model")}`))));
}

function showCircle(number) {
  const { x, y, r } = theMap.report.circles[number];
  theMap.moves.frame(x - r, x + r, y - r - 50, y + r);
}
