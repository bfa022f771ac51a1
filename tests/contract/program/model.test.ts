import { ModelHost } from "../../support/model-host";
import type { Machine } from "./program.contract";
import { describeProgramContract } from "./program.contract";

class ModelMachine implements Machine {
  readonly scope = "h1";
  readonly box = "box";
  private host = ModelMachine.fresh();

  private static fresh(): ModelHost {
    const host = new ModelHost();
    host.change((state) => (state.firewall.answering = [{ kind: "underlay", address: "192.0.2.11" }]));
    return host;
  }

  run = async (stdin: string): Promise<string> => this.host.run(stdin);
  addLink = async (name: string): Promise<void> => this.host.setLink(name, { kind: "veth" });
  addHandmade = async (): Promise<void> => {
    const vxlan = { id: 42, local: "192.0.2.11", port: 8472 };
    this.host.setLink("br0", { kind: "bridge", mtu: 1400, up: true });
    this.host.setLink("vx42", { kind: "vxlan", mtu: 1400, up: true, master: "br0", vxlan });
    this.host.setFlood("vx42", ["192.0.2.12"]);
  };
  addNamespace = async (name: string): Promise<void> => this.host.setLink("eth0", {}, name);
  removeLink = async (name: string, where?: string): Promise<void> => this.host.removeLink(name, where);
  hasLink = (name: string): boolean => this.host.hasLink(name);
  hasNamespace = (name: string): boolean => this.host.hasNamespace(name);
  restart = async (): Promise<void> => {
    this.host.reboot();
    this.host.addNamespace(this.box);
  };
  sysctl = (key: string): string => this.host.sysctl(key);
  setSysctl = (key: string, value: string): void => this.host.setSysctl(key, value);
  pastDeadline = async (): Promise<void> => this.host.passTime(3600);
  deleteTable = (name: string): void => this.host.change(({ firewall }) => firewall.tables.delete(name));
  addChain = (table: string, name: string): void =>
    this.host.change(({ firewall: { tables } }) => {
      const chain = { add: { chain: { family: "inet", table, name } } };
      tables.set(table, [...(tables.get(table) ?? []), chain]);
    });
  send = (port: number, packets: number): void => this.host.countPackets(port, packets);
  endServers = async (router: string): Promise<void> =>
    this.host.change(({ dns }) => {
      Object.assign(dns.get(router) ?? {}, { running: undefined });
    });
  spoilRecord = (key: string, how: "damaged" | "old"): void => this.host.spoilRecord(key, how);
  intrude = async (router: string): Promise<void> => {
    this.host.change(({ namespaces }) => {
      for (const where of ["-", router]) {
        const table = namespaces.get(where)?.tables.get("inet sdn");
        table?.sets.set("sneakers", new Set(["10.9.9.9"]));
        table?.chains.set("sneaky", [""]);
        table?.chains.get("forward")?.push("");
      }
      const inet = namespaces.get("-")?.tables.get("inet sdn");
      inet?.maps.set("sneaks", new Map([["10.9.9.9", { value: "10.9.9.8", mark: "" }]]));
      inet?.sets.get("pairs")?.add("sdn-b-5001 . eth9");
      inet?.maps.get("ports4")?.set("192.0.2.11 . tcp . 22", { value: "10.9.9.9", mark: "" });
      const bridge = namespaces.get("-")?.tables.get("bridge sdn");
      bridge?.chains.set("sneaky", []);
      bridge?.sets.get("router_ports")?.add("eth9");
    });
  };
  reset = async (): Promise<void> => {
    this.host = ModelMachine.fresh();
    this.host.addNamespace(this.box);
  };
}

const machine = new ModelMachine();
describeProgramContract("the model of a host", () => machine);
