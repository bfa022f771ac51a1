/** Networks with members that ask for names, and a server for the rest of the world's names beyond their host. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import type { Intent, RouterIntent, SegmentIntent } from "../../../provider/src/compile/intent";
import type { ServiceIntent } from "../../../provider/src/compile/service/intent";
import { nameSteps } from "../../../provider/src/compile/service/names";
import { differencesOf } from "../../../provider/src/compile/steps";
import type { Fragment } from "../../../provider/src/render/instructions";
import { renderRequest } from "../../../provider/src/render/instructions";
import type { Report } from "../../../provider/src/render/report";
import { parseReport } from "../../../provider/src/render/report";
import { addressing, portAddress6, portIntent, routerIntent, segmentIntent } from "../../support/intents";
import { applyFragment } from "../../support/requests";
import { namesRequest } from "../../support/services";
import { waitFor } from "../support/wait";
import { ProgramHost, sh } from "./bench";

export interface Answer {
  readonly status: string;
  /** `NAME TTL TYPE VALUE`, as they came. */
  readonly records: readonly string[];
}

/** An address outside: whichever server is asked, the network's own answers. */
export const anyServer = "192.0.2.99";
export const worldServer = "198.51.100.53";

/** A question every 2 ms, each from a socket that waits 3 s for its answer. */
const hammer = `
  const { Resolver } = require("node:dns").promises;
  const [server, name] = process.argv.slice(1);
  const asked = [];
  const timer = setInterval(() => {
    const resolver = new Resolver({ timeout: 3000, tries: 1 });
    resolver.setServers([server]);
    asked.push(resolver.resolve4(name).then(([first]) => first === "10.20.200.1", () => false));
  }, 2);
  process.stdin.resume().on("end", async () => {
    clearInterval(timer);
    const answers = await Promise.all(asked);
    console.log(JSON.stringify({ sent: answers.length, right: answers.filter(Boolean).length }));
  });
`;

export class NamesBench {
  readonly host = ProgramHost.create("names");
  private readonly world = this.host.addNamespace("world");

  /** A network: its router, a subnet and in it a member, in a namespace of its name. */
  async network(vni: number, member: string, changes: Partial<RouterIntent> = {}): Promise<void> {
    const box = this.host.addNamespace(member);
    const place = { scope: this.host.name };
    const router = { ...routerIntent({ vni, ipv6Cidr: "fd00:20::/48", ...changes }), ...place };
    const segment: SegmentIntent = {
      ...segmentIntent({ ...addressing, vni: vni + 1, routerVni: vni, peers: [] }),
      ...place,
    };
    const attachment = { kind: "namespace", namespace: box, interface: "eth0" } as const;
    const port = {
      ...portIntent("namespace", { name: member, vni: vni + 1, routerVni: vni, ipv6: portAddress6, attachment }),
      ...place,
    };
    const intents: readonly Intent[] = [router, segment, port];
    await this.run(intents.map((intent) => applyFragment(intent)));
  }

  /** Outside of the host: a server that knows `pay.example.com`, and nothing below `sdn.internal`. */
  async openWorld(): Promise<void> {
    sh(`
      ip -n ${this.host.name} link add out0 type veth peer name in0 netns ${this.world}
      ip -n ${this.host.name} addr add 198.51.100.1/24 dev out0
      ip -n ${this.host.name} link set out0 up
      ip -n ${this.world} addr add ${worldServer}/24 dev in0
      ip -n ${this.world} link set in0 up
      ip -n ${this.world} link set lo up
      printf '%s\\n' 'server:' ' directory: ""' ' chroot: ""' ' username: ""' ' pidfile: ""' ' use-syslog: no' \\
        ' interface: 0.0.0.0' ' access-control: 0.0.0.0/0 allow' ' local-zone: "." static' \\
        ' local-data: "pay.example.com. 300 A 203.0.113.9"' >/tmp/${this.world}.conf
      nsenter --net=/run/netns/${this.world} unbound -c /tmp/${this.world}.conf
    `);
    await waitFor(
      "the world's server",
      () => this.askIn(this.world, "pay.example.com", "A", [`@${worldServer}`]).status === "NOERROR",
    );
  }

  async run(fragments: readonly Fragment[], about: readonly ServiceIntent[] = []): Promise<Report> {
    const { stdout, stderr } = await this.host.run(renderRequest(namesRequest(this.host.name, fragments, about)));
    expect(stderr).toBe("");
    const report = parseReport(stdout);
    expect([...report.results.values()].filter(({ ok }) => !ok)).toEqual([]);
    expect(report.warnings).toEqual([]);
    return report;
  }

  async drift(intent: ServiceIntent): Promise<readonly string[]> {
    const { snapshot } = await this.run([], [intent]);
    return nameSteps(intent).flatMap((step) => differencesOf(step, snapshot));
  }

  /** What the host does by itself. */
  async again(mode: "restore" | "assert"): Promise<void> {
    const { stdout } = await this.host.run(`scope ${this.host.name}\nlock\nagain ${mode}\ndone\n`);
    expect(stdout).toBe("complete\n");
  }

  /** What a member of a network is told. */
  ask(member: string, name: string, type = "A", options: readonly string[] = [`@${anyServer}`]): Answer {
    return this.askIn(`${this.host.name}.${member}`, name, type, options);
  }

  private askIn(namespace: string, name: string, type: string, options: readonly string[]): Answer {
    const words = [`--net=/run/netns/${namespace}`, "dig", "+tries=1", "+timeout=3", ...options, name, type];
    let text: string;
    try {
      text = execFileSync("nsenter", words, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    } catch {
      return { status: "no answer", records: [] };
    }
    const [, status = "no answer"] = /status: (\w+)/.exec(text) ?? [];
    const [, section = ""] = /;; ANSWER SECTION:\n([^]*?)\n\n/.exec(text) ?? [];
    const records = section.split("\n").filter((line) => line !== "");
    return { status, records: records.map((line) => line.replace(/\s+/g, " ").replace(" IN ", " ")) };
  }

  /** Asks again and again until it is told to stop, which tells how many were sent and answered rightly. */
  hammer(member: string, name: string): () => Promise<{ readonly sent: number; readonly right: number }> {
    const words = [`--net=/run/netns/${this.host.name}.${member}`, process.execPath, "-e", hammer, anyServer, name];
    const child = spawn("nsenter", words, { stdio: ["pipe", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    return async () => {
      child.stdin.end();
      await once(child, "close");
      return JSON.parse(output) as { sent: number; right: number };
    };
  }

  /** Processes of the servers in a router's namespace. */
  servers(router: string): readonly string[] {
    return sh(`ip netns pids ${router}`)
      .split("\n")
      .filter((line) => line !== "");
  }

  async remove(): Promise<void> {
    sh(`ip netns pids ${this.world} | xargs -r kill; rm -f /tmp/${this.world}.conf`);
    await this.host.remove();
  }
}
