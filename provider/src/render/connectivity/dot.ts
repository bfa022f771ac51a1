import { byNamespace, colours, type Graph, type GraphEdge, type GraphNode } from "./graph";

/** For Graphviz; each namespace is a cluster. */
export function dotOf({ nodes, edges }: Graph): string {
  const clusters = [...byNamespace(nodes)].flatMap(([namespace, members]) => [
    `\tsubgraph ${quoted(`cluster_${namespace}`)} {`,
    `\t\tlabel=${quoted(namespace)}`,
    ...members.map((node) => `\t\t${nodeLine(node)}`),
    "\t}",
  ]);
  const outside = nodes.filter(({ namespace }) => namespace === undefined).map((node) => `\t${nodeLine(node)}`);
  return ["digraph {", ...clusters, ...outside, ...edges.map(edgeLine), "}", ""].join("\n");
}

function nodeLine({ id, label, look, namespace }: GraphNode): string {
  const colour = namespace === undefined && look === "plain" ? "#b45309" : colours[look];
  return `${quoted(id)} [label=${quoted(label)} color="${colour}" fontcolor="${colour}"]`;
}

function edgeLine({ from, to, label, look }: GraphEdge): string {
  const colour = colours[look];
  return `\t${quoted(from)} -> ${quoted(to)} [label=${quoted(label)} color="${colour}" fontcolor="${colour}"]`;
}

const quoted = (text: string): string => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
