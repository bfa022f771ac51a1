import type { LinkState } from "../../model/snapshot";
import type { StepOf } from "../step";
import type { StepMeaning } from "./meaning";
import { unequal } from "./meaning";

/** What of the link differs from what was adopted, its mark aside. */
export function adoptedLinkDifferences(step: StepOf<"adopted-link">, link: LinkState): readonly string[] {
  if (link.kind !== step.type) return unequal(`kind of ${step.name}`, link.kind, step.type);
  const { vxlan } = step;
  return [
    ...unequal(`MTU of ${step.name}`, link.mtu, step.mtu),
    ...(step.bridge === undefined ? [] : unequal(`bridge of ${step.name}`, link.master, step.bridge)),
    ...(vxlan === undefined
      ? []
      : [
          ...unequal(`VNI of ${step.name}`, link.vxlan?.vni ?? "", vxlan.vni),
          ...unequal(`local address of ${step.name}`, link.vxlan?.local ?? "", vxlan.local),
          ...unequal(`port of ${step.name}`, link.vxlan?.port ?? "", vxlan.port),
        ]),
  ];
}

export const adoptedLink: StepMeaning<"adopted-link"> = {
  identity: (step) => step.name,
  ensure: (step) => ["adopt_link", step.name, step.type, step.mtu, step.bridge ?? "-", step.mark],
  // Released, not removed: it was there before.
  remove: (step) => ["remove_adoption", step.name, step.mark],
  differences: (step, snapshot) => {
    const link = snapshot.host.links.get(step.name);
    if (link === undefined) return [`interface ${step.name}, which was adopted, is missing`];
    const unmarked = link.alias === "" ? "carries our mark no more" : `belongs to ${link.alias}`;
    const found = link.alias === step.mark ? [] : [`interface ${step.name}, which was adopted, ${unmarked}`];
    return [...found, ...adoptedLinkDifferences(step, link)];
  },
};

export const adoptedDockerNetwork: StepMeaning<"adopted-docker-network"> = {
  identity: (step) => step.name,
  ensure: (step) => ["adopt_docker_network", step.name, step.networkId],
  remove: () => undefined,
  differences: (step, snapshot) => {
    const found = snapshot.dockerNetworks.find(({ name }) => name === step.name);
    if (found === undefined) return [`Docker network ${step.name}, which was adopted, is missing`];
    if (found.id !== step.networkId) return [`Docker network ${step.name} is another one than was adopted`];
    const [actual, wanted] = [found.subnets, step.cidrs].map((cidrs) => [...cidrs].sort().join(", "));
    return unequal(`subnets of Docker network ${step.name}`, actual ?? "", wanted ?? "");
  },
};
