/** An entry from its id alone: what the hosts' documents say of it. */

import type { MemberSpec, PolicySpec } from "../../compile/firewall/intent";
import { SdnError } from "../../model/error";
import type { CallContext, ReadResult } from "../../rpc/handlers";
import type { ValueMap } from "../../rpc/value";
import { connectionFromUri, connectionValue } from "../connection-inputs";
import type { Hosts } from "../hosts";
import { located } from "../located";
import { ownerOf } from "../owner";
import type { EntryKind } from "./entry-resource";
import { documentOf } from "./host-plan";

export async function importEntry<Spec extends PolicySpec | MemberSpec>(
  context: CallContext,
  hosts: Hosts,
  kind: EntryKind<Spec>,
  urn: string,
  id: string,
): Promise<ReadResult> {
  const cut = id.indexOf("#");
  const [uris, rest] = [id.slice(0, Math.max(cut, 0)).split(","), id.slice(cut + 1)];
  const connections = uris.map((uri) => hosts.known(uri) ?? connectionFromUri(uri));
  const prefix = `${kind.kind}-`;
  if (cut < 0 || !rest.startsWith(prefix) || connections.includes(undefined)) throw refusedId(kind, id);
  const key = rest.slice(prefix.length);
  const found = await Promise.all(
    connections.flatMap((connection, index) => {
      if (connection === undefined) return [];
      return [
        located(uris[index] ?? "", id, async () => {
          const snapshot = await hosts.session(connection).ask([["query_firewall"]], context.signal, true);
          const document = documentOf(snapshot.firewall);
          const entry = kind.kind === "policy" ? document?.policies[key] : document?.members[key];
          return { connection, name: snapshot.facts?.hostname ?? uris[index] ?? "", entry };
        }),
      ];
    }),
  );
  const entry = found.find((one) => one.entry !== undefined)?.entry;
  if (entry === undefined) return undefined;
  if (entry.owner !== ownerOf(urn)) {
    throw new SdnError({ code: "conflict", resource: id, cause: `belongs to ${entry.owner}, not to ${ownerOf(urn)}` });
  }
  const inputs = {
    hosts: found.map(({ connection, name }) => ({ name, connection: connectionValue(connection) })),
    spec: entry.spec as unknown as ValueMap,
  };
  return { id, inputs, outputs: { generation: entry.generation, drift: [], pending: [] } };
}

function refusedId(kind: { readonly kind: string }, id: string): SdnError {
  const example = kind.kind === "policy" ? "policy-web" : "member-4098/web1";
  return new SdnError({
    code: "invalid-input",
    property: "id",
    value: id,
    cause: "is not an id of this resource",
    remedy: `write HOST,HOST,…#${example}, for example ssh://root@192.0.2.11:22#${example}`,
  });
}
