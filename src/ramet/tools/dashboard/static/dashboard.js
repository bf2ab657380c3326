// What the pages cannot do without a script: the theme switch, the reader's time zone, and saying
// that the dashboard is gone. Reading works without it.
"use strict";

(() => {
  const root = document.documentElement;
  const keep = (name, value) => {
    document.cookie = `${name}=${value}; path=/; max-age=31536000; samesite=strict`;
  };

  // Times are written by the server in the zone that this cookie names: UTC the first time.
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  if (zone && zone !== "UTC" && root.dataset.zone !== zone) {
    keep("ramet-zone", zone);
    if (document.cookie.includes(`ramet-zone=${zone}`)) location.reload();
  }

  const switches = document.querySelector(".themes");
  const show = () => {
    for (const button of switches.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.value === root.dataset.theme));
    }
  };
  switches.hidden = false;
  switches.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    root.dataset.theme = button.value;
    keep("ramet-theme", button.value);
    show();
  });
  show();

  // In the narrow layout the row of pages scrolls; the current one is to be seen.
  document.querySelector(".side nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });

  for (const form of document.querySelectorAll("[data-submit-on-change]")) {
    form.addEventListener("change", () => form.requestSubmit());
    form.querySelector("[data-without-script]")?.setAttribute("hidden", "");
  }

  document.addEventListener("htmx:sse:error", () => document.body.classList.add("disconnected"));
  document.addEventListener("htmx:sse:after:connection", () => document.body.classList.remove("disconnected"));
})();
