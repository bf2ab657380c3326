// Folding, filtering and walking the waterfall. Lines are in order, each child after its parent, so
// that what is under a line is every line after it that is deeper.
"use strict";

(() => {
  const lines = [...document.querySelectorAll(".waterfall .line")];
  const filter = document.getElementById("filter");
  const depth = (line) => Number(line.dataset.depth);
  const folded = new Set();
  filter.hidden = false;

  const show = () => {
    const words = filter.elements.words.value.trim().toLowerCase();
    const critical = filter.elements.critical.checked;
    const logs = filter.elements.logs.checked;
    let hiddenBelow = Infinity;
    for (const line of lines) {
      if (depth(line) <= hiddenBelow) hiddenBelow = Infinity;
      const isLog = line.classList.contains("log");
      const wanted = (!words || line.dataset.words.includes(words))
        && (!critical || line.classList.contains("critical"))
        && (logs || !isLog);
      line.hidden = hiddenBelow !== Infinity || !wanted;
      if (folded.has(line) && hiddenBelow === Infinity) hiddenBelow = depth(line);
    }
  };

  const fold = (line, yes) => {
    const button = line.querySelector(".fold");
    if (!button) return;
    button.setAttribute("aria-expanded", String(!yes));
    if (yes) folded.add(line); else folded.delete(line);
  };

  document.querySelector(".waterfall").addEventListener("click", (event) => {
    const button = event.target.closest(".fold");
    if (button) {
      const line = button.closest(".line");
      fold(line, !folded.has(line));
      show();
      return;
    }
    // A second click on an open span closes it again.
    const link = event.target.closest("a[hx-get]");
    const details = link && link.closest(".line").querySelector(".details");
    if (details?.childElementCount) { details.replaceChildren(); event.preventDefault(); event.stopImmediatePropagation(); }
  }, true);

  filter.addEventListener("input", show);
  filter.addEventListener("submit", (event) => event.preventDefault());
  filter.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fold]");
    if (!button) return;
    // Of everything folded, the first level stays to be seen.
    for (const line of lines) fold(line, button.dataset.fold === "all" && depth(line) > 0);
    show();
  });

  const seen = () => lines.filter((line) => !line.hidden && line.querySelector("a.text"));
  document.querySelector(".waterfall").addEventListener("keydown", (event) => {
    const line = event.target.closest(".line");
    if (!line || event.target.closest(".details") || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = seen();
    const at = all.indexOf(line);
    const go = (to) => to?.querySelector("a.text").focus();
    const keys = {
      ArrowDown: () => go(all[at + 1]),
      ArrowUp: () => go(all[at - 1]),
      Home: () => go(all[0]),
      End: () => go(all.at(-1)),
      ArrowRight: () => { if (folded.has(line)) { fold(line, false); show(); } else go(all[at + 1]); },
      ArrowLeft: () => {
        if (line.querySelector(".fold") && !folded.has(line)) { fold(line, true); show(); }
        else go(all.slice(0, at).findLast((other) => depth(other) < depth(line)));
      },
    };
    if (keys[event.key]) { keys[event.key](); event.preventDefault(); }
  });
})();
