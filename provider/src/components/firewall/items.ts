import type { InputReader } from "../../inputs/input-reader";
import { readSelector } from "../../inputs/labels";
import { contains, formatCidr, parseCidr } from "../../model/cidr";
import { SdnError } from "../../model/error";
import { parseDnsName } from "../../model/name";
import type { Value, ValueMap } from "../../rpc/value";
import { Unknown, unknown } from "../../rpc/value";
import { present, referenceOf } from "../references";
import { readChoice } from "./choice";
import { readPodSelectors } from "./pods";

const referenced = {
  cluster: "sdn:index:KubernetesCluster",
  endpoint: "sdn:index:Endpoint",
  group: "sdn:index:SecurityGroup",
  host: "sdn:index:Host",
  network: "sdn:index:VirtualNetwork",
  service: "sdn:index:ServiceEntry",
  subnet: "sdn:index:Subnet",
} as const;
export type Referenced = keyof typeof referenced;

/** What a rule, a policy or a group speaks of. */
export type Item =
  /** Whole, as the spec has it; `unknown` while nothing is known of it. */
  | { readonly kind: "value"; readonly value: Value; readonly at: string }
  /** Another resource, which is to be asked what it is. */
  | { readonly kind: Referenced; readonly urn: string; readonly at: string }
  /** Pods of a cluster: whose selectors, as specs have them. */
  | { readonly kind: "pods"; readonly urn: string; readonly at: string; readonly selectors: ValueMap };

export const memberChoices = ["endpoint", "subnet", "cidr", "labels", "containers", "pods", "cluster"] as const;
export const targetChoices = ["network", "subnet", "group", "endpoint", "host"] as const;
export const peerChoices = ["any", "group", "subnet", "endpoint", "service", "cidr", "dnsName"] as const;
type Choice = (typeof memberChoices | typeof targetChoices | typeof peerChoices)[number];

/** A list of objects that say one thing each. */
export type Items = readonly Item[] | Unknown;

export function readItems(reader: InputReader, name: string, choices: readonly Choice[]): Items | undefined {
  const read = reader.objects(name)?.flatMap((inner) => {
    const choice = readChoice(inner, choices);
    const item = choice === undefined ? undefined : readItem(inner, choice);
    if (choices.includes("cidr")) refuseExcept(inner, choice);
    inner.finish();
    return item === undefined ? [] : [item];
  });
  return reader.orUnknown(name, read);
}

function readItem(reader: InputReader, choice: Choice): Item | undefined {
  const whole = (value: Value): Item => ({ kind: "value", value, at: reader.path });
  switch (choice) {
    case "any":
      return whole(readAny(reader));
    case "cidr":
      return whole(readBlock(reader));
    case "dnsName": {
      const name = reader.orUnknown("dnsName", reader.parsed("dnsName", parseDnsName));
      return whole(present({ kind: "name", name }));
    }
    case "labels":
    case "containers": {
      const selector = reader.object(choice);
      if (selector !== undefined) return whole({ kind: choice, ...readSelector(selector) });
      return reader.orUnknown(choice, undefined) === undefined ? undefined : whole(unknown);
    }
    case "pods":
      return readPods(reader);
    case "cluster":
    case "endpoint":
    case "group":
    case "host":
    case "network":
    case "service":
    case "subnet":
      return readReference(reader, choice);
  }
}

function readReference(reader: InputReader, kind: Referenced): Item | undefined {
  const at = reader.at(kind);
  const value = reader.value(kind);
  if (value === undefined) return { kind: "value", value: unknown, at };
  const urn = reader.problems.collect(() => referenceOf(value, at, referenced[kind]));
  return urn === undefined ? undefined : { kind, urn, at };
}

function readPods(reader: InputReader): Item | undefined {
  const inner = reader.object("pods");
  if (inner === undefined) return { kind: "value", value: unknown, at: reader.at("pods") };
  inner.require("cluster", inner.value("cluster"), "the cluster that they are in");
  const item = readReference(inner, "cluster");
  const selectors = readPodSelectors(inner);
  inner.finish();
  return item?.kind === "cluster" ? { ...item, kind: "pods", selectors } : item;
}

function readAny(reader: InputReader): Value {
  if (reader.boolean("any") === false) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: reader.at("any"),
        value: false,
        cause: "says nothing",
        remedy: "write true, or name what is meant",
      }),
    );
  }
  return { kind: "any" };
}

function readBlock(reader: InputReader): Value {
  const text = (cidr: string, property: string): string => formatCidr(parseCidr(cidr, property));
  const block = reader.orUnknown("cidr", reader.parsed("cidr", parseCidr));
  const except = reader.orUnknown(
    "except",
    reader.texts("except", (hole, property) => {
      const cidr = parseCidr(hole, property);
      if (block === undefined || block instanceof Unknown || contains(block, cidr)) return text(hole, property);
      throw new SdnError({
        code: "invalid-input",
        property,
        value: hole,
        cause: `is not a part of ${formatCidr(block)}`,
        remedy: "write parts of cidr, or leave it out",
      });
    }),
  );
  const cidr = block === undefined || block instanceof Unknown ? block : formatCidr(block);
  const isWhole = Array.isArray(except) && except.length === 0;
  return present({ kind: "cidr", cidr, except: isWhole ? undefined : except });
}

/** Without this, exceptions beside a subnet would read as if they held. */
function refuseExcept(reader: InputReader, choice: Choice | undefined): void {
  if (!reader.given("except") || choice === "cidr") return;
  reader.problems.add(
    new SdnError({
      code: "invalid-input",
      property: reader.at("except"),
      cause: "goes with cidr alone",
      remedy: "write the block as cidr, or a rule for the exception before this one",
    }),
  );
}
