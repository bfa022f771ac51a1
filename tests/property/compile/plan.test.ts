/** Laws of plans, on the model of a host. */
import fc from "fast-check";
import type { Intent } from "../../../provider/src/compile/intent";
import { markOf } from "../../../provider/src/compile/names";
import { applyWords, driftOf, removeAllWords } from "../../../provider/src/compile/plan";
import { parseReport } from "../../../provider/src/render/report";
import { intents, pairs, seed } from "../../support/intent-arbitraries";
import type { ModelHost } from "../../support/model-host";
import { removeFragment, requestOf } from "../../support/requests";
import { perform, surroundedHost } from "../../support/surroundings";

fc.configureGlobal({ seed, numRuns: 150 });

const drift = (host: ModelHost, intent: Intent): readonly string[] =>
  driftOf(intent, parseReport(host.run(requestOf("", [], [intent]))).snapshot);

/** The state without generations and without the host's own sysctls, which stay until the last resource goes. */
function contents(host: ModelHost): unknown {
  const { namespaces, ledger, savedSysctls: _saved, ...rest } = host.contents;
  namespaces.get("-")?.sysctls.clear();
  return { ...rest, namespaces, ledger: [...ledger].map(([key, { generation: _, ...entry }]) => [key, entry]).sort() };
}

test("from an intent to itself nothing is removed", () => {
  fc.assert(
    fc.property(intents, (intent) => {
      const removals = applyWords(intent, intent).filter(([operation]) => String(operation).startsWith("remove_"));
      expect(removals).toEqual([]);
      expect(applyWords(intent, intent)).toEqual(applyWords(undefined, intent));
    }),
  );
});

test("what was applied shows no drift", () => {
  fc.assert(
    fc.property(intents, (intent) => {
      const host = surroundedHost(intent);
      perform(host, intent);
      expect(drift(host, intent)).toEqual([]);
    }),
  );
});

test("applying twice is applying once", () => {
  fc.assert(
    fc.property(intents, (intent) => {
      const host = surroundedHost(intent);
      perform(host, intent);
      const once = host.contents;
      perform(host, intent, intent);
      expect(host.contents).toEqual(once);
    }),
  );
});

test("an update gives what making the new one from nothing gives: all that only the old one had is gone", () => {
  fc.assert(
    fc.property(pairs, ({ from, to }) => {
      const [updated, fresh] = [surroundedHost(to), surroundedHost(to)];
      perform(updated, from);
      perform(updated, to, from);
      perform(fresh, to);
      // A host's own interface keeps its own MTU until it is a port for the first time; then it has the last one.
      expect(contents(updated)).toEqual(contents(fresh));
      expect(drift(updated, to)).toEqual([]);
    }),
  );
});

test("a removal takes away exactly what was made", () => {
  fc.assert(
    fc.property(intents, (intent) => {
      const host = surroundedHost(intent);
      const ens4 = host.contents.namespaces.get("-")?.links.get("ens4");
      const before = contents(host);
      perform(host, intent);
      const { results } = parseReport(host.run(requestOf("", [removeFragment(intent)])));
      expect([...results.values()]).toEqual([{ ok: true, generation: 0 }]);
      if (intent.kind === "port" && intent.attachment.kind === "interface") host.setLink("ens4", ens4 ?? {});
      // The tables that all share stay while any resource is there.
      expect(contents(host)).toEqual(before);
    }),
  );
});

test("every link that it made is missed when it is gone", () => {
  fc.assert(
    fc.property(intents, fc.nat(), (intent, pick) => {
      const host = surroundedHost(intent);
      perform(host, intent);
      const mark = markOf(intent);
      const ours = [...host.contents.namespaces].flatMap(([where, { links }]) =>
        [...links].filter(([, link]) => link.alias === mark && link.kind !== "").map(([name]) => ({ where, name })),
      );
      const chosen = ours[pick % Math.max(1, ours.length)];
      if (chosen === undefined) return;
      host.removeLink(chosen.name, chosen.where);
      expect(drift(host, intent).join("\n")).toContain(`interface ${chosen.name}`);
    }),
  );
});

test("every value of the state is compared: a link that was changed by hand is drift", () => {
  fc.assert(
    fc.property(intents, fc.nat(), fc.constantFrom("mtu", "down", "address"), (intent, pick, what) => {
      const host = surroundedHost(intent);
      perform(host, intent);
      const mark = markOf(intent);
      const ours = [...host.contents.namespaces].flatMap(([where, { links }]) =>
        [...links]
          .filter(([, link]) => link.alias === mark && link.kind !== "")
          .map(([name, link]) => ({ where, name, link })),
      );
      const chosen = ours[pick % Math.max(1, ours.length)];
      if (chosen === undefined) return;
      const { where, name, link } = chosen;
      // A bridge, its port towards the router and the VXLAN device have no addresses to be watched.
      if (what === "address" && link.addresses.length === 0) return;
      const changes = { mtu: { mtu: link.mtu + 1 }, down: { up: false }, address: { addresses: [] } };
      host.setLink(name, changes[what], where);
      expect(drift(host, intent).join("\n")).toContain(name);
    }),
  );
});

test("a removal speaks only of what its own mark or name makes certain", () => {
  fc.assert(
    fc.property(intents, (intent) => {
      const mark = markOf(intent);
      for (const [operation, ...words] of removeAllWords(intent)) {
        if (operation === "remove_link" || operation === "remove_netns" || operation === "remove_docker_network") {
          expect(words.at(-1)).toBe(mark);
        }
      }
    }),
  );
});
