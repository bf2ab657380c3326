// Keeps an order's status up to date while it is pending. Without it the page reloads itself
// (a meta refresh in <noscript>), so nothing depends on this file.
"use strict";

const place = document.querySelector("[data-watch]");
const trace = document.querySelector('meta[name="traceparent"]');
const headers = { Accept: "text/html", ...(trace && { traceparent: trace.content }) };

async function look() {
  let settled = false;
  try {
    const answer = await fetch(place.dataset.watch, { headers });
    if (answer.redirected) return location.reload(); // signed out meanwhile: let the page say so
    if (answer.ok) {
      const text = await answer.text();
      // Unchanged text is left alone: replacing it would make screen readers say it again.
      if (place.dataset.shown !== text) place.innerHTML = place.dataset.shown = text;
      settled = place.querySelector("[data-settled]") !== null;
    }
  } catch { /* the network is away for a moment: the next look tries again */ }
  if (!settled) setTimeout(look, 700);
}

if (place && !place.querySelector("[data-settled]")) look();
