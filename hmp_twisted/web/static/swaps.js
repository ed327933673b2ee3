// What somebody was at survives that htmx puts a part of the page in anew: the focus, which would
// fall back to the top of the page, and, where a part renews itself, what was unfolded in it.
"use strict";

const CONTROLS = "a[href], button, input:not([type=hidden]), select, textarea, summary";
const held = new Map();   // by the part's ID

// What a control is known by: an ID, or what it says. Its place alone will not do: there might be
// another one by then, and a second press would do something else.
const nameOf = (one) => one.id || one.ariaLabel || one.textContent.trim() || one.name;
const focusIn = (part) => (part.contains(document.activeElement) ? nameOf(document.activeElement) : "");

// A part may be asked for twice at a time, by a button and by itself: what the first request found
// counts as long as nothing else has the focus.
function hold(part) {
  const before = document.activeElement === document.body ? held.get(part.id) : null;
  const was = { focused: focusIn(part) || (before ? before.focused : ""), open: [] };
  if (part.id) held.set(part.id, was);
  return was;
}

// Before the request, too: a button that sends is disabled then, and a disabled one has no focus.
document.addEventListener("htmx:beforeRequest", (event) => hold(event.detail.target));

document.addEventListener("htmx:beforeSwap", (event) => {
  const { target: part, requestConfig: { verb } } = event.detail;
  const was = hold(part);
  if (verb !== "get") return;
  was.open = [...part.querySelectorAll("details[open] > summary")].map((one) => one.textContent);
});

function focusOn(part, name) {
  const found = [...part.querySelectorAll(CONTROLS)].find((one) => nameOf(one) === name && !one.disabled);
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
  if (was.focused && document.activeElement === document.body) focusOn(part, was.focused);
});
