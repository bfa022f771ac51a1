/** Who may connect to whom by the manifests alone: workloads, addresses outside, and what enters by an Ingress. */

import { type Cluster, clusterOf } from "./cluster";
import { type ConnectionId, none } from "./connection-pool";
import type { ConnectionSet } from "./connection-set";
import { type Finding, Findings } from "./finding";
import { enteringConnections } from "./judge/entering";
import { Judge } from "./judge/judge";
import type { Direction } from "./judge/rules";
import type { Declared } from "./objects";
import { type OutsidePeer, outsidePeer, type WorkloadPeer, workloadPeer } from "./peer";

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
  private readonly judge: Judge;
  private readonly known: ReadonlyMap<string, Workload>;
  private readonly kindClasses: readonly (readonly number[])[];
  private readonly enteringIds: ReadonlyMap<string, ConnectionId>;

  constructor(
    cluster: Cluster,
    private readonly said: Findings,
  ) {
    const judge = new Judge(cluster, said);
    this.judge = judge;
    this.known = workloadsOf(cluster, judge, said);
    const known = [...this.known.values()];
    this.workloads = known.map(({ peer }) => peer).sort((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0));
    const kinds = Map.groupBy(this.workloads, (peer) => this.classesOf(peer).join());
    this.alike = [...kinds.values()];
    this.kindClasses = this.alike.map(([one]) => (one === undefined ? [] : this.classesOf(one)));
    this.enteringIds = enteringConnections({
      cluster,
      groups: judge.groups,
      workloads: known,
      pool: judge.pool,
      findings: said,
      allowed: (group) => judge.pair(judge.controller, judge.classOf(group)),
    });
  }

  get findings(): readonly Finding[] {
    return this.said.list;
  }

  between(source: WorkloadPeer, destination: WorkloadPeer): ConnectionSet {
    return this.judge.pool.set(this.anyPair(this.classesOf(source), this.classesOf(destination)));
  }

  fromAlike(kind: number): readonly ConnectionSet[] {
    const from = this.kindClasses[kind] ?? [];
    return this.kindClasses.map((to) => this.judge.pool.set(this.anyPair(from, to)));
  }

  private anyPair(sources: readonly number[], destinations: readonly number[]): ConnectionId {
    const { judge } = this;
    let allowed: ConnectionId = none;
    for (const from of sources) {
      for (const to of destinations) allowed = judge.pool.union(allowed, judge.pair(from, to));
    }
    return allowed;
  }

  private classesOf({ text }: WorkloadPeer): readonly number[] {
    return this.known.get(text)?.classes ?? [];
  }

  outside(workload: WorkloadPeer, direction: Direction): readonly OutsideConnection[] {
    const { pool, ranges } = this.judge;
    const rows = this.classesOf(workload).map((classId) => this.judge.outside(classId, direction));
    return ranges[direction].map((range, index) => {
      const allowed = rows.reduce((united, row) => pool.union(united, row[index] ?? none), none);
      return { outside: outsidePeer(range), allowed: pool.set(allowed) };
    });
  }

  entering({ text }: WorkloadPeer): ConnectionSet | undefined {
    const id = this.enteringIds.get(text);
    return id === undefined ? undefined : this.judge.pool.set(id);
  }
}

/** Pods of one workload need not be alike; then the workload may what any of its pods may, and it is said. */
function workloadsOf({ templates }: Cluster, judge: Judge, findings: Findings): ReadonlyMap<string, Workload> {
  const named = Map.groupBy(templates, ({ object: { namespace, workload } }) => {
    return workloadPeer(namespace, workload.name, workload.kind).text;
  });
  return new Map(
    [...named].flatMap(([text, members]): readonly (readonly [string, Workload])[] => {
      const [first] = members;
      if (first === undefined) return [];
      const { namespace, workload } = first.object;
      const groups = [...new Set(members.map(({ object }) => judge.groupOf(object)))];
      const classes = [...new Set(groups.map((group) => judge.classOf(group)))];
      if (classes.length > 1) {
        findings.warn(first.place, `${text}: policies tell its pods apart; shown is what any of them may`);
      }
      return [[text, { peer: workloadPeer(namespace, workload.name, workload.kind), groups, classes }]];
    }),
  );
}
