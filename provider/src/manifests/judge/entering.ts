/** What an Ingress, a Route or an HTTPRoute lets in from the ingress controller, as far as no policy refuses it. */

import { type Interval, intervalSet } from "../../policy/intervals";
import type { Cluster } from "../cluster";
import { type ConnectionId, type ConnectionPool, none } from "../connection-pool";
import { portInterval } from "../connection-set";
import type { Findings } from "../finding";
import type { Backend, Declared, EntryObject, PortReference, ServiceObject, ServicePort } from "../objects";
import type { WorkloadPeer } from "../peer";
import { everything } from "../read/selector";
import type { PodGroup, PodGroups } from "./pod-groups";

interface Workload {
  readonly peer: WorkloadPeer;
  readonly groups: readonly number[];
}

export interface EnteringQuestion {
  readonly cluster: Cluster;
  readonly groups: PodGroups;
  readonly workloads: readonly Workload[];
  readonly pool: ConnectionPool;
  readonly findings: Findings;
  /** What the policies let pass from a controller of unknown labels to a group. */
  readonly allowed: (group: number) => ConnectionId;
}

/** By the name of the workload; nothing where no entry leads to it or policies refuse all of it, which is noted. */
export function enteringConnections(question: EnteringQuestion): ReadonlyMap<string, ConnectionId> {
  const { cluster, pool, findings, allowed } = question;
  const byGroup = workloadsByGroup(question.workloads);
  const entering = new Map<string, ConnectionId>();
  for (const entry of cluster.entries) {
    for (const [group, wanted] of targetsOf(entry, question)) {
      const passes = pool.intersection(wanted, allowed(group));
      for (const { peer } of byGroup.get(group) ?? []) {
        if (passes !== none) entering.set(peer.text, pool.union(entering.get(peer.text) ?? none, passes));
        else if (wanted !== none) findings.note(entry.place, refusedText(entry, peer));
      }
    }
  }
  return entering;
}

const refusedText = ({ title }: Declared<EntryObject>, { text }: WorkloadPeer): string =>
  `${title}: leads to ${text}, but the policies refuse what comes from a controller whose labels are not known`;

function workloadsByGroup(workloads: readonly Workload[]): ReadonlyMap<number, readonly Workload[]> {
  const byGroup = new Map<number, Workload[]>();
  for (const workload of workloads) {
    for (const group of workload.groups) byGroup.set(group, [...(byGroup.get(group) ?? []), workload]);
  }
  return byGroup;
}

/** The groups of pods behind an entry's services, each with the ports that it asks for. */
function targetsOf(entry: Declared<EntryObject>, question: EnteringQuestion): ReadonlyMap<number, ConnectionId> {
  const { groups, pool } = question;
  const targets = new Map<number, ConnectionId>();
  for (const backend of entry.object.backends) {
    const service = serviceOf(entry, backend, question);
    if (service?.selector === undefined) continue;
    const pods = { ...everything, matchLabels: service.selector };
    for (const group of groups.select({ namespaces: { kind: "named", name: service.namespace }, pods })) {
      const ports = servicePorts(service, backend).flatMap((port) => podPorts(port.targetPort, groups.groups[group]));
      targets.set(group, pool.union(targets.get(group) ?? none, pool.id(intervalSet(ports))));
    }
  }
  return targets;
}

function serviceOf(
  entry: Declared<EntryObject>,
  backend: Backend,
  question: EnteringQuestion,
): ServiceObject | undefined {
  const { cluster, findings } = question;
  const { namespace, service: name } = backend;
  const found = cluster.services.find(({ object }) => object.namespace === namespace && object.name === name)?.object;
  const called = `service ${namespace}/${name}`;
  if (found === undefined) findings.warn(entry.place, `${entry.title}: there is no ${called} in the manifests`);
  else if (found.selector === undefined) {
    findings.warn(entry.place, `${entry.title}: ${called} has no selector, so its pods are not known`);
  } else if (!isGranted(entry.object, found, cluster)) {
    findings.warn(entry.place, `${entry.title}: no ReferenceGrant lets it use ${called} of another namespace`);
    return undefined;
  }
  return found;
}

function isGranted(entry: EntryObject, service: ServiceObject, { grants }: Cluster): boolean {
  if (entry.namespace === service.namespace) return true;
  return grants.some(
    ({ object }) =>
      object.namespace === service.namespace &&
      object.from.includes(entry.namespace) &&
      (object.services === undefined || object.services.includes(service.name)),
  );
}

/** By the service's port, its name, or the port of the pods, as the common controllers look it up. */
function servicePorts({ ports }: ServiceObject, { port }: Backend): readonly ServicePort[] {
  if (port === undefined) return ports;
  const isMeant = (one: ServicePort): boolean =>
    one.port === port || String(one.targetPort) === String(port) || (one.name !== "" && one.name === port);
  return ports.filter(isMeant).slice(0, 1);
}

/** An entry speaks HTTP, so TCP. */
function podPorts(target: PortReference, group: PodGroup | undefined): readonly Interval<number>[] {
  if (typeof target === "number") return [portInterval("TCP", target, target)];
  return (group?.ports ?? [])
    .filter(({ name, protocol }) => name === target && protocol === "TCP")
    .map(({ port }) => portInterval("TCP", port, port));
}
