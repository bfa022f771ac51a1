/** A modelled host on which what an example intent stands on is there. */
import type { Intent } from "../../provider/src/compile/intent";
import { resourceKey } from "../../provider/src/compile/names";
import { parseReport } from "../../provider/src/render/report";
import { addressing, peerRouter, routerIntent, segmentIntent } from "./intents";
import { ModelHost } from "./model-host";
import { applyFragment, requestOf } from "./requests";

export function surroundedHost(intent: Intent): ModelHost {
  const host = new ModelHost();
  host.addNamespace("box");
  host.addDockerUser();
  host.setLink("ens4", { mtu: 9000 });
  host.setContainer("web-1");
  if (intent.kind === "adopted") handmade(host);
  if (intent.kind !== "router") perform(host, routerIntent());
  if (intent.kind === "peering") perform(host, peerRouter());
  if (intent.kind === "service") perform(host, segmentIntent(addressing));
  if (intent.kind === "port") {
    perform(host, segmentIntent());
    host.setDockerNetwork("shop-web", ["10.20.1.0/24"]);
  }
  return host;
}

/** What somebody made before: `adoptedIntent` says the same of it. */
function handmade(host: ModelHost): void {
  const vxlan = { id: 42, local: "192.0.2.11", port: 8472 };
  host.setLink("br0", { kind: "bridge", mtu: 1400, up: true });
  host.setLink("vx42", { kind: "vxlan", mtu: 1400, up: true, master: "br0", vxlan });
  host.setFlood("vx42", ["192.0.2.12"]);
  host.setDockerNetwork("office", ["172.30.0.0/16"]);
}

/** Applies it; it must succeed. */
export function perform(host: ModelHost, to: Intent, from?: Intent): void {
  const result = parseReport(host.run(requestOf("", [applyFragment(to, from)]))).results.get(resourceKey(to));
  if (result?.ok !== true) throw new Error(`${resourceKey(to)}: ${result?.message ?? "no result"}`);
}
