import type { RuleState } from "../../model/snapshot";
import type { StepOf } from "../step";
import type { StepMeaning } from "./meaning";

const family = (text: string): 4 | 6 => (text.includes(":") ? 6 : 4);

export const tableRoute: StepMeaning<"table-route"> = {
  identity: (step) => `${step.where} ${step.table} ${step.destination}`,
  ensure: (step) => ["table_route", step.where, step.table, step.destination, step.device, step.via],
  remove: (step) => ["remove_table_route", step.where, step.table, step.destination],
  query: (step) => ["query_table", step.where, family(step.destination), step.table],
  differences: (step, snapshot) => {
    const state = snapshot.namespaces.get(step.where);
    if (state === undefined) return [];
    const place = `${step.destination} in ${step.where}, routing table ${step.table},`;
    const found = state.routes.find((one) => one.table === step.table && one.destination === step.destination);
    if (found === undefined) return [`route to ${place} is missing`];
    const wanted = `${step.via} on ${step.device}`;
    const actual = `${found.via ?? "no gateway"} on ${found.device}`;
    return actual === wanted ? [] : [`route to ${place} goes via ${actual}, should be ${wanted}`];
  },
};

export const rule: StepMeaning<"rule"> = {
  identity: (step) => `${step.where} ${family(step.from)} ${step.priority}`,
  ensure: (step) => ["rule", step.where, step.priority, step.from, step.to ?? "-", step.arriving ?? "-", step.action],
  remove: (step) => ["remove_rule", step.where, family(step.from), step.priority],
  query: (step) => ["query_rules", step.where, family(step.from)],
  differences: (step, snapshot) => {
    const state = snapshot.namespaces.get(step.where);
    if (state === undefined) return [];
    const found = state.rules.filter((one) => one.family === family(step.from) && one.priority === step.priority);
    const place = `routing rule ${step.priority} in ${step.where}`;
    const [only, second] = found;
    if (only === undefined) return [`${place} is missing`];
    if (second !== undefined) return [`${place} is there ${found.length} times`];
    const [actual, wanted] = [ruleText(only), ruleText(stepRule(step))];
    return actual === wanted ? [] : [`${place} is "${actual}", should be "${wanted}"`];
  },
};

type Selector = Pick<RuleState, "from" | "to" | "arriving" | "action">;

const stepRule = ({ from, to, arriving, action }: StepOf<"rule">): Selector => ({
  from,
  to,
  arriving,
  action: String(action),
});

const ruleText = ({ from, to, arriving, action }: Selector): string =>
  `from ${from}${to === undefined ? "" : ` to ${to}`}${arriving === undefined ? "" : ` on ${arriving}`}: ${action}`;
