/** What the policies of one direction allow a class of pods: one connection set for each possible other end. */

import type { ConnectionId, ConnectionPool } from "../connection-pool";
import { all, none } from "../connection-pool";
import { portInterval } from "../connection-set";
import { intervalSet } from "../../policy/intervals";
import type { ContainerPort, RulePorts } from "../objects";
import type { Classes } from "./classes";
import { type Range, rangesIn } from "./outside";
import type { Direction, Peers, Policies, Policy, Rule } from "./rules";

/** Other ends: the classes of pods, then the ranges outside. */
export type Row = Int32Array;

interface PreparedRule {
  readonly rule: Rule;
  readonly ends: Int32Array;
  readonly numbered: ConnectionId;
}

interface PreparedPolicy {
  /** Whether it judges a class. */
  readonly judges: Uint8Array;
  readonly rules: readonly PreparedRule[];
}

type Tier = "admin" | "network" | "baseline";

export class Verdicts {
  private readonly tiers: Readonly<Record<Tier, readonly PreparedPolicy[]>>;
  private readonly rows = new Map<string, Row>();
  private readonly byClass: Row[] = [];
  private readonly everyEnd: Int32Array;

  constructor(
    private readonly direction: Direction,
    policies: Policies,
    private readonly classes: Classes,
    private readonly ranges: readonly Range[],
    private readonly pool: ConnectionPool,
  ) {
    this.everyEnd = Int32Array.from({ length: classes.count + ranges.length }, (_, index) => index);
    const prepare = (list: readonly Policy[]): readonly PreparedPolicy[] => list.map((policy) => this.prepared(policy));
    this.tiers = {
      admin: prepare(policies.admin),
      network: prepare(policies.network),
      baseline: prepare(policies.baseline),
    };
  }

  row(classId: number): Row {
    const row = this.byClass[classId] ?? this.shared(classId);
    this.byClass[classId] = row;
    return row;
  }

  /** Classes that the same policies judge share a row. */
  private shared(classId: number): Row {
    const judging = (tier: Tier): readonly PreparedPolicy[] =>
      this.tiers[tier].filter(({ judges }) => judges[classId] === 1);
    const tiers = { admin: judging("admin"), network: judging("network"), baseline: judging("baseline") };
    const key = this.keyOf(tiers, classId);
    const known = this.rows.get(key);
    if (known !== undefined) return known;
    const row = this.judged(tiers, classId);
    this.rows.set(key, row);
    return row;
  }

  private keyOf(tiers: Readonly<Record<Tier, readonly PreparedPolicy[]>>, classId: number): string {
    const used = [...tiers.admin, ...tiers.network, ...tiers.baseline];
    const looksUp =
      this.direction === "ingress" && used.some(({ rules }) => rules.some(({ rule }) => rule.ports.named.length > 0));
    const ports = looksUp ? JSON.stringify(this.classes.ports[classId]) : "";
    return `${used.map((policy) => this.numberOf(policy)).join()} ${ports}`;
  }

  private readonly numbers = new Map<PreparedPolicy, number>();
  private numberOf(policy: PreparedPolicy): number {
    const known = this.numbers.get(policy) ?? this.numbers.size;
    this.numbers.set(policy, known);
    return known;
  }

  private judged(tiers: Readonly<Record<Tier, readonly PreparedPolicy[]>>, classId: number): Row {
    const accepted = new Int32Array(this.everyEnd.length).fill(none);
    const open = new Int32Array(this.everyEnd.length).fill(all);
    const passed = new Int32Array(this.everyEnd.length).fill(none);
    this.decide(tiers.admin, classId, { open, accepted, passed });
    open.forEach((left, end) => (open[end] = this.pool.union(left, passed[end] ?? none)));
    if (tiers.network.length > 0) {
      // What selects a pod judges all that is left: it accepts, or nothing does.
      const allowed = new Int32Array(this.everyEnd.length).fill(none);
      this.decide(tiers.network, classId, { open, accepted: allowed, passed: allowed });
      return this.united(accepted, allowed);
    }
    // What the last tier passes is for nobody else to judge, as what it does not mention.
    this.decide(tiers.baseline, classId, { open, accepted, passed: accepted });
    return this.united(accepted, open);
  }

