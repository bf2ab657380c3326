// One search over models, cuts, connections, functions, gaps and files.

const join = (...parts) => parts.join(" ").toLowerCase();

function edgeText(report, edge) {
  const { source, target, field, file, through, note } = report.edges;
  return join(report.word(edge), report.kind(edge), report.text(source, edge), report.text(field, edge), report.text(target, edge), report.text(file, edge), report.text(through, edge), report.text(note, edge));
}

const cutText = (report, cut) =>
  join(edgeText(report, report.cuts.edge[cut]), report.text(report.cuts.how, cut), report.text(report.cuts.why, cut), ...report.sides(cut), report.text(report.cuts.excerpt, cut));

// Each with the texts to look in, made when somebody searches for the first time.
function searched(report) {
  const all = (columns) => [...Array(columns.length).keys()];
  const files = [...new Set([...report.models.file, ...report.edges.file, ...report.functions.file])].filter((text) => report.texts[text]);
  return [
    ["model", all(report.models.label), modelRow, (row) => join(report.text(report.models.label, row), report.text(report.models.table, row))],
    ["cut", all(report.cuts.edge), cutRow, (row) => cutText(report, row)],
    ["connection", [...Array(report.connections).keys()], edgeRow, (row) => edgeText(report, row)],
    ["function", all(report.functions.name), functionRow, (row) => join(report.text(report.functions.name, row), report.text(report.functions.file, row))],
    ["file", files, fileRow, (text) => report.texts[text].toLowerCase()],
    ["gap", all(report.gaps.kind), gapRow, (row) => join(report.text(report.gaps.file, row), report.text(report.gaps.found, row), report.text(report.gaps.kind, row))],
  ].map(([what, items, draw, text]) => ({ what, items, draw, texts: items.map(text) }));
}

function fileRow(report, text) {
  const models = [...report.models.file.keys()].filter((row) => report.models.file[row] === text);
  return el("div", { class: "row" }, code(report.texts[text]), models.map((row) => [" ", label(report, report.models.label[row])]));
}

function beginSearch(report) {
  const input = byId("search");
  const host = byId("found");
  let parts;
  let waiting;
  const find = () => {
    const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
    host.hidden = words.length === 0;
    host.replaceChildren();
    if (!words.length) return;
    parts ??= searched(report);
    const results = parts.map((part) => [part, part.items.filter((_, at) => words.every((word) => part.texts[at].includes(word)))]).filter(([, items]) => items.length);
    host.append(el("h2", {}, results.length ? `Found for “${input.value.trim()}”` : `Nothing found for “${input.value.trim()}”`));
    for (const [part, items] of results) {
      const inside = el("div", {});
      const group = el("details", { open: part === results[0][0] }, el("summary", {}, el("strong", {}, many(items.length, part.what))), inside);
      const draw = () => inside.childElementCount || !group.open || new Listing(inside, part.what, (item) => part.draw(report, item)).show(items);
      group.addEventListener("toggle", draw);
      draw();
      host.append(group);
    }
    scrollTo({ top: 0 });
  };
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(find, 120);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "/" && !/^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName)) {
      event.preventDefault();
      input.focus();
    } else if (event.key === "Escape" && event.target === input) {
      input.value = "";
      find();
    }
  });
}
