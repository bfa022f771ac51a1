/**
 * What is sent to hosts, as text to read in a review: tests/golden/NAME.txt. `UPDATE_GOLDEN=1` writes the files anew;
 * without it they are compared.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Intent } from "../../../provider/src/compile/intent";
import { hostTables, routerTables } from "../../../provider/src/compile/nft/tables";
import type { Balancer } from "../../../provider/src/compile/service/balancer";
import { nftWord } from "../../../provider/src/compile/nft/json";
import { applyWords, queriesOf, removeAllWords } from "../../../provider/src/compile/plan";
import type { Words } from "../../../provider/src/compile/steps";
import { renderLine } from "../../../provider/src/render/words";
import {
  addressing,
  adoptedIntent,
  balancedService,
  dualStackService,
  egress4,
  egressDual,
  nat,
  peeringIntent,
  portAddress6,
  portIntent,
  routerIntent,
  routes,
  segmentIntent,
  serviceIntent,
} from "../../support/intents";

const folder = join(__dirname, "../../golden");
const update = process.env["UPDATE_GOLDEN"] === "1";

/** The transactions stand in files of their own, decoded: each is the same for every host. */
const transactions = new Map([
  [nftWord(hostTables), "nft-host"],
  [nftWord(routerTables), "nft-router"],
]);

function ownChain(word: string): string {
  const { nftables } = JSON.parse(atob(word)) as { readonly nftables: readonly unknown[] };
  return nftables.map((command) => `      ${JSON.stringify(command)}`).join("\n");
}

function shown(line: string): string {
  const [operation, where, word = "", ...rest] = line.split(" ");
  // A chain of one resource's own, decoded.
  if (operation === "nft_chain") return `nft_chain ${where} ${word}:\n${ownChain(rest[0] ?? "")}`;
  if (operation === "service_rules") {
    const [elements = "", json = ""] = rest;
    const lists = [word, elements].map((list) => `      ${list.split(",").join("\n      ")}`).join("\n");
    return `service_rules ${where}:\n${lists}\n${ownChain(json)}`;
  }
  if (operation === "service_balancer") {
    const part = atob(rest.at(-1) ?? "").trimEnd();
    return `${line.slice(0, line.lastIndexOf(" "))}:\n${part.replace(/^/gm, "      ")}`;
  }
  return operation === "nft_table" ? `nft_table ${where} {${transactions.get(word) ?? word}.txt}` : line;
}

const block = (title: string, words: readonly Words[]): string =>
  `${title}:\n${words.map((one) => `  ${shown(renderLine(one))}\n`).join("")}`;

const life = (intent: Intent): string =>
  [
    block("apply", applyWords(undefined, intent)),
    block("ask", queriesOf(intent)),
    block("remove", removeAllWords(intent)),
  ].join("\n");

/** Of a change, only the lines that neither the old nor the new one has on its own are news. */
const change = (from: Intent, to: Intent): string => {
  const old = new Set(applyWords(undefined, from).map(renderLine));
  const lines = applyWords(from, to).map((words) => {
    const line = renderLine(words);
    return `${line.startsWith("remove_") ? "-" : old.has(line) ? " " : "+"} ${shown(line)}\n`;
  });
  return lines.join("");
};

const transaction = (commands: readonly unknown[]): string =>
  commands.map((command) => `${JSON.stringify(command)}\n`).join("");

const viaNginx: Balancer = {
  driver: "nginx",
  balancing: "source-hash",
  healthCheck: undefined,
  affinity: undefined,
  sendProxy: false,
};
const docker = segmentIntent({ dockerNetwork: "shop-web" });

