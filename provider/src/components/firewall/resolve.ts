import { SdnError } from "../../model/error";
import { Problems } from "../../model/problems";
import type { ConstructContext } from "../../rpc/handlers";
import type { Value, ValueMap } from "../../rpc/value";
import { isValueMap, Unknown, unknown } from "../../rpc/value";
import { isList } from "../../rpc/values";
import { addressesOf } from "../cluster-member";
import { known, nameOf, outputsOf } from "../references";
import type { Item, Items } from "./items";

/** Asks the resources that a policy or a group names what they are; compile/firewall/intent.ts has the answers' forms. */
export class Resolution {
  readonly problems = new Problems();
  private readonly asked = new Map<string, Promise<ValueMap>>();
  /** The groups that were named, by name. */
  private readonly groups = new Map<string, { readonly urn: string; readonly members: Value }>();
  /** URNs of the fabrics of what was named. */
  readonly fabrics = new Set<string>();

  constructor(
    private readonly context: ConstructContext,
    /** URN of the fabric that everything must be of; `undefined`: of any. */
    private readonly fabric?: string,
  ) {}

  async all(items: Items): Promise<Value> {
    if (items instanceof Unknown) return unknown;
    const values = await Promise.all(items.map((item) => this.one(item)));
    return values.filter((value) => value !== undefined);
  }

  private async one(item: Item): Promise<Value | undefined> {
    if (item.kind === "value") return item.value;
    const outputs = await this.outputs(item.urn);
    return this.problems.collect(() => {
      this.checkFabric(item, outputs);
      return this.described(item, outputs);
    });
  }

  /** What another resource says of itself, asked once. */
  outputs(urn: string): Promise<ValueMap> {
    const found = this.asked.get(urn) ?? outputsOf(this.context, urn);
    this.asked.set(urn, found);
    return found;
  }

  /** Those of the spec. Unknown where something that may be a group is. */
  groupSpecs(items: readonly Items[]): Value {
    const isKnown = items.every((list) => isList(list as Value) && !(list as readonly Item[]).some(isUnknownItem));
    if (!isKnown) return unknown;
    // In an order that does not depend on who answered first.
    const names = [...this.groups.keys()].sort();
    return names.map((name) => ({ name, members: this.groups.get(name)?.members ?? unknown }));
  }

  private described(item: Exclude<Item, { kind: "value" }>, outputs: ValueMap): Value {
    const { kind, urn } = item;
    const name = nameOf(urn);
    switch (kind) {
      case "network":
        return { kind, name, vni: known(outputs, "vni") };
      case "subnet":
        return {
          kind,
          name,
          vni: known(outputs, "vni"),
          routerVni: known(outputs, "networkVni"),
          cidrs: cidrsOf(outputs),
        };
      case "endpoint":
        refuseShared(item, outputs);
        return { kind, ...endpointRef(name, outputs) };
      case "host":
        return { kind, name, uri: known(outputs, "uri") };
      case "cluster":
        return { kind, cluster: name, cidrs: addressesOf(outputs) };
      case "pods":
        return { kind, cluster: name, ...item.selectors };
      case "group":
        this.addGroup(name, item, outputs);
        return { kind, name };
      case "service":
        // Whoever answers for it: where rules are asked, its address is a backend's already.
        this.addGroup(`service.${name}`, item, outputs);
        return { kind: "group", name: `service.${name}` };
    }
  }

  private addGroup(name: string, { urn, at }: { readonly urn: string; readonly at: string }, outputs: ValueMap): void {
    const other = this.groups.get(name);
    this.groups.set(name, { urn, members: known(outputs, "members") });
    if (other === undefined || other.urn === urn) return;
    throw new SdnError({
      code: "invalid-input",
      property: at,
      value: name,
      cause: "the policy names two groups that are called so",
      remedy: "give one of them another name",
    });
  }

  /** Names mean nothing outside of their fabric, so what is elsewhere would silently never match. */
  private checkFabric({ kind, urn, at }: Exclude<Item, { kind: "value" }>, outputs: ValueMap): void {
    const fabrics = kind === "group" ? known(outputs, "fabrics") : [known(outputs, "fabricUrn")];
    // A fabric says itself which hosts and clusters it has.
    if (!isList(fabrics) || kind === "host" || kind === "cluster" || kind === "pods") return;
    for (const fabric of fabrics) {
      if (typeof fabric !== "string") continue;
      this.fabrics.add(fabric);
      if (this.fabric === undefined || fabric === this.fabric) continue;
      const what = kind === "group" ? "has members" : "is";
      throw new SdnError({
        code: "invalid-input",
        property: at,
        value: nameOf(urn),
        cause: `${what} on fabric ${nameOf(fabric)}, the policy is on ${nameOf(this.fabric)}`,
        remedy: "write a policy for each fabric",
      });
    }
  }
}

/** An endpoint as specs have it; what is not known yet stays unknown. */
export function endpointRef(name: string, outputs: ValueMap): ValueMap {
  const { ipv4Address, ipv6Address } = outputs;
  return {
    name,
    vni: known(outputs, "subnetVni"),
    routerVni: known(outputs, "networkVni"),
    addresses: [ipv4Address, ipv6Address].filter((address) => address !== undefined),
    host: known(outputs, "hostUri"),
  };
}

const cidrsOf = ({ cidr, ipv6Cidr }: ValueMap): Value => [cidr, ipv6Cidr].filter((one) => one !== undefined);

function refuseShared({ urn, at }: { readonly urn: string; readonly at: string }, { networkMode }: ValueMap): void {
  if (typeof networkMode !== "string" || (networkMode !== "host" && !networkMode.startsWith("container:"))) return;
  throw new SdnError({
    code: "invalid-input",
    property: at,
    value: nameOf(urn),
    cause: `has no addresses of its own (networkMode ${networkMode})`,
    remedy: `name ${networkMode === "host" ? "its host" : "the endpoint that it shares with"}`,
  });
}

/** Whether a group has any members of a kind. */
export function holds(kind: string, outputs: ValueMap): boolean {
  const members = known(outputs, "members");
  return isList(members) && members.some((member) => isValueMap(member) && member["kind"] === kind);
}

const isUnknownItem = (item: Item): boolean => item.kind === "value" && item.value instanceof Unknown;
