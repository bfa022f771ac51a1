/** The operations on routing rules and on tables other than the main one. */
import type { Operation } from "./operations";
import { linkOf, space } from "./places";

export const policyRouting: Readonly<Record<string, Operation>> = {
  table_route: ({ state }, where = "", table = "", destination = "", device = "", via = "") => {
    linkOf(state, where, device);
    const { routingTables } = space(state, where);
    const routes = routingTables.get(table) ?? new Map<string, { device: string; via: string }>();
    routingTables.set(table, routes);
    routes.set(destination, { device, via });
  },
  rule: ({ state }, where = "", priority = "", from = "", to = "", arriving = "", action = "") => {
    space(state, where).rules.set(`${from.includes(":") ? 6 : 4} ${priority}`, { from, to, arriving, action });
  },
  remove_table_route: ({ state }, where = "", table = "", destination = "") => {
    const tables = state.namespaces.get(where)?.routingTables;
    tables?.get(table)?.delete(destination);
    if (tables?.get(table)?.size === 0) tables.delete(table);
  },
  remove_rule: ({ state }, where = "", family = "", priority = "") => {
    state.namespaces.get(where)?.rules.delete(`${family} ${priority}`);
  },
};
