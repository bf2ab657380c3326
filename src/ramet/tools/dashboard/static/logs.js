// New log lines arrive at the top by themselves. Paused, they wait; and of too many, the oldest go.
"use strict";

(() => {
  const rows = document.getElementById("log-rows");
  const pause = document.getElementById("pause");
  if (!pause) return; // a later page: nothing is live
  let waiting = null; // null: not paused
  pause.hidden = false;

  const shorten = () => {
    document.getElementById("no-logs")?.remove();
    while (rows.rows.length > Number(rows.dataset.most)) rows.deleteRow(-1);
  };

  const count = () => waiting.reduce((sum, html) => sum + html.split("<tr").length - 1, 0);

  rows.addEventListener("htmx:sse:before:message", (event) => {
    if (waiting === null) return;
    waiting.push(event.detail.message.data);
    event.preventDefault();
    pause.textContent = `Resume (${count()} new)`;
  });
  rows.addEventListener("htmx:sse:after:message", shorten);

  pause.addEventListener("click", () => {
    if (waiting === null) {
      waiting = [];
      pause.textContent = "Resume";
    } else {
      for (const html of waiting) rows.insertAdjacentHTML("afterbegin", html);
      waiting = null;
      shorten();
      pause.textContent = "Pause";
    }
    pause.setAttribute("aria-pressed", String(waiting !== null));
  });
})();
