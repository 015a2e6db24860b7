// The page of live values: rows made by the server, kept up to date from the live stream.

import { attention } from "./attention.js";
import { devicesInTrouble } from "./devices.js";
import { className, fill, isOutOfRange, isSimulated, markWords, writers } from "./figures.js";
import { follow } from "./stream.js";

const settings = JSON.parse(document.getElementById("settings").textContent);
const { words } = settings;
const write = writers(settings);
const points = new Map([...document.querySelectorAll("[data-point]")].map((row) => [row.dataset.point, read(row)]));
const showAttention = document.getElementById("attention") ? attention({ ...settings, write }) : () => {};
let ahead = settings.nowMs - Date.now(); // the server's clock against this device's [ms]
let state = { brokenSince: null, database: null };
let connected = false;

const now = () => Date.now() + ahead;

function read(row) {
  const d = row.dataset;
  return {
    row, key: d.point, name: d.name, asset: d.asset, unit: d.unit, kind: d.kind, decimals: Number(d.decimals),
    ts: d.ts === "" ? null : Number(d.ts), silentAfterMs: Number(d.silentAfter) * 1000, quality: Number(d.quality),
    text: row.querySelector(".figure").textContent, silent: row.classList.contains("silent"),
    outOfRange: isOutOfRange(Number(d.quality)),
    figure: row.querySelector(".figure"), age: row.querySelector(".age"), mark: row.querySelector(".mark"),
  };
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function take(reading) {
  const point = points.get(reading.point);
  if (point === undefined) return;
  point.ts = Date.parse(reading.ts);
  point.quality = reading.quality.code;
  point.outOfRange = isOutOfRange(point.quality);
  point.text = write.value(reading.value, point.kind, point.decimals);
  set(point.figure, point.text);
  if (isSimulated(point.quality)) document.getElementById("simulated").hidden = false;
}

function tick() {
  const at = now();
  for (const point of points.values()) {
    const heard = point.ts !== null;
    point.silent = !heard || at - point.ts > point.silentAfterMs;
    set(point.age, heard ? write.age((at - point.ts) / 1000) : "–");
    const { row, quality } = point;
    row.classList.toggle("silent", point.silent);
    row.classList.toggle("unheard", !heard);
    row.classList.toggle("out-of-range", point.outOfRange);
    for (const name of ["good", "uncertain", "bad"]) row.classList.toggle(name, name === className(quality));
    point.bad = className(quality) === "bad";
    point.said = markWords({ quality, silent: point.silent, heard }, words);
    set(point.mark, point.said);
    point.mark.hidden = point.said === "";
  }
  showAttention([...points.values()], at);
  showStream(at);
}

/** Says plainly whether what is shown is live; a frozen page must never look like a quiet port. */
function showStream(at) {
  const clock = document.getElementById("clock");
  if (clock) set(clock, write.clock(at));
  const banner = document.getElementById("banner");
  const pill = document.getElementById("stream");
  const frozen = state.brokenSince !== null && Date.now() - state.brokenSince > 1500;
  const failing = state.database?.state === "unreachable";
  if (frozen) {
    set(banner, fill(words.frozen, { time: write.clock(state.brokenSince + ahead), age: write.age((Date.now() - state.brokenSince) / 1000) }));
  } else if (failing) {
    const since = Date.parse(state.database.since);
    set(banner, fill(words.database, { time: write.clock(since), age: write.age((at - since) / 1000) }));
  }
  banner.hidden = !(frozen || failing);
  document.body.classList.toggle("stale", frozen || failing);
  if (pill) {
    const look = frozen || failing ? "broken" : connected ? "ok" : "waiting";
    pill.className = `pill ${look}`;
    set(pill, { broken: words.stream_broken, ok: words.stream_ok, waiting: words.stream_waiting }[look]);
  }
}

follow(settings.stream, settings.heartbeatS, {
  onReadings(readings, nowMs) {
    ahead = nowMs - Date.now();
    connected = true;
    readings.forEach(take);
  },
  onState(next) {
    state = next;
    if (next.brokenSince !== null) connected = false;
    tick();
  },
});
tick();
setInterval(tick, 1000);

// Find a sensor: what is typed narrows the page; "/" goes there, Escape clears it.
const filter = document.getElementById("filter");
const plain = (text) => text.toLowerCase().normalize("NFD").replace(/\p{Mn}/gu, "");

function narrow() {
  const wanted = plain(filter.value).split(/\s+/).filter(Boolean);
  let found = 0;
  for (const { row } of points.values()) {
    const fits = wanted.every((word) => row.dataset.search.includes(word));
    row.hidden = !fits;
    found += fits;
  }
  for (const card of document.querySelectorAll(".asset")) card.hidden = !card.querySelector("tr[data-point]:not([hidden])");
  for (const part of document.querySelectorAll(".utility")) part.hidden = !part.querySelector(".asset:not([hidden])");
  document.getElementById("found").textContent = wanted.length ? fill(words.found, { n: write.number(found, 0) }) : "";
}

if (filter) {
  filter.addEventListener("input", narrow);
  filter.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { filter.value = ""; narrow(); }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !event.target.closest("input, textarea")) { event.preventDefault(); filter.focus(); }
  });
}

// The ledger, the losses and the devices change slowly: asked for every few seconds, not streamed.
const showDevices = document.getElementById("n-devices") ? devicesInTrouble({ words, write }) : () => {};

async function refreshLedger() {
  try {
    const answers = await Promise.all([fetch("/api/v1/ledger/totals"), fetch(settings.losses), fetch(settings.devices)]);
    if (!answers.every((answer) => answer.ok)) return;
    const [totals, losses, devices] = await Promise.all(answers.map((answer) => answer.json()));
    showDevices(devices, now());
    const n = (value) => write.number(value, 0);
    const tile = document.getElementById("ledger");
    tile.className = `ledger ${totals.balanced ? "calm" : "warn"}`;
    const { received, stored, duplicate, quarantined } = totals;
    set(tile.querySelector(".equation"), fill(words.equation, { received: n(received), stored: n(stored), duplicate: n(duplicate), quarantined: n(quarantined) }));
    set(tile.querySelector(".verdict"), totals.balanced ? words.balanced : words.unbalanced);
    set(document.querySelector("#n-quarantine dd"), n(quarantined));
    set(document.querySelector("#n-losses dd"), n(losses.missing));
    document.getElementById("n-losses").className = losses.missing ? "warn" : "calm";
  } catch { /* the stream's banner already says that the service is away */ }
}

if (document.getElementById("ledger")) setInterval(refreshLedger, 5000);
