// Devices that are offline or believe what the site file does not say: they change rarely and are asked for, not streamed.

import { fill } from "./figures.js";

function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Returns the sentence of one device. */
function why(device, words, write, nowMs) {
  const differences = device.meta.reduce((sum, meta) => sum + meta.differences.length, 0);
  const parts = [];
  if (device.state === "offline") {
    const sinceMs = Date.parse(device.since);
    parts.push(`${fill(words.offline_since, { time: write.since(sinceMs, nowMs) })} · ${write.age((nowMs - sinceMs) / 1000)}`);
  }
  if (differences) parts.push(fill(differences === 1 ? words.differs_one : words.differs_many, { n: write.number(differences, 0) }));
  return parts.join(" · ");
}

/** Makes the function that shows the list and the tile for the devices given to it. */
export function devicesInTrouble({ words, write }) {
  const box = document.getElementById("devices");
  const list = box.querySelector("ul");
  const tile = document.getElementById("n-devices");

  return function show(devices, nowMs) {
    const troubled = devices.filter((device) => device.state === "offline" || device.data_alarm);
    troubled.sort((a, b) => (b.state === "offline") - (a.state === "offline"));
    const items = new Map([...list.children].map((item) => [item.dataset.of, item]));
    troubled.forEach((device, place) => {
      const item = items.get(device.device) ?? document.getElementById("device-item").content.firstElementChild.cloneNode(true);
      items.delete(device.device);
      item.dataset.of = device.device;
      set(item.querySelector(".name"), device.device);
      set(item.querySelector(".where"), device.assets.join(", "));
      set(item.querySelector(".why"), why(device, words, write, nowMs));
      if (list.children[place] !== item) list.insertBefore(item, list.children[place] ?? null);
    });
    items.forEach((item) => item.remove());
    box.hidden = troubled.length === 0;
    set(tile.querySelector("dd"), write.number(troubled.length, 0));
    tile.className = troubled.length ? "warn" : "calm";
  };
}
