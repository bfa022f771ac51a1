/**
 * Runs in a namespace: answers on given ports, and sends what it is told on standard input, a JSON line each; says
 * what came of it, a JSON line each.
 */
const { EventEmitter } = require("node:events");
const { setTimeout } = require("node:timers");
const net = require("node:net");
const dgram = require("node:dgram");
const { spawn } = require("node:child_process");
const { createInterface } = require("node:readline");

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const kept = new Map();

function listen({ port }) {
  const server = net.createServer((socket) => {
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => socket.write(data));
  });
  server.listen({ host: "::", port }, () => {
    const udp = dgram.createSocket("udp6");
    udp.on("message", (data, from) => udp.send(data, from.port, from.address));
    udp.bind(port, "::", () => say({ listening: port }));
  });
}

/** Says what became of it, once. What is kept can be tried again: see `echo`. */
function teller({ id, wait, keep }, { end, ...flow }) {
  let told = false;
  const tell = (result) => {
    if (told) return;
    told = true;
    say({ id, result });
    if (keep && result === "connected") kept.set(id, flow);
    else end();
  };
  setTimeout(() => tell("silent"), wait);
  return tell;
}

/** `connected`, `refused` (a reset or an ICMP error) or `silent`. */
function tcp(message) {
  const { from, localPort, to, port } = message;
  const socket = net.connect({ host: to, port, localAddress: from, localPort });
  const tell = teller(message, {
    end: () => socket.destroy(),
    send: () => socket.write("x"),
    once: (answer) => socket.once("data", answer),
  });
  socket.on("connect", () => tell("connected"));
  socket.on("error", () => tell("refused"));
}

function udp(message) {
  const { from, localPort, to, port } = message;
  const socket = dgram.createSocket(to.includes(":") ? "udp6" : "udp4");
  const send = () => socket.send("x");
  const tell = teller(message, { end: () => socket.close(), send, once: (answer) => socket.once("message", answer) });
  socket.on("message", () => tell("connected"));
  socket.on("error", () => tell("refused"));
  socket.bind(localPort, from, () => socket.connect(port, to, send));
}

/** One that is kept goes on by itself, under one id. */
function ping(message) {
  const { from, to, wait, keep } = message;
  const count = keep ? ["-i0.2"] : ["-c1", `-W${wait / 1000}`];
  const child = spawn("ping", ["-n", ...count, "-I", from, to], { stdio: ["ignore", "pipe", "ignore"] });
  const answers = new EventEmitter();
  const tell = teller(message, {
    end: () => child.kill(),
    send: () => undefined,
    once: (answer) => answers.once("answer", answer),
  });
  let text = "";
  child.stdout.on("data", (data) => {
    text += data;
    if (/bytes from/.test(data)) answers.emit("answer");
  });
  if (keep) {
    answers.on("answer", () => tell("connected"));
    process.on("exit", () => child.kill());
  }
  child.on("close", (code) => tell(code === 0 ? "connected" : /From /.test(text) ? "refused" : "silent"));
}

/** Sends over a flow that was kept, and says whether the other end answers. */
function echo({ id, of, wait }) {
  const flow = kept.get(of);
  let told = false;
  const tell = (result) => {
    if (!told) say({ id, result });
    told = true;
  };
  setTimeout(() => tell("silent"), wait);
  flow.once(() => tell("connected"));
  flow.send();
}

const actions = { listen, tcp, udp, ping, echo };
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line);
    actions[message.do](message);
  })
  .on("close", () => process.exit(0));
say({ ready: true });
