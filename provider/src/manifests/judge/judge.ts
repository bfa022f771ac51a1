/** The policies of a cluster, ready to be asked by classes of pods. */

import type { Cluster } from "../cluster";
import { type ConnectionId, ConnectionPool, none } from "../connection-pool";
import type { Findings } from "../finding";
import type { PodTemplate } from "../objects";
import { nameLabel } from "../read/service";
import { type Classes, classesOf } from "./classes";
import { outsideRanges, type Range } from "./outside";
import { PodGroups } from "./pod-groups";
import { type Direction, policiesOf } from "./rules";
import { Verdicts } from "./verdicts";

/** No namespace can have this name, so no policy can mean it: nothing is known of the controller but that it is a pod. */
const controllerNamespace = "{ingress-controller}";

export class Judge {
  readonly pool = new ConnectionPool();
  readonly groups: PodGroups;
  /** The class of an ingress controller that the manifests do not have. */
  readonly controller: number;
  /** What the policies tell apart outside, of each direction. */
  readonly ranges: Readonly<Record<Direction, readonly Range[]>>;
  private readonly classes: Classes;
  private readonly verdicts: Readonly<Record<Direction, Verdicts>>;

  constructor(cluster: Cluster, findings: Findings) {
    const unknown = [controllerNamespace, { [nameLabel]: controllerNamespace }] as const;
    this.groups = new PodGroups(new Map([...cluster.namespaces, unknown]));
    const controllerGroup = this.groups.add({ namespace: controllerNamespace, labels: {}, ports: [] });
    for (const { object } of cluster.templates) this.groupOf(object);
    const ingress = policiesOf(cluster, "ingress", this.groups, findings);
    const egress = policiesOf(cluster, "egress", this.groups, findings);
    this.ranges = { ingress: outsideRanges(ingress.blocks), egress: outsideRanges(egress.blocks) };
    this.classes = classesOf(this.groups.groups, [ingress, egress]);
    this.verdicts = {
      ingress: new Verdicts("ingress", ingress, this.classes, this.ranges.ingress, this.pool),
      egress: new Verdicts("egress", egress, this.classes, this.ranges.egress, this.pool),
    };
    this.controller = this.classOf(controllerGroup);
  }

  groupOf({ namespace, labels, ports }: PodTemplate): number {
    return this.groups.add({ namespace, labels, ports });
  }

  classOf(group: number): number {
    return this.classes.of[group] ?? 0;
  }

  /** What pods of one class may send to others of one class: both sides must allow it. */
  pair(source: number, destination: number): ConnectionId {
    const leaves = this.verdicts.egress.row(source)[destination] ?? none;
    if (leaves === none) return none;
    return this.pool.intersection(leaves, this.verdicts.ingress.row(destination)[source] ?? none);
  }

  /** From or to each of `ranges`. */
  outside(classId: number, direction: Direction): Int32Array {
    return this.verdicts[direction].row(classId).subarray(this.classes.count);
  }
}
