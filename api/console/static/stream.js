// Follows the live stream, notices when it stalls, and takes it up again where it broke.

const PATIENCE = 2.5; // heartbeats without an event before the connection counts as lost
const LONGEST_WAIT_MS = 15000;

/**
 * Calls `onReadings(readings, nowMs)` and `onState({ brokenSince, database })`; times are milliseconds.
 * `brokenSince` is the time of the last event heard while there is no live connection, else null.
 */
export function follow(url, heartbeatS, { onReadings, onState }) {
  let source = null;
  let lastId = "";
  let lastHeard = Date.now();
  let attempts = 0;
  let retry = null;

  function heard(event) {
    lastHeard = Date.now();
    attempts = 0;
    if (event.lastEventId) lastId = event.lastEventId;
    const message = JSON.parse(event.data);
    onReadings(message.readings ?? [], Date.parse(message.now));
    onState({ brokenSince: null, database: message.database });
  }

  function lost() {
    source?.close();
    source = null;
    onState({ brokenSince: lastHeard, database: null });
    if (retry !== null) return;
    const wait = Math.min(1000 * 2 ** attempts, LONGEST_WAIT_MS) * (0.7 + 0.6 * Math.random());
    attempts += 1;
    retry = setTimeout(open, wait);
  }

  function open() {
    retry = null;
    source = new EventSource(lastId ? `${url}&after=${encodeURIComponent(lastId)}` : url);
    source.addEventListener("latest", heard);
    source.addEventListener("state", heard);
    source.addEventListener("error", lost);
  }

  setInterval(() => {
    if (source !== null && Date.now() - lastHeard > PATIENCE * heartbeatS * 1000) lost();
  }, 1000);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  open();
}
