// Cuts, connections, blockers and gaps, each with what narrows it down.

function chooser(name, values, changed) {
  const select = el("select", { "aria-label": name, onchange: changed },
    el("option", { value: "" }, `${name}: any`), [...new Set(values)].sort().map((value) => el("option", { value }, value)));
  return select;
}

function drawCuts(report, host) {
  const { edge, how, effort } = report.cuts;
  const all = [...edge.keys()].sort((one, other) => effort[other] - effort[one]);
  const show = () => listing.show(all.filter((cut) =>
    (!hows.value || report.text(how, cut) === hows.value) &&
    (!kinds.value || report.word(edge[cut]) === kinds.value) &&
    (!groups.value || report.sides(cut).includes(groups.value)) &&
    (!words.value || cutText(report, cut).includes(words.value.toLowerCase()))));
  const hows = chooser("How", all.map((cut) => report.text(how, cut)), show);
  const kinds = chooser("Kind", all.map((cut) => report.word(edge[cut])), show);
  const groups = chooser("Candidate", all.flatMap((cut) => report.sides(cut)), show);
  const words = el("input", { type: "text", "aria-label": "Cuts with these words", placeholder: "with these words", oninput: show });
  host.append(el("div", { class: "tools filters" }, hows, kinds, groups, words));
  if (report.leftOut) host.append(el("p", { class: "soft" }, `To keep this file small, the source is left out${report.leftOut === "excerpts" ? "" : `, and so are ${report.leftOut}`}; the JSON has all of it.`));
  const listing = new Listing(host, "cut", (cut) => cutRow(report, cut));
  show();
}

function drawEdges(report, host) {
  const all = [...Array(report.connections).keys()];
  const [sources, targets] = [report.edges.source, report.edges.target].map((ends) => all.map((edge) => report.app(ends[edge])));
  const apps = [...sources, ...targets];
  const show = () => listing.show(all.filter((edge) =>
    (!kinds.value || report.word(edge) === kinds.value) &&
    (!one.value || sources[edge] === one.value) &&
    (!other.value || targets[edge] === other.value) &&
    (!known.value || report.known[report.edges.known[edge]] === known.value)));
  const kinds = chooser("Kind", all.map((edge) => report.word(edge)), show);
  const one = chooser("From app", apps, show);
  const other = chooser("To app", apps, show);
  const known = chooser("Known", report.known, show);
  host.append(el("div", { class: "tools filters" }, kinds, one, other, known));
  const listing = new Listing(host, "connection", (edge) => edgeRow(report, edge));
  show();
  return (row, column) => {
    [kinds.value, one.value, other.value, known.value] = ["", row, column, ""];
    show();
    byId("edges").scrollIntoView();
    one.focus({ preventScroll: true });
  };
}

function drawPlain(report, host, what, columns, draw) {
  const rows = [...report[columns].kind.keys()];
  if (rows.length) new Listing(host, what, (row) => draw(report, row)).show(rows);
}
