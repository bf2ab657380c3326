// The embedded columns back as a report: `columns` as written by packing.py, and what is looked up in them.

async function unpacked() {
  const bytes = Uint8Array.from(atob(byId("embedded").textContent), (letter) => letter.charCodeAt(0));
  const inflated = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Report(await new Response(inflated).json());
}

class Report {
  constructor(columns) {
    Object.assign(this, columns);
    this.familyOf = new Map(Object.entries(this.families).flatMap(([family, kinds]) => kinds.map((kind) => [kind, family])));
    this.modelOf = new Map(this.models.label.map((text, row) => [text, row])); // by number of text
    this.cutOf = new Map(this.cuts.edge.map((edge, cut) => [edge, cut]));
    this.appOfLabel = new Map();
    this.models.label.forEach((text, row) => this.appOfLabel.set(text, this.models.app[row]));
  }

  text(column, row) { return this.texts[column[row]]; }
  kind(edge) { return this.text(this.edges.kind, edge); }
  word(edge) { return this.words[this.kind(edge)] ?? this.kind(edge); }
  family(edge) { return this.familyOf.get(this.kind(edge)); }

  // What a cut ties together, the side that knows the others first.
  sides(cut) {
    const { from, to, further } = this.cuts;
    return [from[cut], to[cut], ...further[cut]].map((text) => this.texts[text]);
  }

  // The app of an edge's end, which is a model's label or an app's.
  app(end) {
    const known = this.appOfLabel.get(end);
    return known === undefined ? this.texts[end].split(".")[0] : this.texts[known];
  }

  // Whether it is one of the report's connections; the others are what cuts alone say, of a whole transaction or function.
  isConnection(edge) { return edge < this.connections; }

  // Edges by the number of the text at either end; made when first asked for.
  edgesOf(label) {
    if (!this.touching) {
      this.touching = new Map();
      for (let edge = 0; edge < this.edges.kind.length; edge++) {
        for (const end of new Set([this.edges.source[edge], this.edges.target[edge]])) {
          if (!this.touching.has(end)) this.touching.set(end, []);
          this.touching.get(end).push(edge);
        }
      }
    }
    return this.touching.get(label) ?? [];
  }

  hue(circle) { return this.circles[circle].kind === "candidate" ? `hue-${circle % 8}` : "hue-none"; }
}
