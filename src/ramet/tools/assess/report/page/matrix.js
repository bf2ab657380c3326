// App by app: rows know columns. A number is how many connections; one that crosses candidates is underlined.

const MOST_APPS = 60;

function drawMatrix(report, host, choose) {
  const counts = new Map();
  const weight = new Map();
  for (let edge = 0; edge < report.connections; edge++) {
    const [one, other] = [report.app(report.edges.source[edge]), report.app(report.edges.target[edge])];
    if (one === "*" || other === "*" || !one || !other) continue;
    const key = `${one}\n${other}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    for (const app of new Set([one, other])) weight.set(app, (weight.get(app) ?? 0) + 1);
  }
  const home = homes(report);
  const own = new Set(report.apps.label.filter((_, row) => report.apps.own[row]).map((text) => report.texts[text]));
  const roles = new Map(report.apps.label.map((text, row) => [report.texts[text], report.texts[report.apps.role[row]]]));
  const known = [...weight.keys()].sort((one, other) => own.has(other) - own.has(one) || weight.get(other) - weight.get(one) || (one < other ? -1 : 1));
  const apps = known.slice(0, MOST_APPS).sort((one, other) => (home.get(one) ?? 99) - (home.get(other) ?? 99) || (one < other ? -1 : 1));
  const table = el("table", {},
    el("caption", { class: "hidden-visually" }, "How many connections go from the app of the row to the app of the column"),
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "hidden-visually" }, "App")), apps.map((app) => el("th", { scope: "col", title: app }, el("span", {}, app))))),
    el("tbody", {}, apps.map((row) => el("tr", {},
      el("th", { scope: "row", title: row }, el("span", { class: `dot ${home.has(row) ? report.hue(home.get(row)) : "hue-none"}` }), row, roles.get(row) ? el("span", { class: "tag" }, roles.get(row)) : ""),
      apps.map((column) => cell(report, counts.get(`${row}\n${column}`), row, column, home, choose))))));
  host.append(
    el("p", { class: "soft small" }, `A row knows a column. Underlined: between two candidates. ${known.length > MOST_APPS ? `The ${MOST_APPS} best connected of ${known.length} apps. ` : ""}Arrow keys move, Enter lists the connections.`),
    el("div", { class: "matrix", role: "region", "aria-label": "App by app" }, table));
  rove(table);
}

// The candidate that most of an app's models are in.
function homes(report) {
  const seen = new Map();
  report.models.app.forEach((text, row) => {
    const app = report.texts[text];
    const counts = seen.get(app) ?? seen.set(app, new Map()).get(app);
    counts.set(report.models.circle[row], (counts.get(report.models.circle[row]) ?? 0) + 1);
  });
  return new Map([...seen].map(([app, counts]) => [app, [...counts].sort((one, other) => other[1] - one[1] || one[0] - other[0])[0][0]]));
}

function cell(report, count, row, column, home, choose) {
  const isCandidate = (app) => home.has(app) && report.circles[home.get(app)].kind === "candidate";
  const self = row === column ? "self" : "";
  if (!count) return el("td", { class: self });
  const heat = self || `heat-${count > 50 ? 3 : count > 8 ? 2 : 1}`;
  const across = isCandidate(row) && isCandidate(column) && home.get(row) !== home.get(column) ? " across" : "";
  return el("td", { class: heat + across },
    el("button", { type: "button", tabindex: -1, "aria-label": `${count}: ${row} to ${column}`, onclick: () => choose(row, column) }, String(count)));
}

// One tab stop for the whole table; arrow keys go to the next cell that has a number.
function rove(table) {
  table.querySelector("button")?.setAttribute("tabindex", 0);
  table.addEventListener("keydown", (event) => {
    const way = WAYS[event.key];
    if (!way || event.target.tagName !== "BUTTON") return;
    event.preventDefault();
    let [column, row] = [event.target.closest("td").cellIndex, event.target.closest("tr").rowIndex];
    for (;;) {
      [column, row] = [column + way[0], row + way[1]];
      const button = row > 0 && column > 0 ? table.rows[row]?.cells[column] : undefined;
      if (!button) return;
      const next = button.querySelector("button");
      if (!next) continue;
      event.target.setAttribute("tabindex", -1);
      next.setAttribute("tabindex", 0);
      next.focus();
      return;
    }
  });
}
