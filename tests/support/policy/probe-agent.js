/**
 * Runs in a namespace: answers on given ports, and sends what it is told on standard input, a JSON line each; says
 * what came of it, a JSON line each.
 */
const { clearTimeout, setTimeout } = require("node:timers");
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

/** `connected`, `refused` (a reset or an ICMP error) or `silent`. */
function tcp({ id, from, localPort, to, port, wait, keep }) {
  const socket = net.connect({ host: to, port, localAddress: from, localPort });
  let told = false;
  const tell = (result) => {
    if (told) return;
    told = true;
    say({ id, result });
    if (keep && result === "connected") kept.set(id, socket);
    else socket.destroy();
  };
  socket.on("connect", () => tell("connected"));
  socket.on("error", () => tell("refused"));
  setTimeout(() => tell("silent"), wait);
}

function udp({ id, from, localPort, to, port, wait }) {
  const socket = dgram.createSocket(to.includes(":") ? "udp6" : "udp4");
  let told = false;
  const tell = (result) => {
    if (told) return;
    told = true;
    say({ id, result });
    socket.close();
  };
  socket.on("message", () => tell("connected"));
  socket.on("error", () => tell("refused"));
  socket.bind(localPort, from, () => socket.connect(port, to, () => socket.send("x")));
  setTimeout(() => tell("silent"), wait);
}

function ping({ id, from, to, wait }) {
  const child = spawn("ping", ["-n", "-c1", `-W${wait / 1000}`, "-I", from, to], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  let text = "";
  child.stdout.on("data", (data) => (text += data));
  child.on("close", (code) =>
    say({ id, result: code === 0 ? "connected" : /From /.test(text) ? "refused" : "silent" }),
  );
}

/** Sends over a connection that was kept, and says whether the other end answers. */
function echo({ id, of, wait }) {
  const socket = kept.get(of);
  const timer = setTimeout(() => say({ id, result: "silent" }), wait);
  socket.once("data", () => {
    clearTimeout(timer);
    say({ id, result: "connected" });
  });
  socket.write("x");
}

const actions = { listen, tcp, udp, ping, echo };
createInterface({ input: process.stdin })
  .on("line", (line) => {
    const message = JSON.parse(line);
    actions[message.do](message);
  })
  .on("close", () => process.exit(0));
say({ ready: true });
