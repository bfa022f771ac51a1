import type { Connection } from "../model/connection";
import { openLocalTarget } from "./local-target";
import { openNamespaceTarget } from "./namespace-target";
import { openSshTarget } from "./ssh-target";
import type { Target } from "./target";

/** A target of its own for the connection; nothing is connected before the first execution. */
export function openTarget(connection: Connection): Target {
  switch (connection.kind) {
    case "ssh":
      return openSshTarget(connection);
    case "local":
      return openLocalTarget();
    case "namespace":
      return openNamespaceTarget(connection.name);
  }
}
