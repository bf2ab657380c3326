// How an edge, a cut, a gap and a function are written in a list.

function label(report, text) {
  const row = report.modelOf.get(text);
  if (row === undefined) return el("span", {}, report.texts[text]);
  return el("button", { type: "button", class: "link", onclick: () => showModel(report, row) }, report.texts[text]);
}

// A path or a dotted name, which a narrow window parts after a slash or a dot and not within a word.
function code(text, attributes) {
  return el("code", attributes, text.split(text.includes("/") ? /(?<=\/)/ : /(?<=\.)/).flatMap((part, at) => (at ? [el("wbr"), part] : [part])));
}

// A line of 0 stands for the file as a whole.
function place(report, columns, row) {
  const file = report.text(columns.file, row);
  return file ? code(columns.line[row] ? `${file}:${columns.line[row]}` : file, { class: "place" }) : null;
}

// A relation or a query starts at a field of its source; whatever else has a name has it by itself.
function ends(report, edge, end) {
  const { source, target, field, through } = report.edges;
  const name = report.text(field, edge);
  const isOfSource = ["relations", "queries"].includes(report.family(edge));
  const via = report.text(through, edge);
  return [
    end(report, source[edge]), name && isOfSource ? code(`.${name}`) : null,
    el("span", { class: "arrow" }, " → "), end(report, target[edge]),
    name && !isOfSource ? [" by ", code(name)] : null, via ? ` through ${via}` : null, " ",
  ];
}

const plain = (report, text) => report.texts[text];

function edgeRow(report, edge) {
  const { known, note } = report.edges;
  const cut = report.cutOf.get(edge);
  return el("div", { class: "row" },
    el("span", { class: "tag" }, report.word(edge)), " ", el("span", { class: "tag" }, report.known[known[edge]]), " ",
    cut === undefined ? null : [el("span", { class: "tag bad" }, `cut: ${report.text(report.cuts.how, cut)}`), " "],
    ends(report, edge, label), place(report, report.edges, edge),
    report.text(note, edge) ? el("p", { class: "soft small" }, report.text(note, edge)) : null);
}

function cutRow(report, cut) {
  const { edge, how, why, effort, excerpt } = report.cuts;
  const [from, ...to] = report.sides(cut);
  const source = report.text(excerpt, cut);
  const one = edge[cut];
  return el("details", { class: "row" },
    el("summary", {},
      el("span", { class: "tag good" }, report.text(how, cut)), " ", el("span", { class: "tag" }, many(effort[cut], "day")), " ",
      el("span", { class: "tag" }, report.word(one)), " ", ends(report, one, plain), place(report, report.edges, one)),
    el("p", {}, `${from} → ${to.join(", ")}: ${report.text(why, cut)}`),
    el("p", {}, label(report, report.edges.source[one]), " and ", label(report, report.edges.target[one]), " on the map"),
    source ? el("pre", { tabindex: 0, role: "region", "aria-label": "Source" }, source.split("\n").map((line) =>
      line.startsWith(">") ? el("mark", {}, ` ${line.slice(1)}`) : `${line}\n`)) : null);
}

function blockerRow(report, row) {
  const { kind, groups, what, remedy, effort } = report.blockers;
  return el("div", { class: "row" },
    el("span", { class: "tag bad" }, report.text(kind, row)), " ", el("span", { class: "tag" }, many(effort[row], "day")),
    ` ${groups[row].map((text) => report.texts[text]).join(", ")} `, place(report, report.blockers, row),
    el("p", {}, report.text(what, row)), el("p", { class: "soft" }, report.text(remedy, row)));
}

function gapRow(report, row) {
  const { kind, found, why, remedy } = report.gaps;
  return el("div", { class: "row" },
    el("span", { class: "tag" }, report.text(kind, row).replaceAll("-", " ")), " ", place(report, report.gaps, row), ` ${report.text(found, row)}`,
    el("p", { class: "soft" }, `${report.text(why, row)} ${report.text(remedy, row)}`));
}

function modelRow(report, row) {
  const { label: name, circle } = report.models;
  return el("div", { class: "row" },
    el("span", { class: `dot ${report.hue(circle[row])}` }), label(report, name[row]), ` ${report.circles[circle[row]].name} `, place(report, report.models, row));
}

function functionRow(report, row) {
  const { name, kind, model } = report.functions;
  return el("div", { class: "row" },
    el("span", { class: "tag" }, report.text(kind, row)), " ", code(report.text(name, row)), " of ", label(report, model[row]), " ", place(report, report.functions, row));
}
