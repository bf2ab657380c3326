// Moving about on the map: by pointer, wheel, fingers and keys.

const FEW = 60; // models, of which all names fit
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class Moves {
  constructor(map) {
    this.map = map;
    this.picture = map.picture;
    this.pointers = new Map();
    this.fit();
    new ResizeObserver(() => this.apply()).observe(this.picture);
    this.listen();
  }

  listen() {
    const { picture } = this;
    picture.addEventListener("pointerdown", (event) => this.press(event));
    picture.addEventListener("pointermove", (event) => this.drag(event));
    for (const end of ["pointerup", "pointercancel"]) picture.addEventListener(end, (event) => this.release(event));
    picture.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      this.zoom(Math.exp(-event.deltaY / 300), event.offsetX, event.offsetY);
    }, { passive: false });
    picture.addEventListener("pointerover", (event) => this.map.touch(rowAt(event)));
    picture.addEventListener("pointerleave", () => this.map.touch());
    picture.addEventListener("keydown", (event) => this.key(event));
    byId("nearer").addEventListener("click", () => this.zoom(1.4));
    byId("farther").addEventListener("click", () => this.zoom(1 / 1.4));
    byId("fit").addEventListener("click", () => this.fit());
    addEventListener("beforeprint", () => this.print(true));
    addEventListener("afterprint", () => this.print(false));
  }

  // Everything in sight: `scale` is pixels a unit, `x` and `y` the unit in the middle.
  fit() {
    this.frame(...this.bounds());
  }

  // Left, right, top, bottom; 50 for the names above circles.
  bounds() {
    const { circles } = this.map.report;
    return [
      Math.min(...circles.map((c) => c.x - c.r)), Math.max(...circles.map((c) => c.x + c.r)),
      Math.min(...circles.map((c) => c.y - c.r - 50)), Math.max(...circles.map((c) => c.y + c.r)),
    ];
  }

  // On paper the picture has a size that nobody knows before: a viewBox fits it there.
  print(isPrinted) {
    this.isPrinted = isPrinted;
    if (!isPrinted) this.picture.removeAttribute("viewBox");
    else if (this.map.report.circles.length) {
      const [left, right, top, bottom] = this.bounds();
      this.picture.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom - top}`);
    }
    this.apply();
  }

  frame(left, right, top, bottom) {
    const { width, height } = this.size();
    [this.x, this.y] = [(left + right) / 2 || 0, (top + bottom) / 2 || 0];
    this.scale = Math.min(2, 0.96 * Math.min(width / (right - left), height / (bottom - top))) || 1;
    this.apply();
  }

  size() {
    const box = this.picture.getBoundingClientRect();
    return { width: box.width || 800, height: box.height || 500 };
  }

  apply() {
    if (this.isPrinted) {
      this.map.inner.removeAttribute("transform");
      this.picture.classList.remove("far");
      return;
    }
    const { width, height } = this.size();
    const shift = [width / 2 - this.x * this.scale, height / 2 - this.y * this.scale];
    this.map.inner.setAttribute("transform", `translate(${shift}) scale(${this.scale})`);
    this.picture.classList.toggle("far", this.scale < (this.map.nodes.length > FEW ? 0.75 : 0.45));
    this.picture.style.setProperty("--scale", this.scale); // words keep a size that can be read
  }

  zoom(factor, atX, atY) {
    const { width, height } = this.size();
    const [px, py] = [(atX ?? width / 2) - width / 2, (atY ?? height / 2) - height / 2];
    const scale = Math.min(4, Math.max(0.02, this.scale * factor));
    this.x += px / this.scale - px / scale;
    this.y += py / this.scale - py / scale;
    this.scale = scale;
    this.apply();
  }

  // The model in sight, near enough to read.
  goTo(row) {
    const { x, y } = this.map.report.models;
    [this.x, this.y] = [x[row], y[row]];
    this.scale = Math.max(this.scale, 0.9);
    this.apply();
  }

  press(event) {
    this.pointers.set(event.pointerId, event);
    this.moved = 0;
    this.pressed = rowAt(event);
  }

  drag(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) return;
    const [dx, dy] = [event.clientX - before.clientX, event.clientY - before.clientY];
    this.moved += Math.abs(dx) + Math.abs(dy);
    // Captured only now: a captured pointer would make every click one on the picture.
    if (this.moved > 4 && !this.picture.hasPointerCapture(event.pointerId)) this.picture.setPointerCapture(event.pointerId);
    const others = [...this.pointers.values()].filter((each) => each.pointerId !== event.pointerId);
    this.pointers.set(event.pointerId, event);
    if (others.length) {
      const apart = (each) => Math.hypot(each.clientX - others[0].clientX, each.clientY - others[0].clientY) || 1;
      this.zoom(apart(event) / apart(before));
    } else {
      this.x -= dx / this.scale;
      this.y -= dy / this.scale;
      this.apply();
    }
  }

  release(event) {
    this.pointers.delete(event.pointerId);
    if (this.moved > 4 || event.type === "pointercancel") return;
    if (this.pressed === undefined) letGo(this.map);
    else showModel(this.map.report, this.pressed, true);
  }

  key(event) {
    const row = rowAt(event);
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (WAYS[event.key] && row !== undefined) this.step(row, WAYS[event.key]);
    else if ((event.key === "Enter" || event.key === " ") && row !== undefined) showModel(this.map.report, row, true);
    else if (event.key === "Escape") letGo(this.map);
    else if (event.key === "+" || event.key === "=") this.zoom(1.4);
    else if (event.key === "-") this.zoom(1 / 1.4);
    else if (event.key === "0") this.fit();
    else return;
    event.preventDefault();
  }

  // To the nearest model that way; one aside counts as farther than one straight ahead.
  step(from, [wayX, wayY]) {
    const { x, y } = this.map.report.models;
    let best;
    let least = Infinity;
    x.forEach((_, row) => {
      const [dx, dy] = [x[row] - x[from], y[row] - y[from]];
      const ahead = dx * wayX + dy * wayY;
      const aside = Math.abs(dx * wayY) + Math.abs(dy * wayX);
      if (ahead > 1 && ahead + 2 * aside < least) [best, least] = [row, ahead + 2 * aside];
    });
    if (best === undefined) return;
    this.map.makeTabStop(best);
    this.goTo(best);
    this.map.nodes[best].focus({ preventScroll: true });
    this.map.touch(best);
  }
}

function rowAt(event) {
  const row = event.target.closest?.(".node")?.dataset.row;
  return row === undefined ? undefined : Number(row);
}
