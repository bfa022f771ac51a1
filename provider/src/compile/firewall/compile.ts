/** A host's document → its program: everything that decides what the host does, in one place. */

import { familyBits, parseAddress } from "../../model/address";
import { type Cidr, enclosingCidr, parseCidr } from "../../model/cidr";
import type { Policy } from "../../policy/rule";
import type { Program } from "../nft/program";
import { flowOfCut } from "./cut-flow";
import type { Failsafe, FirewallDocument } from "./document";
import type { FailsafeSession } from "./own-host";
import { policyOf } from "./parse-spec";
import { type FirewallPlan, firewallPlan, type PlanOptions } from "./plan";
import { firewallProgram } from "./program";
import { worldOf } from "./world";

export interface Compiled {
  readonly document: FirewallDocument;
  readonly policies: readonly Policy[];
  readonly plan: FirewallPlan;
  readonly program: Program;
}

function sessionOf({ client, server, port }: Failsafe): FailsafeSession {
  return {
    ...(client === undefined ? {} : { client: client.includes("/") ? parseCidr(client, "client") : singleOf(client) }),
    ...(server === undefined ? {} : { server: parseAddress(server, "server") }),
    port,
  };
}

function singleOf(text: string): Cidr {
  const address = parseAddress(text, "client");
  return enclosingCidr(address, familyBits(address.family));
}

export const sameProgram = (one: Program, other: Program): boolean => JSON.stringify(one) === JSON.stringify(other);

/**
 * @param host the URI of the host whose document it is
 * @throws SdnError `invalid-input` where policies contradict each other, `exhausted` where they are too many
 */
export function compileDocument(document: FirewallDocument, host: string): Compiled {
  const policies = Object.values(document.policies).map(({ spec }) => policyOf(spec));
  const world = worldOf(document, host);
  const options: PlanOptions = {
    host,
    now: document.now,
    failsafe: document.failsafe.map(sessionOf),
    underlayPorts: document.site.underlayPorts,
    hostAddresses: document.ownAddresses.map((address) => parseAddress(address, "address")),
  };
  const plan = firewallPlan(policies, world, options);
  return cutting({ document, policies, plan }, document.cuts);
}

/** The same rules with other flows cut: nothing but the program depends on these. */
export function cutting(compiled: Omit<Compiled, "program">, cuts: FirewallDocument["cuts"]): Compiled {
  const program = firewallProgram(compiled.plan, cuts.map(flowOfCut));
  return { ...compiled, document: { ...compiled.document, cuts }, program };
}
