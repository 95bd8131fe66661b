"use strict";
// Everything that came from a peer is set as text, never as markup.
const at = id => document.getElementById(id);
function el(tag, properties = {}, ...children) {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children.filter(child => child !== ""));
  return made;
}
const counted = (n, what) => `${n} ${what}${n === 1 ? "" : "s"}`;
const chip = state => el("span", { className: `state ${state.split(" ")[0]}`, textContent: state });
const called = series => series.description.startsWith(series.modality) ? series.description || "series" : [series.modality, series.description].filter(Boolean).join(" ");
const path = (...parts) => parts.map(encodeURIComponent).join("/");

// --- what changes -------------------------------------------------------------------------------------------------

function stepRow(step) {
  const done = step.performed.map(one => el("div", { className: "quiet" },
    [one.began, one.station, counted(one.images, "image"), one.reason].filter(Boolean).join(" · ")));
  const row = el("tr", {},
    el("td", { textContent: step.start }),
    el("td", {}, step.patient || "(no name)", el("div", { className: "quiet", textContent: step.patient_id })),
    el("td", {}, step.description || "(no description)", el("div", { className: "quiet", textContent: [step.modality, step.step_id, step.accession].filter(Boolean).join(" · ") })),
    el("td", { textContent: step.station }),
    el("td", {}, chip(step.state), ...done));
  row.dataset.step = step.step_id;
  return row;
}

function unscheduledRow(one) {
  return el("tr", {},
    el("td", { className: "quiet", textContent: "not scheduled" }),
    el("td", { textContent: one.patient || "(no name)" }),
    el("td", {}, one.description || "(no description)", el("div", { className: "quiet", textContent: one.modality })),
    el("td", { textContent: one.station }),
    el("td", {}, chip(one.state), el("div", { className: "quiet", textContent: [one.began, counted(one.images, "image"), one.reason].filter(Boolean).join(" · ") })));
}

const tiles = new Map();  // series UID: its tile, kept so that a picture that is there does not flicker

function seriesTile(study, series) {
  let tile = tiles.get(series.uid);
  if (!tile) {
    const image = el("img", { alt: "", hidden: true });
    const picture = el("span", { className: "picture" }, image);
    const note = el("span", { textContent: series.modality });
    picture.append(note);
    image.onload = () => { image.hidden = false; note.hidden = true; };
    const what = el("span", { className: "what" });
    const button = el("button", { type: "button" }, picture, what);
    button.dataset.series = series.uid;
    tile = { button, image, what, instances: 0 };
    tiles.set(series.uid, tile);
  }
  tile.button.onclick = () => viewer.open(study, series);
  tile.what.textContent = called(series) + ` · ${counted(series.instances, "instance")}`;
  if (tile.instances !== series.instances) {
    tile.instances = series.instances;
    tile.image.src = `page/thumbnail/${path(study.uid, series.uid)}?instances=${series.instances}`;
  }
  return tile.button;
}

function studyCard(study) {
  return el("div", { className: "study" },
    el("h3", { textContent: study.patient || study.patient_id || "(no name)" }),
    el("div", { className: "quiet", textContent: [study.description, study.when, study.patient_id, study.accession].filter(Boolean).join(" · ") }),
    el("div", { className: "series" }, ...study.series.map(series => seriesTile(study, series))));
}

function faultItem(fault) {
  const button = el("button", { type: "button", textContent: "Clear" });
  button.onclick = () => change(`page/faults/${fault.number}/clear`, {});
  return el("li", {}, el("span", { className: "quiet", textContent: fault.peer === "archive" ? "archive" : fault.peer.toUpperCase() }),
    el("code", { textContent: fault.text }), el("span", { className: "quiet", textContent: `struck ${fault.struck}×` }), button);
}

function happeningRow(one) {
  const bad = one.detail.startsWith("rejected") || one.detail.startsWith("aborted") || /^[AC0]...H$/.test(one.status) && one.status !== "0000H" || /^[45]..$/.test(one.status);
  return el("tr", {},
    el("td", { className: "quiet", textContent: one.peer }),
    el("td", { textContent: one.what + (one.times > 1 ? ` ×${one.times}` : "") }),
    el("td", { textContent: one.from }),
    el("td", { className: bad ? "bad" : "", textContent: one.status }),
    el("td", { className: "quiet", textContent: one.detail }));
}

const shown = {};  // part of the page: what it shows, as JSON

function show(name, value, draw) {
  const text = JSON.stringify(value);
  if (shown[name] === text) return;
  shown[name] = text;
  draw(value);
}

function draw(state) {
  show("steps", [state.steps, state.unscheduled], ([steps, unscheduled]) => {
    at("steps").replaceChildren(...unscheduled.map(unscheduledRow), ...steps.map(stepRow));
    if (!steps.length && !unscheduled.length) at("steps").append(el("tr", {}, el("td", { colSpan: 5, className: "quiet", textContent: "Nothing is scheduled." })));
  });
  show("studies", state.studies, studies => {
    const nothing = el("p", { className: "quiet", textContent: "None yet." });
    const focused = document.activeElement && document.activeElement.dataset.series;
    at("studies").replaceChildren(...(studies.length ? studies.map(studyCard) : [nothing]));
    if (focused && tiles.has(focused)) tiles.get(focused).button.focus();
    viewer.grow(studies);
  });
  show("fhir", state.fhir, fhir => {
    at("fhir").textContent = Object.entries(fhir).map(([kind, n]) => `${n} ${kind}`).join(", ");
  });
  show("faults", state.faults, faults => at("faults").replaceChildren(...faults.map(faultItem)));
  show("happenings", state.happenings, all => {
    const rows = peer => all.filter(one => one.peer === peer).reverse().slice(0, 12);
    at("happenings").replaceChildren(...[...rows("archive"), ...rows("RIS")].map(happeningRow));
  });
}

