// The list of what needs a look: silent sensors, longest first, and values that are out of range or bad.

import { fill } from "./figures.js";

/** Keeps a list's items in step with `points`, touching only what changed so that the focus stays where it is. */
function reconcile(list, points, siteId, describe) {
  const items = new Map([...list.children].map((item) => [item.dataset.of, item]));
  points.forEach((point, place) => {
    const item = items.get(point.key) ?? make(point, siteId);
    items.delete(point.key);
    describe(item, point);
    if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
  });
  items.forEach((item) => item.remove());
  list.parentElement.hidden = points.length === 0;
}

function make(point, siteId) {
  const item = document.getElementById("attention-item").content.firstElementChild.cloneNode(true);
  item.dataset.of = point.key;
  item.querySelector("a").href = `/${siteId}/point/${point.key}`;
  item.querySelector(".name").textContent = point.name;
  item.querySelector(".where").textContent = point.asset;
  return item;
}

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Makes the function that shows the lists for the points given to it. */
export function attention({ siteId, words, write }) {
  const silentList = document.querySelector("#silent ul");
  const rangeList = document.querySelector("#out-of-range ul");
  let said = null;

  return function show(points, nowMs) {
    const silent = points.filter((p) => p.silent && p.ts !== null).sort((a, b) => a.ts - b.ts);
    const range = points.filter((p) => (p.outOfRange || p.bad) && !p.silent);
    const unheard = points.filter((p) => p.ts === null).length;
    const last = (item, point) => {
      set(item.querySelector(".figure"), point.text);
      set(item.querySelector(".unit"), point.unit);
    };
    reconcile(silentList, silent, siteId, (item, point) => {
      last(item, point);
      const sentence = fill(words.silent_since, { time: write.since(point.ts, nowMs) });
      set(item.querySelector(".why"), `${sentence} · ${write.age((nowMs - point.ts) / 1000)}`);
    });
    reconcile(rangeList, range, siteId, (item, point) => {
      last(item, point);
      set(item.querySelector(".why"), point.said);
    });
    document.getElementById("all-well").hidden = silent.length + range.length > 0;
    count("n-silent", silent.length);
    count("n-range", range.length);
    const note = document.getElementById("unheard");
    note.hidden = unheard === 0;
    set(note, fill(unheard === 1 ? words.unheard_one : words.unheard_many, { n: write.number(unheard, 0) }));
    announce(silent);
  };

  function count(id, n) {
    const tile = document.getElementById(id);
    set(tile.querySelector("dd"), write.number(n, 0));
    tile.className = n ? "warn" : "calm";
  }

  // A screen reader hears of sensors that have just fallen silent, once each, and of nothing else.
  function announce(silent) {
    const keys = new Set(silent.map((point) => point.key));
    if (said !== null) {
      const fresh = silent.filter((point) => !said.has(point.key)).slice(0, 5);
      if (fresh.length) {
        const names = fresh.map((point) => `${point.name}, ${point.asset}`).join(" ; ");
        document.getElementById("said").textContent = fill(words.fell_silent, { names });
      }
    }
    said = keys;
  }
}
