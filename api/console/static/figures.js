// Numbers, ages and times as the reader writes them. The server writes the same (Babel); a test compares the two.

/** Makes the writers for one page. `words` are the server's translations, `zone` is the site's time zone. */
export function writers({ language, zone, words }) {
  const numbers = new Map();
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const shortTime = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" });
  const day = new Intl.DateTimeFormat(language, { timeZone: zone, day: "numeric", month: "short" });
  const dayKey = new Intl.DateTimeFormat("en-CA", { timeZone: zone });

  function number(value, decimals) {
    if (!numbers.has(decimals)) {
      numbers.set(decimals, new Intl.NumberFormat(language, {
        minimumFractionDigits: decimals, maximumFractionDigits: decimals, useGrouping: "always", roundingMode: "halfEven",
      }));
    }
    return numbers.get(decimals).format(value).replace(/^-(0(?:[.,]0+)?)$/, "$1");
  }

  function value(raw, kind, decimals) {
    if (raw === null) return "–";
    if (kind === "state" && (raw === 0 || raw === 1)) return raw ? words.yes : words.no;
    return number(raw, shownDecimals(raw, decimals, kind));
  }

  // Five figures tell all that a sensor can; a register keeps every one.
  function shownDecimals(raw, decimals, kind) {
    if (kind === "counter") return decimals;
    const whole = Math.floor(Math.log10(Math.max(Math.abs(raw), 1))) + 1;
    return Math.max(0, Math.min(decimals, 5 - whole));
  }

  function age(seconds) {
    const s = Math.max(0, Math.floor(seconds));
    if (s < 60) return `${s} s`;
    const minutes = Math.floor(s / 60);
    if (minutes < 60) return `${minutes} min`;
    const hours = Math.floor(minutes / 60);
    if (hours < 24) return `${hours} h ${String(minutes % 60).padStart(2, "0")}`;
    return `${number(Math.floor(hours / 24), 0)} ${words.day} ${hours % 24} h`;
  }

  function since(ms, nowMs) {
    const time = shortTime.format(ms);
    return dayKey.format(ms) === dayKey.format(nowMs) ? time : `${day.format(ms)} ${time}`;
  }

  return { number, value, age, since, clock: (ms) => clock.format(ms) };
}

// Bits of the quality integer, as telemetry.quality has them.
const RANGE = 1 << 2;
const SIMULATED = 1 << 12;
const REASONS = ["range", "rate", "stuck", "spike", "stale", "comm", "clock", "calibration_due", "substituted", "manual"];

export const isOutOfRange = (quality) => (quality & RANGE) !== 0;
export const isSimulated = (quality) => (quality & SIMULATED) !== 0;
export const className = (quality) => ["good", "uncertain", "bad", "bad"][quality & 3];

/** The words of the mark beside a name: empty for a good, live value. */
export function markWords({ quality, silent, heard }, words) {
  if (!heard) return words.unheard;
  if (silent) return words.silent;
  if (isOutOfRange(quality)) return words.range;
  const named = REASONS.filter((_, i) => quality & (1 << (i + 2))).map((reason) => words[reason]);
  const lead = { good: "", uncertain: words.uncertain, bad: words.bad }[className(quality)];
  return [lead, ...named].filter(Boolean).join(" · ");
}

/** Fills `%(name)s` places of a translated sentence. */
export function fill(sentence, figures) {
  return sentence.replace(/%\((\w+)\)s/g, (_, name) => figures[name]);
}
