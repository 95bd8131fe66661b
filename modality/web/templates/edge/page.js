"use strict";
// Everything that came from a device or a peer is set as text, never as markup.
const at = id => document.getElementById(id);
function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter(child => child !== "" && child !== null));
  return made;
}
const said = one => el("div", { className: `words ${one.tone}` }, el("span", { textContent: one.text }));
const detail = one => one.detail ? el("div", { className: "detail", textContent: one.detail }) : "";
const quiet = text => el("span", { className: "quiet", textContent: text });

// --- devices: a card each, kept, so that traces do not flicker ------------------------------------------------------

const cards = new Map();

function card(device) {
  let kept = cards.get(device.name);
  if (!kept) {
    kept = { top: el("div", { className: "top" }), words: el("div"), traces: el("div", { className: "traces" }), numbers: el("div", { className: "numbers" }), canvases: [] };
    kept.monitor = el("div", { className: "monitor" }, kept.traces, kept.numbers);
    kept.element = el("article", { className: "device" }, kept.top, kept.words, kept.monitor);
    kept.element.dataset.device = device.name;
    cards.set(device.name, kept);
  }
  kept.top.replaceChildren(el("h3", { textContent: device.name }), quiet(device.driver), el("span", { className: "quiet counts", textContent: device.counts }));
  kept.words.replaceChildren(...[said(device), detail(device)].filter(Boolean));
  const traces = device.traces.filter(one => one.points.length);
  kept.monitor.hidden = !traces.length && !device.numbers.length;
  kept.monitor.classList.toggle("old", traces.length > 0 && traces.every(one => one.stale));
  kept.traces.classList.toggle("many", traces.length > 2);
  if (kept.canvases.length !== traces.length) {
    kept.canvases = traces.map(() => ({ canvas: el("canvas"), label: el("span") }));
    kept.traces.replaceChildren(...kept.canvases.map(one => el("div", { className: "trace" }, one.canvas, one.label)));
  }
  kept.draw = () => traces.forEach((trace, index) => plot(kept.canvases[index], trace));
  kept.numbers.replaceChildren(...device.numbers.map(number));
  kept.numbers.hidden = !device.numbers.length;
  return kept;
}

function number(one) {
  const text = !/^[-+\d.]/.test(one.value);
  return el("div", { className: `number ${one.stale ? "stale" : ""}` },
    el("div", { className: "label", textContent: one.label + (one.stale ? ` · ${one.age}` : "") }),
    el("div", { className: `value ${text ? "text" : ""}` }, one.stale ? "–" : one.value, one.unit && !one.stale ? el("small", { textContent: ` ${one.unit}` }) : ""));
}