function live(on) {
  at("live").textContent = on ? "live" : "no answer";
  at("live").className = `live ${on ? "on" : "off"}`;
}

async function look() {
  try {
    const response = await fetch("page/state", { cache: "no-cache" });
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

async function change(where, what) {
  at("refused").textContent = "";
  try {
    const response = await fetch(where, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(what) });
    if (!response.ok) at("refused").textContent = await response.text();
    await look();
    return response.ok;
  } catch { live(false); return false; }
}

at("fault").addEventListener("submit", async event => {
  event.preventDefault();
  const form = event.target;
  if (await change("page/faults", { peer: form.peer.value, text: form.text.value.trim() })) form.text.value = "";
});

// --- the viewer ---------------------------------------------------------------------------------------------------

const viewer = {
  study: null, series: null, images: [], index: 0, own: null, window: null, loading: false, wanted: null,

  async open(study, series) {
    Object.assign(this, { study, series, images: [], index: 0, own: null, window: null, wanted: null });
    at("title").textContent = [study.patient, called(series)].filter(Boolean).join(" · ");
    at("image").removeAttribute("src");
    at("place").textContent = "";
    if (!at("viewer").open) at("viewer").showModal();
    await this.fetch(true);
  },

  async fetch(first) {
    const series = this.series;
    const response = await fetch(`page/series/${path(this.study.uid, series.uid)}`);
    if (series !== this.series) return;
    if (!response.ok) { at("place").textContent = await response.text(); return; }
    const found = await response.json();
    this.images = found.images;
    if (first) {
      this.own = found.window;
      this.window = found.window && [...found.window];
      this.index = Math.floor(this.images.length / 2);
    }
    at("reset").hidden = !this.own;
    at("slider").max = Math.max(this.images.length, 1);
    if (this.images.length) this.show(); else at("place").textContent = "no pixels";
  },

  grow(studies) {
    if (!at("viewer").open || !this.series) return;
    for (const study of studies) for (const series of study.series) {
      if (series.uid === this.series.uid && series.instances !== this.series.instances) {
        this.series = series;
        this.fetch(!this.images.length);
      }
    }
  },

  url(index) {
    const [instance, frame] = this.images[index];
    const window = this.window ? `?window=${this.window.map(value => value.toFixed(1)).join(",")}` : "";
    return `page/picture/${path(this.study.uid, this.series.uid, instance)}/${frame}${window}`;
  },

  go(index) {
    if (!this.images.length) return;
    this.index = Math.min(Math.max(index, 0), this.images.length - 1);
    this.show();
  },

  // While a picture is under way only the latest wish is kept: dragging asks for many.
  show() {
    at("slider").value = this.index + 1;
    const window = this.window ? ` · C ${Math.round(this.window[0])} W ${Math.round(this.window[1])}` : "";
    at("place").textContent = `${this.index + 1} of ${this.images.length}${window}`;
    this.wanted = this.url(this.index);
    if (!this.loading) this.load();
  },

  load() {
    const url = this.wanted;
    this.loading = true;
    const next = new Image();
    const done = good => {
      this.loading = false;
      if (this.wanted !== url) { this.load(); return; }
      if (good) at("image").src = url; else at("place").textContent += " · cannot be shown";
      for (const near of [this.index + 1, this.index - 1]) if (this.images[near]) new Image().src = this.url(near);
    };
    next.onload = () => done(true);
    next.onerror = () => done(false);
    next.src = url;
  },
};

at("slider").addEventListener("input", event => viewer.go(Number(event.target.value) - 1));
at("close").addEventListener("click", () => at("viewer").close());
at("reset").addEventListener("click", () => { viewer.window = viewer.own && [...viewer.own]; if (viewer.images.length) viewer.show(); });
at("stage").addEventListener("wheel", event => { event.preventDefault(); viewer.go(viewer.index + Math.sign(event.deltaY)); }, { passive: false });
at("viewer").addEventListener("keydown", event => {
  if (event.target === at("slider")) return;
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1, PageDown: 10, PageUp: -10 }[event.key];
  if (by) { event.preventDefault(); viewer.go(viewer.index + by); }
});

let drag = null;
at("stage").addEventListener("pointerdown", event => {
  if (!viewer.window) return;
  drag = { x: event.clientX, y: event.clientY, window: [...viewer.window] };
  at("stage").setPointerCapture(event.pointerId);
});
at("stage").addEventListener("pointermove", event => {
  if (!drag || !viewer.images.length) return;
  const perPixel = Math.max(drag.window[1], 20) / 300;
  viewer.window = [
    drag.window[0] + (event.clientY - drag.y) * perPixel,
    Math.max(drag.window[1] + (event.clientX - drag.x) * perPixel, 1),
  ];
  viewer.show();
});
for (const end of ["pointerup", "pointercancel"]) at("stage").addEventListener(end, () => { drag = null; });

keepLooking();
