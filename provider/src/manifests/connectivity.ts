/** Who may connect to whom by the manifests alone: workloads, addresses outside, and what enters by an Ingress. */

import { type Cluster, clusterOf } from "./cluster";
import { type ConnectionId, ConnectionPool, none } from "./connection-pool";
import type { ConnectionSet } from "./connection-set";
import { type Finding, Findings } from "./finding";
import type { Declared } from "./objects";
import { classesOf } from "./judge/classes";
import { enteringConnections } from "./judge/entering";
import { outsideRanges, type Range } from "./judge/outside";
import { PodGroups } from "./judge/pod-groups";
import { type Direction, type Policies, policiesOf } from "./judge/rules";
import { Verdicts } from "./judge/verdicts";
import { type OutsidePeer, outsidePeer, type WorkloadPeer, workloadPeer } from "./peer";
import { nameLabel } from "./read/service";

export interface OutsideConnection {
  readonly outside: OutsidePeer;
  readonly allowed: ConnectionSet;
}

export interface Connectivity {
  /** Sorted by what they are called. */
  readonly workloads: readonly WorkloadPeer[];
  readonly findings: readonly Finding[];
  /** Workloads that no policy tells apart, together: what one of them may, each of them may. */
  readonly alike: readonly (readonly WorkloadPeer[])[];
  /** From each workload of one kind of `alike` to each of every kind, in their order. */
  readonly fromAlike: (kind: number) => readonly ConnectionSet[];
  readonly between: (source: WorkloadPeer, destination: WorkloadPeer) => ConnectionSet;
  /** Of every range that the policies tell apart in the direction, in order; also where nothing is allowed. */
  readonly outside: (workload: WorkloadPeer, direction: Direction) => readonly OutsideConnection[];
  /** What an Ingress, a Route or an HTTPRoute lets in and no policy refuses; `undefined` where none leads to it. */
  readonly entering: (workload: WorkloadPeer) => ConnectionSet | undefined;
}

/** The pods of a controller that the manifests do not have: no label of theirs is known. */
export const controllerNamespace = "ingress-controller";

export function connectivityOf(objects: readonly Declared[]): Connectivity {
  const findings = new Findings();
  return new Analysis(clusterOf(objects, findings), findings);
}

interface Workload {
  readonly peer: WorkloadPeer;
  readonly groups: readonly number[];
  readonly classes: readonly number[];
}

class Analysis implements Connectivity {
  readonly workloads: readonly WorkloadPeer[];
  readonly alike: readonly (readonly WorkloadPeer[])[];
  private readonly kindClasses: readonly (readonly number[])[];
  private readonly known: ReadonlyMap<string, Workload>;
  private readonly pool = new ConnectionPool();
  private readonly groups: PodGroups;
  private readonly policies: Readonly<Record<Direction, Policies>>;
  private readonly ranges: Readonly<Record<Direction, readonly Range[]>>;
  private readonly verdicts: Readonly<Record<Direction, Verdicts>>;
  private readonly classCount: number;
  private readonly enteringIds: ReadonlyMap<string, ConnectionId>;

