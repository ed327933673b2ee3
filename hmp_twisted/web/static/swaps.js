// What somebody was at survives that htmx puts a part of the page in anew: the focus, which would
// fall back to the top of the page, and, where a part renews itself, what was unfolded in it.
"use strict";

const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary";
const held = new Map();   // by the part's ID

const controlsOf = (part) => [...part.querySelectorAll(CONTROLS)];

// Before the request: a button that sends is disabled meanwhile, and a disabled one has no focus.
document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.detail.target;
  if (part.id) held.set(part.id, { at: controlsOf(part).indexOf(document.activeElement), open: [] });
});

document.addEventListener("htmx:beforeSwap", (event) => {
  const part = event.detail.target;
  const was = held.get(part.id);
  if (!was) return;
  if (part.contains(document.activeElement)) was.at = controlsOf(part).indexOf(document.activeElement);
  if (event.detail.requestConfig.verb !== "get") return;
  was.open = [...part.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
});

function focusOn(part, at) {
  const found = controlsOf(part).slice(at).find((one) => !one.disabled);
  if (!found) part.tabIndex = -1;
  (found || part).focus({ preventScroll: true });
}

document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.target;
  const was = held.get(part.id);
  if (!was) return;
  held.delete(part.id);
  for (const one of part.querySelectorAll("details > summary")) {
    if (was.open.includes(one.textContent)) one.parentElement.open = true;
  }
  if (was.at >= 0 && document.activeElement === document.body) focusOn(part, was.at);
});
