import { existsSync } from "node:fs";
import { parseReport } from "../../../provider/src/render/report";
import { routerIntent } from "../../support/intents";
import { applyFragment, requestOf } from "../../support/requests";
import { waitFor } from "../support/wait";
import { ProgramHost, sh } from "./bench";
import type { Machine } from "./program.contract";
import { describeProgramContract } from "./program.contract";

class RealMachine implements Machine {
  private readonly host = ProgramHost.create("contract");
  readonly scope = this.host.name;
  readonly box = this.host.addNamespace("box");

  run = async (stdin: string): Promise<string> => {
    const { exitCode, stdout } = await this.host.run(stdin);
    expect(exitCode).toBe(0);
    return stdout;
  };
  addLink = async (name: string): Promise<void> => {
    this.host.in(`ip link add ${name} type veth peer name peer0`);
  };
  addHandmade = async (): Promise<void> => {
    this.host.in(`
      ip link add br0 mtu 1400 type bridge
      ip link add vx42 mtu 1400 type vxlan id 42 local 192.0.2.11 dstport 8472
      ip link set vx42 master br0
      ip link set br0 up
      ip link set vx42 up
      bridge fdb append 00:00:00:00:00:00 dev vx42 dst 192.0.2.12
    `);
  };
  addNamespace = async (name: string): Promise<void> => {
    sh(`ip netns add ${name}; ip -n ${name} link add eth0 type veth peer name eth1`);
  };
  removeLink = async (name: string, where?: string): Promise<void> => {
    this.host.in(`ip ${where === undefined ? "" : `-n ${where}`} link del dev ${name}`);
  };
  hasLink = (name: string): boolean => this.host.in("ip -o link show").includes(` ${name}`);
  hasNamespace = (name: string): boolean => existsSync(`/run/netns/${name}`);
  reset = async (): Promise<void> => {
    this.host.reset();
  };
  restart = async (): Promise<void> => {
    this.host.restart();
  };
  sysctl = (key: string): string => this.host.in(`sysctl -n ${key}`).trim();
  setSysctl = (key: string, value: string): void => void this.host.in(`sysctl -qw ${key}=${value}`);
  pastDeadline = (): Promise<void> =>
    waitFor("the end of what is armed", () => !existsSync(`${this.host.ledger}/firewall.armed`));
  deleteTable = (name: string): void => void this.host.in(`nft delete table inet ${name}`);
  addChain = (table: string, name: string): void => void this.host.in(`nft add chain inet ${table} ${name}`);
  intrude = async (router: string): Promise<void> => {
    const both = `
      nft add set inet sdn sneakers '{ type ipv4_addr; elements = { 10.9.9.9 }; }'
      nft add chain inet sdn sneaky
      nft add rule inet sdn sneaky ip daddr @sneakers accept
      nft add rule inet sdn forward jump sneaky`;
    this.host.in(`${both}
      nft add map inet sdn sneaks '{ type ipv4_addr : ipv4_addr; elements = { 10.9.9.9 : 10.9.9.8 }; }'
      nft add element inet sdn pairs '{ sdn-b-5001 . eth9 }'
      nft add element inet sdn ports4 '{ 192.0.2.11 . tcp . 22 : 10.9.9.9 }'
      nft add chain bridge sdn sneaky
      nft add element bridge sdn router_ports '{ eth9 }'`);
    sh(`ip netns exec ${router} sh -ec "${both}"`);
  };
  send = (port: number, packets: number): void => {
    const one = `printf x >/dev/udp/127.0.0.1/${port} || true`;
    this.host.in(`for n in $(seq ${packets}); do bash -c '${one}' 2>/dev/null; done`);
  };
  endServers = async (router: string): Promise<void> => void sh(`ip netns pids ${router} | xargs -r kill -KILL`);
  spoilRecord = (key: string, how: "damaged" | "old"): void => this.host.spoilRecord(key, how);
  remove = (): Promise<void> => this.host.remove();
}

let machine: RealMachine;
beforeAll(() => {
  machine = new RealMachine();
});
afterAll(() => machine.remove());

describeProgramContract("a network namespace", () => machine);

describe("the lock", () => {
  test("two operators who change one resource from one generation: one does, the other one is refused", async () => {
    await machine.reset();
    const router = { ...routerIntent(), scope: machine.scope };
    await machine.run(requestOf(machine.scope, [applyFragment(router)]));
    const inputs = ["10.32.0.0/12", "10.64.0.0/12"].map((cidr) =>
      requestOf(machine.scope, [applyFragment({ ...router, cidr }, router, 1)]),
    );
    const reports = (await Promise.all(inputs.map((input) => machine.run(input)))).map(parseReport);
    const results = reports.flatMap((report) => [...report.results.values()]);
    expect(results).toHaveLength(2);
    expect(results).toEqual(
      expect.arrayContaining([{ ok: true, generation: 2 }, expect.objectContaining({ ok: false, code: "stale" })]),
    );
  });

  test("two runs at a time on one host come one after another, and both succeed", async () => {
    await machine.reset();
    const inputs = [5000, 5001].map((vni) =>
      requestOf(machine.scope, [applyFragment({ ...routerIntent({ vni, label: `n${vni}` }), scope: machine.scope })]),
    );
    const reports = (await Promise.all(inputs.map((input) => machine.run(input)))).map(parseReport);
    expect(reports.flatMap(({ results }) => [...results])).toEqual([
      ["router-5000", { ok: true, generation: 1 }],
      ["router-5001", { ok: true, generation: 1 }],
    ]);
    // The second one sees what the first one made.
    expect(Math.max(...reports.map(({ snapshot }) => snapshot.ledger.size))).toBe(2);
  });
});