  constructor(
    cluster: Cluster,
    private readonly said: Findings,
  ) {
    const controller = [controllerNamespace, { [nameLabel]: controllerNamespace }] as const;
    this.groups = new PodGroups(new Map([controller, ...cluster.namespaces]));
    const controllerGroup = this.groups.add({ namespace: controllerNamespace, labels: {}, ports: [] });
    const members = this.membersOf(cluster);
    this.policies = {
      ingress: policiesOf(cluster, "ingress", this.groups, said),
      egress: policiesOf(cluster, "egress", this.groups, said),
    };
    this.ranges = {
      ingress: outsideRanges(this.policies.ingress.blocks),
      egress: outsideRanges(this.policies.egress.blocks),
    };
    const classes = classesOf(this.groups.groups, [this.policies.ingress, this.policies.egress]);
    this.classCount = classes.count;
    const verdicts = (direction: Direction): Verdicts =>
      new Verdicts(direction, this.policies[direction], classes, this.ranges[direction], this.pool);
    this.verdicts = { ingress: verdicts("ingress"), egress: verdicts("egress") };
    const classOf = (group: number): number => classes.of[group] ?? 0;
    this.known = new Map(
      [...members].map(([text, { peer, groups }]) => [
        text,
        { peer, groups, classes: [...new Set(groups.map(classOf))] },
      ]),
    );
    this.workloads = [...this.known.values()]
      .map(({ peer }) => peer)
      .sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
    const kinds = Map.groupBy(this.workloads, (peer) => this.classesOf(peer).join());
    this.alike = [...kinds.values()];
    this.kindClasses = [...kinds.keys()].map((classIds) => classIds.split(",").map(Number));
    this.sayOfDifferentPods(cluster);
    this.enteringIds = enteringConnections({
      cluster,
      groups: this.groups,
      workloads: [...this.known.values()],
      pool: this.pool,
      findings: said,
      allowed: (group) => this.pair(classOf(controllerGroup), classOf(group)),
    });
  }

  get findings(): readonly Finding[] {
    return this.said.list;
  }

  private membersOf(cluster: Cluster): ReadonlyMap<string, { readonly peer: WorkloadPeer; readonly groups: number[] }> {
    const members = new Map<string, { readonly peer: WorkloadPeer; readonly groups: number[] }>();
    for (const { object } of cluster.templates) {
      const { namespace, workload, labels, ports } = object;
      const peer = workloadPeer(namespace, workload.name, workload.kind);
      const group = this.groups.add({ namespace, labels, ports });
      const member = members.get(peer.text) ?? { peer, groups: [] };
      if (!member.groups.includes(group)) member.groups.push(group);
      members.set(peer.text, member);
    }
    return members;
  }

  /** Pods of one workload need not be alike; then the workload may what one of its pods may. */
  private sayOfDifferentPods(cluster: Cluster): void {
    for (const { peer, classes } of this.known.values()) {
      if (classes.length < 2) continue;
      const place = cluster.templates.find(
        ({ object }) => workloadPeer(object.namespace, object.workload.name, object.workload.kind).text === peer.text,
      )?.place;
      this.said.warn(place, `${peer.text}: policies tell its pods apart; shown is what any of them may`);
    }
  }

  between(source: WorkloadPeer, destination: WorkloadPeer): ConnectionSet {
    return this.pool.set(this.anyPair(this.classesOf(source), this.classesOf(destination)));
  }

  fromAlike(kind: number): readonly ConnectionSet[] {
    const from = this.kindClasses[kind] ?? [];
    return this.kindClasses.map((to) => this.pool.set(this.anyPair(from, to)));
  }

  private anyPair(sources: readonly number[], destinations: readonly number[]): ConnectionId {
    let allowed: ConnectionId = none;
    for (const from of sources) for (const to of destinations) allowed = this.pool.union(allowed, this.pair(from, to));
    return allowed;
  }

  private pair(source: number, destination: number): ConnectionId {
    const leaves = this.verdicts.egress.row(source)[destination] ?? none;
    if (leaves === none) return none;
    return this.pool.intersection(leaves, this.verdicts.ingress.row(destination)[source] ?? none);
  }

  private classesOf({ text }: WorkloadPeer): readonly number[] {
    return this.known.get(text)?.classes ?? [];
  }

  outside(workload: WorkloadPeer, direction: Direction): readonly OutsideConnection[] {
    const rows = this.classesOf(workload).map((classId) => this.verdicts[direction].row(classId));
    return this.ranges[direction].map((range, index) => {
      const ids = rows.map((row) => row[this.classCount + index] ?? none);
      const allowed = ids.reduce((a, b) => this.pool.union(a, b), none);
      return { outside: outsidePeer(range), allowed: this.pool.set(allowed) };
    });
  }

  entering({ text }: WorkloadPeer): ConnectionSet | undefined {
    const id = this.enteringIds.get(text);
    return id === undefined ? undefined : this.pool.set(id);
  }
}
