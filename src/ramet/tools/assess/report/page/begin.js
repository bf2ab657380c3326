// The first paint is text alone. Then the map, and one list after the other whenever nothing else is to do.

const whenIdle = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 20));

function drawFamilies(report) {
  const set = byId("families");
  for (const family of Object.keys(report.families)) {
    const box = el("input", { type: "checkbox", checked: theMap.families.has(family), onchange: () => {
      if (box.checked) theMap.families.add(family); else theMap.families.delete(family);
      theMap.drawLines();
    } });
    set.append(el("label", {}, box, family));
  }
  byId("lines").addEventListener("change", () => theMap.drawLines());
}

// Addresses of a candidate (`#map/0`) and of a model (`#model/orders.Order`), to be sent to somebody.
function follow(report) {
  const [, what, name] = /^#(map|model)\/(.+)$/.exec(location.hash) ?? [];
  if (what === "map" && report.circles[name]) {
    byId("map").scrollIntoView();
    showCircle(Number(name));
  } else if (what === "model") {
    const label = decodeURIComponent(name);
    const row = report.models.label.findIndex((text) => report.texts[text] === label);
    if (row >= 0) showModel(report, row);
  }
}

async function begin() {
  const report = await unpacked();
  const host = (id) => document.querySelector(`#${id} .list`);
  const once = (draw) => {
    let made = false;
    let result;
    return () => {
      if (!made) [made, result] = [true, draw()];
      return result;
    };
  };
  theMap = new SystemMap(report, byId("canvas"));
  drawFamilies(report);
  nothingChosen(report);
  const edges = once(() => drawEdges(report, host("edges")));
  const parts = {
    blockers: once(() => drawPlain(report, host("blockers"), "blocker", "blockers", blockerRow)),
    cuts: once(() => drawCuts(report, host("cuts"))),
    matrix: once(() => drawMatrix(report, host("matrix"), (row, column) => edges()(row, column))),
    edges,
    unseen: once(() => drawPlain(report, host("unseen"), "gap", "gaps", gapRow)),
  };
  const waiting = Object.values(parts);
  const drawAll = () => waiting.splice(0).forEach((draw) => draw());
  const drawNext = () => {
    waiting.shift()?.();
    if (waiting.length) whenIdle(drawNext, { timeout: 300 });
    else document.documentElement.dataset.ready = "";
  };
  addEventListener("beforeprint", drawAll);
  beginSearch(report);
  addEventListener("hashchange", () => follow(report));
  follow(report);
  whenIdle(drawNext, { timeout: 300 });
}

// Behind the next frame, so that the verdict is on the screen before anything is worked on.
requestAnimationFrame(() => setTimeout(() => begin().catch((error) => {
  byId("canvas").replaceChildren(el("p", { class: "panel" }, `The map and the lists could not be drawn: ${error}. The JSON has all of it.`));
  document.documentElement.dataset.ready = "";
  throw error;
})));
