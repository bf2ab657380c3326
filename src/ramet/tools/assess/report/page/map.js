// The map: circles of candidates, models in them, and lines. Drawn as SVG, so that every model is an
// element that a screen reader and a keyboard reach; the lines are few paths, so that it stays quick.

const MOST_COUNTS = 20;

class SystemMap {
  constructor(report, host) {
    this.report = report;
    this.families = new Set(Object.keys(report.families).filter((family) => !["imports", "evidence"].includes(family)));
    this.nodes = [];
    this.inner = svg("g", {});
    this.picture = svg("svg", { role: "group", "aria-label": "Map of models by candidate" }, this.inner);
    this.backs = svg("g", {});
    this.links = svg("g", {});
    this.webs = svg("g", {});
    this.counts = svg("g", { "aria-hidden": "true" });
    this.every = svg("path", { class: "every" });
    this.lines = svg("path", { class: "chosen-lines" });
    this.models = svg("g", {});
    this.titles = svg("g", { "aria-hidden": "true" });
    this.inner.append(this.links, this.backs, this.webs, this.every, this.lines, this.models, this.counts, this.titles);
    host.append(this.picture);
    this.drawCircles();
    this.drawModels();
    this.drawLines();
    this.moves = new Moves(this);
  }

  drawCircles() {
    this.report.circles.forEach((circle, number) => {
      this.backs.append(svg("circle", { class: `ring ${this.report.hue(number)}`, cx: circle.x, cy: circle.y, r: circle.r }));
      const size = Math.max(16, Math.min(30, circle.r / 6));
      this.titles.append(svg("text", { class: "title", x: circle.x, y: circle.y - circle.r - 8, "font-size": size }, circle.name));
    });
  }

  drawModels() {
    const { label: name, circle, x, y, own, hub } = this.report.models;
    name.forEach((text, row) => {
      const whole = this.report.texts[text];
      const short = whole.slice(whole.indexOf(".") + 1);
      const radius = Math.min(15, 4.5 + Math.sqrt(this.report.edgesOf(text).length) / 1.6);
      const where = this.report.circles[circle[row]].name;
      const node = svg("g", { class: `node ${this.report.hue(circle[row])}${own[row] ? "" : " foreign"}${hub[row] ? " hub" : ""}`, tabindex: -1, role: "button", "aria-label": `${whole}, ${where}${hub[row] ? ", platform" : ""}`, transform: `translate(${x[row]} ${y[row]})`, "data-row": row },
        hub[row] && svg("circle", { class: "halo", r: radius + 4 }), svg("circle", { class: "dot-of", r: radius }), svg("text", { y: radius + 10 }, short.length > 16 ? `${short.slice(0, 15)}…` : short));
      this.nodes.push(node);
      this.models.append(node);
    });
    this.nodes[0]?.setAttribute("tabindex", 0);
  }

  // Pairs of models that the chosen families connect, each with how often.
  pairs() {
    const found = new Map();
    for (let edge = 0; edge < this.report.connections; edge++) {
      if (!this.families.has(this.report.family(edge))) continue;
      const one = this.report.modelOf.get(this.report.edges.source[edge]);
      const other = this.report.modelOf.get(this.report.edges.target[edge]);
      if (one === undefined || other === undefined || one === other) continue;
      const key = Math.min(one, other) * this.nodes.length + Math.max(one, other);
      found.set(key, (found.get(key) ?? 0) + 1);
    }
    return [...found].map(([key, count]) => [Math.floor(key / this.nodes.length), key % this.nodes.length, count]);
  }

  drawLines() {
    const { x, y, circle } = this.report.models;
    const inside = new Map();
    const between = new Map();
    this.across = "";
    this.near = this.nodes.map(() => new Set());
    for (const [one, other, count] of this.pairs()) {
      this.near[one].add(other);
      this.near[other].add(one);
      const line = `M${x[one]} ${y[one]}L${x[other]} ${y[other]}`;
      const [a, b] = [circle[one], circle[other]].sort((p, q) => p - q);
      if (a === b) inside.set(a, (inside.get(a) ?? "") + line);
      else {
        this.across += line;
        const key = a * this.report.circles.length + b;
        between.set(key, (between.get(key) ?? 0) + count);
      }
    }
    const heavy = [...between.values()].sort((one, other) => other - one)[MOST_COUNTS - 1] ?? 0;
    this.links.replaceChildren();
    this.counts.replaceChildren();
    for (const [key, count] of between) this.link(Math.floor(key / this.report.circles.length), key % this.report.circles.length, count, count >= heavy);
    this.webs.replaceChildren(...[...inside].map(([number, path]) => svg("path", { class: `web ${this.report.hue(number)}`, d: path })));
    this.every.setAttribute("d", byId("lines").checked ? this.across : "");
    this.choose(this.chosen);
  }

  // A line between two circles, from edge to edge, as wide as what connects them; numbers on the widest only.
  link(a, b, count, isNumbered) {
    const [one, other] = [this.report.circles[a], this.report.circles[b]];
    const [dx, dy] = [other.x - one.x, other.y - one.y];
    const far = Math.hypot(dx, dy) || 1;
    const start = [one.x + (dx / far) * one.r, one.y + (dy / far) * one.r];
    const end = [other.x - (dx / far) * other.r, other.y - (dy / far) * other.r];
    const size = Math.max(13, Math.min(26, 11 + Math.sqrt(count)));
    this.links.append(svg("path", { class: "link", d: `M${start}L${end}`, "stroke-width": Math.min(26, 1 + Math.sqrt(count)) }));
    const [x, y] = [(start[0] + end[0]) / 2, (start[1] + end[1]) / 2];
    // A number within a third circle would seem to be of that one.
    if (!isNumbered || this.report.circles.some((circle) => Math.hypot(circle.x - x, circle.y - y) < circle.r)) return;
    this.counts.append(svg("text", { class: "count", x, y: y + size / 3, "font-size": size }, String(count)));
  }

  choose(row) {
    this.nodes[this.chosen]?.classList.remove("chosen");
    this.chosen = row;
    this.picture.classList.toggle("choosing", row !== undefined);
    this.touch(row);
    if (row === undefined) return;
    this.nodes[row].classList.add("chosen");
    this.makeTabStop(row);
  }

  // The lines and neighbours of one model, of the chosen one where none is under the pointer.
  touch(row = this.chosen) {
    for (const node of this.models.querySelectorAll(".near")) node.classList.remove("near");
    if (row === undefined) return this.lines.setAttribute("d", "");
    const { x, y } = this.report.models;
    for (const each of [row, ...this.near[row]]) this.nodes[each].classList.add("near");
    return this.lines.setAttribute("d", [...this.near[row]].map((other) => `M${x[row]} ${y[row]}L${x[other]} ${y[other]}`).join(""));
  }

  makeTabStop(row) {
    this.models.querySelector('[tabindex="0"]')?.setAttribute("tabindex", -1);
    this.nodes[row].setAttribute("tabindex", 0);
  }
}