  private united(a: Row, b: Row): Row {
    return a.map((id, end) => this.pool.union(id, b[end] ?? none));
  }

  /** Rules in their order: each decides what none before it has. For a NetworkPolicy, the order makes no difference. */
  private decide(
    policies: readonly PreparedPolicy[],
    classId: number,
    { open, accepted, passed }: { readonly open: Row; readonly accepted: Row; readonly passed: Row },
  ): void {
    const { pool } = this;
    for (const { rules } of policies) {
      for (const prepared of rules) {
        const to = { accept: accepted, pass: passed, deny: undefined }[prepared.rule.action];
        const wanted = this.portsOf(prepared, classId);
        prepared.ends.forEach((end, index) => {
          const left = open[end] ?? none;
          const hit = pool.intersection(left, typeof wanted === "number" ? wanted : (wanted[index] ?? none));
          if (hit === none) return;
          open[end] = pool.difference(left, hit);
          if (to !== undefined) to[end] = pool.union(to[end] ?? none, hit);
        });
      }
    }
  }

  /** One set for every end, or one for each: names are looked up in the destination. */
  private portsOf(prepared: PreparedRule, classId: number): ConnectionId | Int32Array {
    const { rule, ends, numbered } = prepared;
    if (rule.ports.named.length === 0) return numbered;
    if (this.direction === "ingress") return this.withNamed(prepared, classId);
    const known = this.atEnds.get(prepared) ?? ends.map((end) => this.withNamed(prepared, end));
    this.atEnds.set(prepared, known);
    return known;
  }
  private readonly atEnds = new Map<PreparedRule, Int32Array>();

  /** An address outside the cluster has no named ports. */
  private withNamed({ rule, numbered }: PreparedRule, destination: number): ConnectionId {
    return this.pool.union(numbered, this.named(rule.ports, this.classes.ports[destination] ?? []));
  }

  private readonly lookups = new Map<RulePorts, Map<readonly ContainerPort[], ConnectionId>>();
  private named(rule: RulePorts, ports: readonly ContainerPort[]): ConnectionId {
    const known = this.lookups.get(rule) ?? new Map<readonly ContainerPort[], ConnectionId>();
    this.lookups.set(rule, known);
    const id =
      known.get(ports) ??
      this.pool.id(
        intervalSet(
          ports
            .filter((port) =>
              rule.named.some((one) => one.name === port.name && (one.protocol ?? port.protocol) === port.protocol),
            )
            .map(({ protocol, port }) => portInterval(protocol, port, port)),
        ),
      );
    known.set(ports, id);
    return id;
  }

  private prepared({ subject, rules }: Policy): PreparedPolicy {
    const judges = new Uint8Array(this.classes.count);
    for (const group of subject) judges[this.classes.of[group] ?? 0] = 1;
    return {
      judges,
      rules: rules.map((rule) => ({
        rule,
        ends: rule.peers === "any" ? this.everyEnd : this.endsOf(rule.peers),
        numbered: this.pool.id(rule.ports.numbered),
      })),
    };
  }

  private endsOf({ groups, blocks }: Peers): Int32Array {
    const inside = new Set(groups.flatMap((list) => this.insideOf(list)));
    const outside = new Set(blocks.flatMap((block) => rangesIn(this.ranges, block)));
    return Int32Array.from([...inside, ...[...outside].map((range) => this.classes.count + range)]);
  }

  /** Many rules have the same selector: its classes are looked up once. */
  private insideOf(groups: readonly number[]): readonly number[] {
    const known = this.inside.get(groups) ?? [...new Set(groups.map((group) => this.classes.of[group] ?? 0))];
    this.inside.set(groups, known);
    return known;
  }
  private readonly inside = new Map<readonly number[], readonly number[]>();
}
