// The console's live trace: server-sent events, shown newest first, filtered and paused in the
// browser. Whatever a device sent is only ever text here, never markup.
"use strict";

const MOST = 500;
const list = document.getElementById("trace");
const filter = document.getElementById("trace-filter");
const pause = document.getElementById("trace-pause");
const state = document.getElementById("trace-state");
const waiting = [];
let paused = false;

function element(name, className, text) {
  const made = document.createElement(name);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

function line(className, said, text, size) {
  const made = element("p", className);
  made.append(element("span", "unseen", said), element("code", "", text), " ",
    element("small", "", `${size} byte${size === 1 ? "" : "s"}`));
  return made;
}

function bytes(one) {
  const made = element("details");
  made.append(element("summary", "", "Bytes"), element("pre", "mono", one.received_hex),
    element("pre", "mono", one.sent_hex));
  return made;
}

function exchange(one) {
  const made = element("li", one.is_error ? "exchange failed" : "exchange");
  const meta = element("p", "meta");
  meta.append(element("time", "", one.at), " ", element("span", "badge", one.what), " ",
    element("span", "", one.actor || "nobody"), " ", element("span", "mono", one.peer), " ",
    element("span", "", `${one.ms} ms`));
  made.append(meta);
  if (one.received_size) made.append(line("sent-line", "Received: ", one.received, one.received_size));
  if (one.sent_size) made.append(line("answer-line", "Answered: ", one.sent, one.sent_size));
  if (one.received_size || one.sent_size) made.append(bytes(one));
  return made;
}

function fits(item) {
  const wanted = filter.value.toLowerCase();
  return !wanted || item.textContent.toLowerCase().includes(wanted);
}

function show(one) {
  const item = exchange(one);
  item.hidden = !fits(item);
  list.prepend(item);
  while (list.children.length > MOST) list.lastElementChild.remove();
  document.getElementById("trace-empty").hidden = true;
}

function tell() {
  state.textContent = paused ? `paused, ${waiting.length} waiting` : "live";
}

const events = new EventSource(`/console/trace?after=${list.dataset.after}`);
events.onopen = tell;
events.onerror = () => { state.textContent = "not connected, trying again"; };
events.onmessage = (event) => {
  const one = JSON.parse(event.data);
  if (paused) waiting.push(one); else show(one);
  if (waiting.length > MOST) waiting.shift();
  tell();
};
events.addEventListener("missed", (event) => {
  list.prepend(element("li", "hint", `${event.data} exchanges came faster than they could be shown.`));
});

pause.addEventListener("click", () => {
  paused = !paused;
  pause.setAttribute("aria-pressed", String(paused));
  pause.textContent = paused ? "Go on" : "Pause";
  if (!paused) waiting.splice(0).forEach(show);
  tell();
});

document.getElementById("trace-clear").addEventListener("click", () => list.replaceChildren());

filter.addEventListener("input", () => {
  for (const item of list.children) item.hidden = !fits(item);
});

document.addEventListener("click", (event) => {
  const example = event.target.closest("[data-try]");
  if (!example) return;
  const field = document.getElementById("lines");
  field.value = example.dataset.try;
  field.focus();
});

document.getElementById("lines").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) event.target.form.requestSubmit();
});
