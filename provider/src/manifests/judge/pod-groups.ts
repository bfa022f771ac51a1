/** Pods that no policy can tell apart by their labels and namespace, and the groups that a selector means. */

import { matchesLabels, type Selector } from "../../policy/selector";
import type { ContainerPort, Labels, NamespaceSelection, PodSelection } from "../objects";

/** Pods of one namespace with the same labels and ports. */
export interface PodGroup {
  readonly namespace: string;
  readonly labels: Labels;
  readonly ports: readonly ContainerPort[];
}

export class PodGroups {
  readonly groups: PodGroup[] = [];
  private readonly ids = new Map<string, number>();
  private readonly byNamespace = new Map<string, number[]>();
  private readonly byLabel = new Map<string, number[]>();
  private readonly selected = new Map<string, readonly number[]>();

  constructor(private readonly namespaces: ReadonlyMap<string, Labels>) {}

  /** All groups are added before the first is asked for. */
  add(group: PodGroup): number {
    const labels = Object.entries(group.labels).sort();
    const key = JSON.stringify([group.namespace, labels, group.ports]);
    const known = this.ids.get(key);
    if (known !== undefined) return known;
    const id = this.groups.push(group) - 1;
    this.ids.set(key, id);
    push(this.byNamespace, group.namespace, id);
    for (const [name, value] of labels) push(this.byLabel, labelKey(group.namespace, name, value), id);
    return id;
  }

  /** Sorted. */
  select({ namespaces, pods }: PodSelection): readonly number[] {
    const key = JSON.stringify([namespaces, pods]);
    const known = this.selected.get(key);
    if (known !== undefined) return known;
    const found = this.namespacesOf(namespaces).flatMap((namespace) => this.inNamespace(namespace, pods));
    const sorted = found.sort((a, b) => a - b);
    this.selected.set(key, sorted);
    return sorted;
  }

  private namespacesOf(selection: NamespaceSelection): readonly string[] {
    if (selection.kind === "named") return [selection.name];
    return [...this.namespaces].flatMap(([name, labels]) => (matchesLabels(selection.selector, labels) ? [name] : []));
  }

  /** A wanted label is looked up, so that a cluster with many policies is not walked through for each of them. */
  private inNamespace(namespace: string, pods: Selector): readonly number[] {
    const [wanted] = Object.entries(pods.matchLabels);
    const candidates =
      wanted === undefined ? this.byNamespace.get(namespace) : this.byLabel.get(labelKey(namespace, ...wanted));
    const isAny = wanted === undefined && pods.matchExpressions.length === 0;
    return (candidates ?? []).filter((id) => isAny || matchesLabels(pods, this.groups[id]?.labels ?? {}));
  }
}

const labelKey = (namespace: string, name: string, value: string): string => `${namespace}\n${name}\n${value}`;

function push(lists: Map<string, number[]>, key: string, id: number): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [id]);
  else list.push(id);
}
