// Fetches this page again every two seconds and shows what changed, so that open details, the
// selection and the scroll position stay. Without it, a meta refresh does the same more roughly.
"use strict";

async function refresh() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-part]")) {
        const news = fresh.querySelector(`[data-part="${CSS.escape(part.dataset.part)}"]`);
        if (!news) return location.reload(); // a process came or went: the page has another shape
        if (news.innerHTML !== part.innerHTML && !part.contains(getSelection().focusNode)) part.innerHTML = news.innerHTML;
      }
      if (fresh.querySelectorAll("[data-part]").length !== document.querySelectorAll("[data-part]").length) return location.reload();
    }
    document.body.classList.toggle("away", !answer.ok);
  } catch { document.body.classList.add("away"); }
  setTimeout(refresh, 2000);
}

setTimeout(refresh, 2000);
