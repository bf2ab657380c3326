// A long list, of which only as much is in the page as has been asked for. It does not grow by itself when
// scrolled to: whoever scrolls on wants the next section.

const FIRST = 25;
const NEXT = 200;
const PRINTED = 300;

class Listing {
  // `draw(item)` makes a row's content: an element with class "row".
  constructor(host, what, draw) {
    this.draw = draw;
    this.what = what;
    this.status = el("p", { class: "status", role: "status" });
    this.rows = el("ul", { class: "rows" });
    this.more = el("button", { type: "button", class: "more", onclick: () => this.grow(NEXT, true) });
    host.append(this.status, this.rows, this.more);
    listings.push(this);
  }

  show(items) {
    this.items = items;
    this.shown = 0;
    this.rows.replaceChildren();
    this.status.textContent = items.length ? many(items.length, this.what) : `No ${this.what}s.`;
    this.grow(FIRST);
  }

  grow(number, focus) {
    if (!this.items) return;
    const next = this.items.slice(this.shown, this.shown + number).map((item) => el("li", {}, this.draw(item)));
    this.rows.append(...next);
    this.shown += next.length;
    const left = this.items.length - this.shown;
    this.more.hidden = left === 0;
    this.more.textContent = `Show ${Math.min(NEXT, left)} more of ${left.toLocaleString("en")}`;
    if (focus && next.length) next[0].querySelector("summary, button")?.focus();
  }
}

const listings = [];
addEventListener("beforeprint", () => {
  for (const listing of listings) {
    if (listing.items && listing.shown < PRINTED) listing.grow(PRINTED - listing.shown);
  }
  for (const each of document.querySelectorAll("main details")) each.open = true;
});
