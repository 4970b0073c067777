// A whole communicator in JavaScript: store on disk, publish at QoS 1, delete when a receipt covers it.
//
// It reads one report a line from standard input (a JSON object without `v`, `model`, `epoch` and `seq`) and ends when
// the input has ended and every message is covered. Needs Node 18 and the package `mqtt` 5.
//
//     node communicator.mjs mqtt://HOST:PORT SERIAL MODEL FOLDER < reports     (the password in COMMUNICATOR_PASSWORD)
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, readdirSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import mqtt from "mqtt";

const AGAIN_AFTER_MS = 30_000; // without a receipt for so long, what is not covered is published again
const [address, serial, model, folder] = process.argv.slice(2);
const topic = `pumps/${serial}`;
mkdirSync(folder, { recursive: true });

// The disk: `counter` holds epoch, seq and the highest published seq; each message is a file EPOCH-SEQ.json.
function write(name, value) {
  const file = openSync(join(folder, `${name}.new`), "w");
  writeSync(file, JSON.stringify(value));
  fsyncSync(file);
  closeSync(file);
  renameSync(join(folder, `${name}.new`), join(folder, name)); // whole or not at all
}
function read(name) {
  return JSON.parse(readFileSync(join(folder, name), "utf8"));
}
function stored() {
  const names = readdirSync(folder).filter((name) => /^\d+-\d+\.json$/.test(name));
  const numbered = names.map((name) => ({ name, epoch: parseInt(name), seq: parseInt(name.split("-")[1]) }));
  return numbered.sort((one, other) => one.epoch - other.epoch || one.seq - other.seq);
}
let counter = { epoch: 1, seq: 0, published: 0 };
if (readdirSync(folder).includes("counter")) counter = read("counter");
const newest = stored().at(-1); // stored, but the process ended before it was counted
if (newest && newest.epoch === counter.epoch) counter.seq = Math.max(counter.seq, newest.seq);

const presence = (online) => JSON.stringify({ v: 1, online, at: new Date().toISOString() });
const client = mqtt.connect(address, {
  username: serial,
  password: process.env.COMMUNICATOR_PASSWORD,
  protocolVersion: 4,
  keepalive: 60,
  reconnectPeriod: 5000,
  will: { topic: `${topic}/presence`, payload: presence(false), qos: 1, retain: true },
});
let ready = false;
let ended = false;

function publish({ name, epoch, seq }) {
  if (epoch === counter.epoch && seq > counter.published) {
    counter.published = seq;
    write("counter", counter);
  }
  const { kind, message } = read(name);
  client.publish(`${topic}/${kind}`, JSON.stringify({ v: 1, epoch, seq, ...message }), { qos: 1 });
}

function publishAgain() {
  if (!client.connected) return;
  ready = true;
  for (const one of stored()) publish(one);
}

function send(kind, message) {
  const seq = counter.seq + 1;
  const one = { name: `${counter.epoch}-${seq}.json`, epoch: counter.epoch, seq };
  write(one.name, { kind, message });
  counter.seq = seq;
  write("counter", counter);
  if (ready) publish(one);
}

// A receipt that covers more than this disk ever published: the disk is younger than the pump. Begin the next epoch.
function beginEpochAfter(receipt) {
  const newer = receipt.epoch - counter.epoch || receipt.contiguous - counter.published;
  if (newer <= 0) return;
  const waiting = stored();
  counter = { epoch: receipt.epoch + 1, seq: 0, published: 0 };
  for (const { name } of waiting) {
    const { kind, message } = read(name);
    send(kind, message);
    rmSync(join(folder, name));
  }
}

client.on("connect", () => {
  client.subscribe(`${topic}/receipt`, { qos: 0 });
  client.publish(`${topic}/presence`, presence(true), { qos: 1, retain: true });
  setTimeout(publishAgain, 1000); // a second for the retained receipt, which may begin another epoch
});
client.on("close", () => { ready = false; });
client.on("error", (fault) => console.error(fault.message));
client.on("message", (from, payload) => {
  if (from !== `${topic}/receipt`) return;
  const receipt = JSON.parse(payload);
  beginEpochAfter(receipt);
  const missing = (seq) => receipt.missing.some(([first, last]) => first <= seq && seq <= last);
  for (const { name, epoch, seq } of stored()) {
    if (epoch === receipt.epoch && seq <= receipt.contiguous && !missing(seq)) rmSync(join(folder, name));
  }
  leaveWhenCovered();
});

function leaveWhenCovered() {
  if (!ended || stored().length > 0) return;
  clearInterval(again);
  client.publish(`${topic}/presence`, presence(false), { qos: 1, retain: true }, () => client.end());
}

const again = setInterval(publishAgain, AGAIN_AFTER_MS);
for await (const line of createInterface({ input: process.stdin })) send("telemetry", { model, ...JSON.parse(line) });
ended = true;
leaveWhenCovered();
