/** A transaction as text to read: a line for each thing, in the order in which it is sent. */
import { type Json, only } from "./nft-model";

export function showCommands(commands: readonly Json[]): string {
  return commands.map((command) => `${showCommand(command)}\n`).join("");
}

function showCommand(command: Json): string {
  const [verb, object] = only(command);
  const [kind, detail] = only(object as Json) as [string, Json];
  const head = `${verb} ${kind} ${String(detail["chain"] ?? detail["name"])}`;
  switch (kind) {
    case "element":
      return [head, ...(detail["elem"] as readonly unknown[]).map((one) => `    ${element(one)}`)].join("\n");
    case "rule": {
      const comment = detail["comment"] === undefined ? "" : `  # ${text(detail["comment"])}`;
      return `${head}: ${(detail["expr"] as readonly Json[]).map(statement).join(", ")}${comment}`;
    }
    case "map":
      return `${head} (${[detail["type"]].flat().join(" . ")})${detail["flags"] === undefined ? "" : " with ranges"}`;
    case "chain":
      return detail["hook"] === undefined ? head : `${head} at ${text(detail["hook"])} ${String(detail["prio"])}`;
    default:
      return head;
  }
}

function element(one: unknown): string {
  if (!Array.isArray(one)) return operand(one);
  const [key, verdict] = one as unknown as readonly [unknown, Json];
  const wrapped = typeof key === "object" && key !== null && "elem" in key ? (key.elem as Json) : undefined;
  const comment = wrapped?.["comment"] === undefined ? "" : `  # ${text(wrapped["comment"])}`;
  return `${operand(wrapped === undefined ? key : wrapped["val"])} → ${statement(verdict)}${comment}`;
}

function statement(json: Json): string {
  const [kind, detail] = only(json) as [string, Json];
  switch (kind) {
    case "match":
      return `${operand(detail["left"])} ${String(detail["op"])} ${operand(detail["right"])}`;
    case "vmap":
      return `${operand(detail["key"])} vmap ${String(detail["data"])}`;
    case "jump":
    case "goto":
      return `${kind} ${String(detail["target"])}`;
    case "limit":
      return `limit ${String(detail["rate"])}/${String(detail["per"])} burst ${String(detail["burst"])}`;
    case "log":
      return `log "${String(detail["prefix"])}"`;
    case "reject":
      return "expr" in detail
        ? `reject with ${String(detail["type"])} ${String(detail["expr"])}`
        : `reject with ${String(detail["type"])}`;
    case "mangle":
      return `set ${operand(detail["key"])} to ${JSON.stringify(detail["value"])}`;
    default:
      return kind;
  }
}

function operand(json: unknown): string {
  if (typeof json !== "object" || json === null) return String(json);
  const [kind, detail] = only(json as Json) as [string, never];
  switch (kind) {
    case "concat":
      return (detail as readonly unknown[]).map(operand).join(" . ");
    case "range":
      return (detail as readonly unknown[]).join("-");
    case "prefix":
      return `${(detail as { addr: string }).addr}/${(detail as { len: number }).len}`;
    case "set":
      return `{${(detail as readonly unknown[]).join(", ")}}`;
    case "payload":
      return `${(detail as { protocol: string }).protocol} ${(detail as { field: string }).field}`;
    case "ct":
    case "meta": {
      const { key, dir } = detail as { key: string; dir?: string };
      return [kind, ...(dir === undefined ? [] : [dir]), key].join(" ");
    }
    case "&":
    case "|":
      return `(${(detail as readonly unknown[]).map(operand).join(` ${kind} `)})`;
    default:
      throw new Error(`unexpected ${kind}`);
  }
}

const text = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));
