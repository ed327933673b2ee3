// What every page needs: the theme switch, messages that go away, times in the reader's time zone,
// and clocks that run. Everything works by delegation, so parts that htmx swaps in work, too.
"use strict";

const root = document.documentElement;

function switchTheme() {
  const dark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* kept for this page only */ }
}

// Without TLS browsers have the older way only.
async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.className = "unseen";
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("this browser does not let pages copy");
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-theme-switch]")) switchTheme();
  const dismiss = event.target.closest("[data-dismiss]");
  if (dismiss) dismiss.parentElement.remove();
  const copy = event.target.closest("[data-copy]");
  if (copy) copyText(copy.dataset.copy).then(() => { copy.textContent = "Copied"; copy.focus(); });
});

document.addEventListener("submit", (event) => {
  const asked = event.target.dataset.confirm;
  if (asked && !confirm(asked)) event.preventDefault();
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

// A field that outlives its form's swap is emptied when what it held was taken.
document.addEventListener("htmx:beforeSwap", (event) => {
  const { elt, verb } = event.detail.requestConfig;
  if (verb !== "post" || event.detail.isError) return;
  for (const field of elt.querySelectorAll("[data-clear-after]")) field.value = "";
});

function showLocalTimes(within) {
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  for (const time of within.querySelectorAll("time[datetime]:not([data-local])")) {
    time.title = time.textContent;
    time.textContent = format.format(new Date(time.dateTime));
    time.dataset.local = "";
  }
}

function clockText(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

// <span data-clock="12.5" data-runs>: seconds when it was rendered, and whether it runs on.
function startClocks(within) {
  for (const clock of within.querySelectorAll("[data-clock]:not([data-since])")) {
    clock.dataset.since = String(performance.now() - 1000 * Number(clock.dataset.clock));
  }
}

function tick() {
  for (const clock of document.querySelectorAll("[data-clock][data-runs][data-since]")) {
    clock.textContent = clockText((performance.now() - Number(clock.dataset.since)) / 1000);
  }
}

// A poster that is still to be made is asked for again: soon at first, then less and less.
const PLACEHOLDER_WIDTH = 320;

function askAgain(poster) {
  const tries = Number(poster.dataset.tries || 0);
  if (poster.naturalWidth !== PLACEHOLDER_WIDTH || tries > 4) return;
  poster.dataset.tries = String(tries + 1);
  const url = poster.src.split("?")[0];
  setTimeout(() => { poster.src = `${url}?try=${tries}`; }, 1000 * 2 ** tries);
}

document.addEventListener("load", (event) => {
  if (event.target.matches?.("img[data-poster]")) askAgain(event.target);
}, true);

function prepare(within) {
  showLocalTimes(within);
  startClocks(within);
  for (const poster of within.querySelectorAll("img[data-poster]:not([data-tries])")) {
    if (poster.complete) askAgain(poster);
  }
}

document.addEventListener("htmx:load", (event) => prepare(event.target.parentElement || document));
document.addEventListener("DOMContentLoaded", () => prepare(document));
prepare(document);
setInterval(tick, 250);

for (const event of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(event, () => {
    const line = document.createElement("p");
    line.className = "flash error";
    line.setAttribute("role", "alert");
    line.textContent = "The server does not answer. It is tried again when you do.";
    document.getElementById("flash").replaceChildren(line);
  });
}