const files: Readonly<Record<string, () => string>> = {
  "nft-host": () => transaction(hostTables),
  "nft-router": () => transaction(routerTables),
  "router-isolated": () => life(routerIntent()),
  "router-egress": () => life(routerIntent({ egress: egress4 })),
  "router-nat": () => life(routerIntent({ egress: egress4, nat })),
  "router-routed": () => life(routerIntent({ egress: { ...egress4, mode: "routed" } })),
  "router-way-in-only": () => life(routerIntent({ egress: { ...egress4, mode: "none" }, nat: { ...nat, source: [] } })),
  "router-dual-stack": () => life(routerIntent({ ipv6Cidr: "fd00:20::/48", egress: egressDual })),
  "router-of-namespace-host": () => life(routerIntent({ scope: "h1", egress: egress4 })),
  "segment-ipv4": () => life(segmentIntent()),
  "segment-ipv6": () =>
    life(segmentIntent({ ipv4: undefined, ipv6: addressing.ipv6, underlay: "2001:db8::11", peers: ["2001:db8::12"] })),
  "segment-dual-stack": () => life(segmentIntent({ ...addressing })),
  "segment-docker": () => life(segmentIntent({ ...addressing, dockerNetwork: "shop-web" })),
  "segment-routes": () => life(segmentIntent({ ...addressing, ...routes })),
  "segment-internal": () => life(segmentIntent({ internal: true, dockerNetwork: "shop-web" })),
  "router-blackhole": () => life(routerIntent({ blackholes: ["192.168.77.0/24"] })),
  "port-internal": () => life(portIntent("namespace", { ipv4: { address: "10.20.1.5/24" } })),
  "segment-alone": () => life(segmentIntent({ peers: [] })),
  peering: () => life(peeringIntent()),
  "port-docker": () => life(portIntent("docker", { ipv6: portAddress6 })),
  "port-container": () => life(portIntent("container")),
  "port-namespace": () => life(portIntent("namespace", { ipv6: portAddress6 })),
  "port-interface": () => life(portIntent("interface")),
  adopted: () => life(adoptedIntent()),
  service: () => life(serviceIntent()),
  "service-dual-stack": () => life(dualStackService({ balancing: "source-hash" })),
  "service-haproxy": () => {
    const { ipv6, pools, backends } = dualStackService();
    return life(balancedService({ ipv6, pools, backends }));
  },
  "service-nginx": () => life(dualStackService({ balancer: viaNginx })),
  "change-driver": () => change(serviceIntent(), balancedService()),
  "change-backends": () =>
    change(serviceIntent(), serviceIntent({ backends: serviceIntent().backends.slice(1, 3), balancing: "random" })),
  "change-peer-added": () =>
    change(segmentIntent(), segmentIntent({ peers: ["192.0.2.12", "192.0.2.13", "192.0.2.14"] })),
  "change-mtu": () => change(segmentIntent(), segmentIntent({ mtu: 1400 })),
  "change-docker-off": () => change(docker, segmentIntent()),
  "change-egress-off": () => change(routerIntent({ egress: egressDual }), routerIntent()),
  "change-nat": () =>
    change(
      routerIntent({ egress: egress4, nat }),
      routerIntent({ egress: egress4, nat: { source: nat.source.slice(1), destination: nat.destination.slice(1) } }),
    ),
  "change-routes": () =>
    change(
      segmentIntent({ ...addressing, ...routes }),
      segmentIntent({
        ...addressing,
        routes: [{ destination: "10.99.0.0/16", nextHop: "10.20.1.10" }],
        policyRoutes: (routes.policyRoutes ?? []).slice(1),
      }),
    ),
  "change-address": () =>
    change(
      portIntent("namespace"),
      portIntent("namespace", { mac: "02:42:0a:14:01:06", ipv4: { address: "10.20.1.6/24", gateway: "10.20.1.1" } }),
    ),
};

test.each(Object.entries(files))("%s", (name, render) => {
  const path = join(folder, `${name}.txt`);
  const actual = render();
  if (update) writeFileSync(path, actual);
  expect(actual).toBe(readFileSync(path, "utf8"));
});

test("every golden file belongs to a test", () => {
  expect(readdirSync(folder).sort()).toEqual(
    Object.keys(files)
      .map((name) => `${name}.txt`)
      .sort(),
  );
});