function plot(shown, trace) {
  const { canvas, label } = shown, scale = window.devicePixelRatio || 1;
  label.textContent = trace.label;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${trace.label}, the last ten seconds`);
  const width = Math.round(canvas.clientWidth * scale), height = Math.round(canvas.clientHeight * scale);
  if (!width || !height) return;
  if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
  const context = canvas.getContext("2d"), points = trace.points;
  context.clearRect(0, 0, width, height);
  context.strokeStyle = "#1a2c38"; context.lineWidth = scale; context.beginPath();
  for (let second = 1; second < 10; second++) { const x = Math.round(width * second / 10); context.moveTo(x, 0); context.lineTo(x, height); }
  context.stroke();
  let low = Math.min(...points), high = Math.max(...points);
  if (high - low < 1e-9) { low -= 1; high += 1; }
  const start = width * (1 - trace.share), step = width * trace.share / Math.max(points.length - 1, 1), room = height * .12;
  context.strokeStyle = trace.stale ? "#6f8896" : "#3fd88b"; context.lineWidth = 1.6 * scale; context.lineJoin = "round"; context.beginPath();
  points.forEach((value, index) => {
    const y = height - room - (value - low) / (high - low) * (height - 2.4 * room);
    if (index) context.lineTo(start + index * step, y); else context.moveTo(start, y);
  });
  context.stroke();
}

// --- what waits, and what a person has to decide --------------------------------------------------------------------

const head = item => el("div", { className: "line" }, el("strong", { textContent: item.what }), quiet(item.device), el("span", { className: "quiet when", textContent: `${item.when} · ${item.size}` }));

function button(label, act, name = "") {
  const made = el("button", { type: "button", textContent: label, className: name });
  made.onclick = act;
  return made;
}

function row(item, ...buttons) {
  const made = el("li", {}, head(item), said(item), detail(item), item.reason && !item.text.includes(item.reason) ? el("div", { className: "quiet", textContent: item.reason }) : "",
    buttons.length ? el("div", { className: "buttons" }, ...buttons) : "");
  made.dataset.uid = item.uid;
  return made;
}

const heldRow = item => row(item, button("Choose the patient", () => assigning.open(item), "main"), button("Do not deliver", () => discarding.open(item)));
const deadRow = item => row(item,
  button("Send again", () => change(`page/items/${item.uid}/${item.made ? "retry" : "again"}`, {}), "main"),
  item.somewhere ? "" : button("Another patient", () => assigning.open(item)),
  button("Do not deliver", () => discarding.open(item)));

function stepRow(step) {
  const made = el("li", { className: "step" }, el("span", { className: "time", textContent: step.start || "–" }),
    el("div", {}, el("strong", { textContent: step.patient_name || "(no name)" }), " ", quiet(step.patient_id)),
    el("span"), quiet([step.modality, step.description, step.accession_number].filter(Boolean).join(" · ")));
  made.dataset.step = step.step;
  return made;
}

const shown = {};  // part of the page: what it shows, as JSON
let steps = [];

function show(name, value, draw) {
  const text = JSON.stringify(value);
  if (shown[name] === text) return;
  shown[name] = text;
  draw(value);
}

function list(id, all, make, nothing) {
  show(id, all, () => at(id).replaceChildren(...(all.length ? all.map(make) : [el("li", { className: "quiet", textContent: nothing })])));
}

function draw(state) {
  at("clock").hidden = !state.clock;
  at("clock").textContent = state.clock;
  show("devices", state.devices, devices => {
    const drawn = devices.map(card);
    if (at("devices").children.length !== drawn.length) at("devices").replaceChildren(...drawn.map(one => one.element));
    drawn.forEach(one => one.draw());
  });
  list("destinations", state.destinations, one => el("li", {}, el("div", { className: "line" }, el("strong", { textContent: one.name })), said(one), detail(one)), "none");
  at("held-section").hidden = !state.held.length;
  at("held-count").textContent = state.counts.held || "";
  list("held", state.held, heldRow, "");
  at("dead-section").hidden = !state.dead.length;
  at("dead-count").textContent = state.counts.dead || "";
  list("dead", state.dead, deadRow, "");
  at("worklist-section").hidden = !state.worklist;
  if (state.worklist) {
    steps = state.worklist.steps;
    at("worklist-age").className = state.worklist.tone === "bad" ? "bad quiet" : "quiet";
    at("worklist-age").textContent = state.worklist.text;
    list("worklist", steps, stepRow, "Nothing is scheduled.");
  }
  list("queue", state.queue, one => row(one), "Nothing was captured yet.");
  const counts = state.counts, open = (counts.captured || 0) + (counts.ready || 0) + (counts.stored || 0);
  at("queue-count").textContent = `${open} on the way, ${counts.delivered || 0} delivered`;
  const asked = (counts.held || 0) + (counts.dead || 0), wrong = state.devices.filter(one => one.tone === "bad").length + state.destinations.filter(one => one.tone === "bad").length;
  at("summary").textContent = [asked ? `${asked} to decide` : "", wrong ? `${wrong} in trouble` : "", !asked && !wrong ? "all is well" : ""].filter(Boolean).join(" · ");
}

function live(on) {
  at("live").textContent = on ? "live" : "no answer";
  at("live").className = `chip ${on ? "on" : "off"}`;
}

async function look() {
  try {
    const response = await fetch("page/state", { cache: "no-cache" });
    if (response.status === 401) { location.reload(); return; }
    if (response.ok) draw(await response.json());
    live(response.ok);
  } catch { live(false); }
}

let timer;
async function keepLooking() {
  clearTimeout(timer);
  if (!document.hidden) await look();
  clearTimeout(timer);
  timer = setTimeout(keepLooking, 1000);
}
document.addEventListener("visibilitychange", () => { if (!document.hidden) keepLooking(); });
window.addEventListener("resize", () => cards.forEach(one => one.draw && one.draw()));

// What was refused, as text; empty when it is done.
async function post(where, what) {
  try {
    const response = await fetch(where, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what) });
    if (response.status === 401) location.reload();
    return response.ok ? "" : await response.text() || "refused";
  } catch { live(false); return "The box does not answer."; }
}

async function change(where, what) {
  const refused = await post(where, what);
  at("refused").textContent = refused;
  at("refused").hidden = !refused;
  await look();
}

const about = item => `${item.what} · ${item.device} · ${item.when} · ${item.size}`;

// --- whose is it: nobody is chosen until a person chooses -------------------------------------------------------------

const assigning = {
  uid: "",

  open(item) {
    this.uid = item.uid;
    at("assign-form").reset();
    at("assign-what").textContent = about(item);
    at("assign-reason").textContent = item.text;
    at("assign-refused").textContent = "";
    const first = new Set(item.choices), sorted = [...steps.filter(one => first.has(one.step)), ...steps.filter(one => !first.has(one.step))];
    at("steps-field").hidden = !sorted.length;
    at("steps").replaceChildren(...sorted.map(step => el("label", {}, el("input", { type: "radio", name: "step", value: step.step }),
      el("span", {}, el("strong", { textContent: step.patient_name || "(no name)" }), " ", quiet(step.patient_id), el("br"),
        quiet([step.start, step.birth_date && `born ${step.birth_date}`, step.modality, step.description, step.accession_number].filter(Boolean).join(" · "))))));
    this.typed();
    at("assign").showModal();
  },

  chosen() {
    const form = at("assign-form"), step = form.step.value;
    if (step) return { step };
    if (!at("typed").checked || !form.patient_id.value.trim()) return null;
    const name = [form.family.value.trim(), form.given.value.trim()].join("^").replace(/\^$/, "");
    const filled = { patient_id: form.patient_id.value.trim(), name, birth_date: form.birth_date.value.replaceAll("-", ""), sex: form.sex.value };
    return Object.fromEntries(Object.entries(filled).filter(([, value]) => value));
  },

  typed() {
    at("typing").hidden = !at("typed").checked;
    const chosen = this.chosen(), step = chosen && chosen.step && steps.find(one => one.step === chosen.step);
    at("assign-go").disabled = !chosen;
    at("assign-go").textContent = !chosen ? "Choose a patient" : `It is ${step ? `${step.patient_name}, ${step.patient_id}` : chosen.patient_id}`;
  },

  async send() {
    const chosen = this.chosen();
    if (!chosen) return;
    const refused = await post(`page/items/${this.uid}/assign`, chosen);
    at("assign-refused").textContent = refused;
    if (!refused) at("assign").close();
    await look();
  },
};
at("assign-form").addEventListener("input", () => assigning.typed());
at("assign-form").addEventListener("submit", event => { event.preventDefault(); assigning.send(); });
at("assign-cancel").addEventListener("click", () => at("assign").close());

const discarding = {
  uid: "",
  open(item) {
    this.uid = item.uid;
    at("discard-form").reset();
    at("discard-what").textContent = about(item);
    at("discard-refused").textContent = "";
    at("discard").showModal();
  },
  async send() {
    const refused = await post(`page/items/${this.uid}/discard`, { reason: at("discard-form").reason.value });
    at("discard-refused").textContent = refused;
    if (!refused) at("discard").close();
    await look();
  },
};
at("discard-form").addEventListener("submit", event => { event.preventDefault(); discarding.send(); });
at("discard-cancel").addEventListener("click", () => at("discard").close());

if (at("leave")) at("leave").addEventListener("click", async () => { await post("logout", {}); location.reload(); });

keepLooking();
