import { SdnError } from "../model/error";
import { parseDockerName, parseInterfaceName, parseName } from "../model/name";
import { parseSharedMode } from "../model/network-mode";
import type { InputReader } from "../inputs/input-reader";
import type { ValueMap } from "../rpc/value";
import type { Member } from "./member";

type NetworkMode = "bridge" | "none" | "host" | `container:${string}`;

/** What is attached to a subnet by an endpoint. */
export type Attached =
  | { readonly kind: "container"; readonly name: string; readonly networkMode: NetworkMode; readonly interface: string }
  | { readonly kind: "namespace"; readonly name: string; readonly interface: string }
  | { readonly kind: "interface"; readonly name: string };

function parseMode(text: string, property: string): NetworkMode {
  if (text === "bridge" || text === "none") return text;
  try {
    return parseSharedMode(text, property) as NetworkMode;
  } catch {
    throw new SdnError({
      code: "invalid-input",
      property,
      value: text,
      cause: "is not a network mode",
      remedy: "write bridge, none, host or container:NAME",
    });
  }
}

export const isShared = (attached: Attached | undefined): boolean =>
  attached?.kind === "container" && attached.networkMode !== "bridge" && attached.networkMode !== "none";

/** `undefined` where only addresses are reserved. */
export function readAttached(reader: InputReader): Attached | undefined {
  const container = reader.object("container");
  const namespace = reader.object("namespace");
  const link = reader.object("interface");
  const given = ["container", "namespace", "interface"].filter((name) => reader.value(name) !== undefined);
  if (given.length > 1) {
    reader.problems.add(
      new SdnError({
        code: "invalid-input",
        property: given[1] ?? "",
        cause: `${given.join(" and ")} exclude each other`,
        remedy: "keep the one that is attached",
      }),
    );
  }
  const required = (inner: InputReader, parse: typeof parseName): string =>
    inner.require("name", inner.parsed("name", parse), "its name") ?? "";
  const inside = (inner: InputReader): string => inner.parsed("interface", parseInterfaceName) ?? "eth0";
  let attached: Attached | undefined;
  if (container !== undefined) {
    const networkMode = container.parsed("networkMode", parseMode) ?? "bridge";
    attached = {
      kind: "container",
      name: required(container, parseDockerName),
      networkMode,
      interface: inside(container),
    };
  } else if (namespace !== undefined) {
    attached = { kind: "namespace", name: required(namespace, parseName), interface: inside(namespace) };
  } else if (link !== undefined) {
    attached = { kind: "interface", name: required(link, parseInterfaceName) };
  }
  for (const inner of [container, namespace, link]) inner?.finish();
  return attached;
}

/** The same as its port's spec has it. */
export function attachment(attached: Attached, subnet: ValueMap, member: Member): ValueMap {
  switch (attached.kind) {
    case "interface":
      return { kind: "interface", interface: attached.name };
    case "namespace":
      return { kind: "namespace", namespace: attached.name, interface: attached.interface };
    case "container": {
      if (attached.networkMode === "none") {
        return { kind: "container", container: attached.name, interface: attached.interface };
      }
      const network = subnet["dockerNetworkName"];
      if (network !== undefined && member.hasDocker !== false)
        return { kind: "docker", network, container: attached.name };
      throw new SdnError({
        code: "invalid-input",
        property: "container.networkMode",
        value: "bridge",
        cause: `the subnet has no Docker network on host ${member.name}`,
        remedy: "set docker: true on the Subnet, or use networkMode: none",
      });
    }
  }
}
