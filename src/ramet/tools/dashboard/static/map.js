// Zooming and moving the map: by its buttons, the keyboard, the wheel (with Ctrl) and by dragging.
// What the server sends anew leaves the view as it is: `viewBox` is not morphed.
"use strict";

(() => {
  const live = document.getElementById("map-live");
  let view = null; // {x, y, width, height}; null: everything

  const map = () => document.getElementById("map");
  const size = () => ({ width: Number(map().dataset.width), height: Number(map().dataset.height) });

  const show = () => {
    const svg = map();
    if (!svg) return;
    const panel = svg.closest(".map");
    const whole = size();
    // On a small screen, all of it at once could not be read: there it is scrolled, as it is drawn.
    const isSmall = svg.parentElement.clientWidth < 600;
    panel.classList.toggle("zoomable", !isSmall);
    panel.querySelector(".zoom").hidden = isSmall;
    if (isSmall) {
      view = null;
      svg.setAttribute("viewBox", `0 0 ${whole.width} ${whole.height}`);
      svg.setAttribute("height", whole.height);
      return;
    }
    const { x, y, width, height } = view ?? { x: 0, y: 0, ...whole };
    svg.setAttribute("viewBox", `${x} ${y} ${width} ${height}`);
    // As high as it needs to be to fill the width, but never higher than the screen allows, and
    // never larger than drawn.
    const room = svg.parentElement.clientWidth;
    const most = Math.max(320, window.innerHeight * 0.7);
    svg.setAttribute("height", Math.round(Math.min(most, whole.height, (whole.height * room) / whole.width + 1)));
  };

  const zoom = (factor, at) => {
    const whole = size();
    const from = view ?? { x: 0, y: 0, ...whole };
    const width = Math.min(whole.width * 1.5, Math.max(160, from.width * factor));
    const real = width / from.width;
    const center = at ?? { x: from.x + from.width / 2, y: from.y + from.height / 2 };
    view = { x: center.x - (center.x - from.x) * real, y: center.y - (center.y - from.y) * real, width, height: from.height * real };
    show();
  };

  const move = (dx, dy) => {
    const from = view ?? { x: 0, y: 0, ...size() };
    view = { ...from, x: from.x + dx, y: from.y + dy };
    show();
  };

  const acts = {
    in: () => zoom(0.75), out: () => zoom(4 / 3), fit: () => { view = null; show(); },
  };

  live.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) acts[button.dataset.zoom]();
  });

  live.addEventListener("keydown", (event) => {
    if (!event.target.closest(".map") || event.ctrlKey || event.metaKey || event.altKey) return;
    const step = (view ?? size()).width / 10;
    const keys = {
      "+": acts.in, "=": acts.in, "-": acts.out, 0: acts.fit,
      ArrowLeft: () => move(-step, 0), ArrowRight: () => move(step, 0),
      ArrowUp: () => move(0, -step), ArrowDown: () => move(0, step),
    };
    if (keys[event.key] && map().closest(".zoomable")) { keys[event.key](); event.preventDefault(); }
  });

  const point = (event) => {
    const svg = map();
    return new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  };

  live.addEventListener("wheel", (event) => {
    if (!event.target.closest(".zoomable #map") || !event.ctrlKey) return;
    event.preventDefault();
    zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, point(event));
  }, { passive: false });

  let held = null;
  live.addEventListener("pointerdown", (event) => {
    if (event.target.closest(".zoomable #map") && !event.target.closest("a") && event.button === 0) held = point(event);
  });
  window.addEventListener("pointermove", (event) => {
    if (!held) return;
    const now = point(event);
    move(held.x - now.x, held.y - now.y);
  });
  window.addEventListener("pointerup", () => { held = null; });

  window.addEventListener("resize", show);
  document.addEventListener("htmx:after:swap", show);
  show();
})();
