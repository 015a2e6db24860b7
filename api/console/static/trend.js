// Reads the chart value by value: with the pointer, or with the arrow keys while the chart has the focus.

const figure = document.getElementById("trend");
const SVG = "http://www.w3.org/2000/svg";
let place = null; // index into the table's rows, oldest first

function rowsOf() {
  const rows = [...document.querySelectorAll("#values tbody tr")].reverse();
  const head = [...document.querySelectorAll("#values th")].map((cell) => cell.textContent);
  return { rows, head };
}

function show(next) {
  const { rows, head } = rowsOf();
  if (!rows.length) return;
  place = Math.max(0, Math.min(rows.length - 1, next));
  const row = rows[place];
  const [time, value, ...others] = [...row.cells].map((cell) => cell.textContent);
  const rest = others.map((text, i) => `${head[i + 2]} ${text}`).join(" · ");
  figure.querySelector(".readout").textContent = `${time} – ${value}${rest ? ` · ${rest}` : ""}`;
  for (const chart of figure.querySelectorAll("svg")) mark(chart, Number(row.dataset.at));
}

function mark(chart, at) {
  const { start, end, left, right } = Object.fromEntries(Object.entries(chart.dataset).map(([k, v]) => [k, Number(v)]));
  const x = left + ((at - start) / (end - start)) * (right - left);
  let cursor = chart.querySelector(".cursor");
  if (!cursor) {
    cursor = document.createElementNS(SVG, "line");
    cursor.setAttribute("class", "cursor");
    cursor.setAttribute("y1", 8);
    cursor.setAttribute("y2", chart.viewBox.baseVal.height - 34);
    chart.append(cursor);
  }
  cursor.setAttribute("x1", x);
  cursor.setAttribute("x2", x);
}

function nearest(chart, clientX) {
  const box = chart.getBoundingClientRect();
  const { start, end, left, right } = Object.fromEntries(Object.entries(chart.dataset).map(([k, v]) => [k, Number(v)]));
  const x = ((clientX - box.left) / box.width) * chart.viewBox.baseVal.width;
  const at = start + ((x - left) / (right - left)) * (end - start);
  const { rows } = rowsOf();
  let best = 0;
  rows.forEach((row, i) => {
    if (Math.abs(Number(row.dataset.at) - at) < Math.abs(Number(rows[best].dataset.at) - at)) best = i;
  });
  return best;
}

figure.addEventListener("pointermove", (event) => {
  const chart = event.target.closest("svg");
  if (chart) show(nearest(chart, event.clientX));
});

figure.querySelector(".plot").addEventListener("keydown", (event) => {
  const last = rowsOf().rows.length - 1;
  const from = place ?? last;
  const next = { ArrowLeft: from - 1, ArrowRight: from + 1, PageUp: from - 10, PageDown: from + 10, Home: 0, End: last }[event.key];
  if (next === undefined) return;
  event.preventDefault();
  show(next);
});

// The chart follows time, unless it is of a past that stands still: its page is asked for again now and then, and only what changed is put in its place.
const REFRESH_MS = 30000;

async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of [".plot", "#in-words", "#values tbody"]) {
      document.querySelector(part).replaceChildren(...fresh.querySelector(part).childNodes);
    }
    place = null;
    figure.querySelector(".readout").textContent = "";
  } catch { /* the banner of the live stream already says that the service is away */ }
}

if (!("still" in figure.dataset)) setInterval(refresh, REFRESH_MS);
