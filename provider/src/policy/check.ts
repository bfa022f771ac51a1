/** What is wrong with policies, all at once, before anything is made from them. */

import { SdnError } from "../model/error";
import { parseInterfaceName } from "../model/name";
import { Problems } from "../model/problems";
import { shown } from "../model/shown";
import { findConflicts } from "./conflicts";
import { dynamicOf } from "./dynamic";
import { defaultName, type LogLimit, type Policy, type Rule } from "./rule";
import { hasPorts, type Service } from "./transport";
import type { World } from "./world";

/** Names of policies and rules are in counters' comments and log lines on the hosts: an allow-list, and short. */
const longestPolicyName = 63;
const longestRuleName = 40;
const highestPriority = 65_535;
/** Seconds since 1970 at the end of the year 9999. */
const lastTime = 253_402_300_799;

export function parsePolicyName(text: string, property: string): string {
  return parseLabelledName(text, property, longestPolicyName);
}

/** `default` stands for a policy's default action in verdicts and counters. */
export function parseRuleName(text: string, property: string): string {
  if (text === defaultName) {
    throw new SdnError({
      code: "invalid-input",
      property,
      value: text,
      cause: "the name stands for the default action",
      remedy: "choose another name",
    });
  }
  return parseLabelledName(text, property, longestRuleName);
}

function parseLabelledName(text: string, property: string, longest: number): string {
  if (text.length <= longest && /^[A-Za-z][A-Za-z0-9._-]*$/.test(text)) return text;
  throw new SdnError({
    code: "invalid-input",
    property,
    value: shown(text),
    cause: "the value is not a valid name",
    remedy: `write 1 to ${longest} letters, digits, dots, underscores or hyphens, beginning with a letter`,
  });
}

/** @throws SdnError `invalid-input` that says everything that is wrong */
export function checkPolicies(policies: readonly Policy[], world: World): void {
  const problems = new Problems();
  const names = new Set<string>();
  for (const policy of policies) {
    problems.collect(() => parsePolicyName(policy.name, "name"));
    if (names.has(policy.name)) refuse(problems, policy, "name", policy.name, "another policy has this name");
    names.add(policy.name);
    checkPolicy(problems, policy);
    checkDynamic(problems, policy, world);
  }
  // The other names and texts of the world stay here; this one goes to hosts.
  for (const { name, bridge } of world.segments) {
    problems.collect(() => parseInterfaceName(bridge, `segment ${shown(name)}`));
  }
  problems.add(...findConflicts(policies, world));
  problems.throwIfAny();
}

function checkPolicy(problems: Problems, policy: Policy): void {
  if (!isWhole(policy.priority, 0, highestPriority)) {
    refuse(problems, policy, "priority", policy.priority, `must be a whole number from 0 to ${highestPriority}`);
  }
  const { enforcement } = policy;
  if (enforcement.mode === "watch") checkTime(problems, policy, "enforcement.until", enforcement.until);
  checkLog(problems, policy, "defaultLog", policy.defaultLog);
  const names = new Set<string>();
  policy.rules.forEach((rule, index) => {
    const at = `rules[${index}]`;
    problems.collect(() => parseRuleName(rule.name, `${at}.name`));
    if (names.has(rule.name))
      refuse(problems, policy, `${at}.name`, rule.name, "another rule of the policy has this name");
    names.add(rule.name);
    checkTime(problems, policy, `${at}.expires`, rule.expires);
    checkLog(problems, policy, `${at}.log`, rule.log);
    checkServices(problems, policy, at, rule);
  });
}

/** Whom the host does not find at the moment, a rule does not keep out. */
function checkDynamic(problems: Problems, policy: Policy, world: World): void {
  const groups = new Map(world.groups.map((group) => [group.name, group]));
  policy.rules.forEach(({ action, peers }, index) => {
    const kinds = new Set(dynamicOf(peers, groups).map(({ kind }) => kind));
    const at = `rules[${index}].peers`;
    if (kinds.has("name") && action !== "allow") {
      refuse(
        problems,
        policy,
        at,
        undefined,
        `a rule that says ${action} cannot go by a DNS name: who resolves it to another address gets through`,
      );
    }
    if (kinds.has("containers") && (action === "deny" || action === "reject")) {
      refuse(
        problems,
        policy,
        at,
        undefined,
        `a rule that says ${action} cannot go by labels of containers: those of other hosts get through`,
      );
    }
  });
}

function checkTime(problems: Problems, policy: Policy, property: string, time: number | undefined): void {
  if (time === undefined || isWhole(time, 0, lastTime)) return;
  refuse(problems, policy, property, time, "must be a time before the year 10000");
}

function checkLog(problems: Problems, policy: Policy, property: string, log: LogLimit | undefined): void {
  if (log === undefined) return;
  if (!isWhole(log.rate, 1, 10_000)) refuse(problems, policy, `${property}.rate`, log.rate, "must be from 1 to 10000");
  if (!isWhole(log.burst, 1, 10_000))
    refuse(problems, policy, `${property}.burst`, log.burst, "must be from 1 to 10000");
}

function checkServices(problems: Problems, policy: Policy, at: string, rule: Rule): void {
  if (rule.services === "any") return;
  rule.services.forEach((service, index) => {
    const wrong = wrongService(service);
    if (wrong !== undefined) refuse(problems, policy, `${at}.services[${index}]`, undefined, wrong);
  });
}

function wrongService(service: Service): string | undefined {
  switch (service.kind) {
    case "protocol":
      return isWhole(service.protocol, 0, 255) ? undefined : "a protocol's number is from 0 to 255";
    case "ports":
      if (!hasPorts(service.protocol)) return "only tcp, udp, sctp, dccp and udplite have ports";
      return service.ports.every(({ first, last }) => isWhole(first, 0, 65_535) && isWhole(last, first, 65_535))
        ? undefined
        : "a range of ports goes from a lower to a higher number, both from 0 to 65535";
    case "icmp":
      return service.types.every(({ type, code }) => isWhole(type, 0, 255) && isWhole(code ?? 0, 0, 255))
        ? undefined
        : "types and codes of ICMP are numbers from 0 to 255";
  }
}

const isWhole = (value: number, first: number, last: number): boolean =>
  Number.isInteger(value) && value >= first && value <= last;

function refuse(problems: Problems, policy: Policy, property: string, value: unknown, cause: string): void {
  const detail = { code: "invalid-input", resource: `policy ${policy.name}`, property, cause } as const;
  problems.add(new SdnError(value === undefined ? detail : { ...detail, value }));
}
