/** A review's risks in SARIF 2.1.0, for tools that show findings beside the code. */
import type { Finding, Review } from "../../reach/review";

const rules: Readonly<Record<Finding["kind"], string>> = {
  everybody: "A rule lets everybody in, or out to everybody.",
  management: "A rule opens ports by which machines are administered.",
  "empty-group": "A rule is about a group that has no members.",
  unmatched: "A rule can never match.",
  duplicate: "A rule is written twice.",
};
const levels: Readonly<Record<Finding["kind"], "warning" | "note">> = {
  everybody: "warning",
  management: "warning",
  "empty-group": "note",
  unmatched: "warning",
  duplicate: "note",
};

/** @param program the file that findings are shown at: they are about resources, whose lines Pulumi does not tell */
export function sarifOf({ findings }: Review, errors: readonly string[], program: string): string {
  const at = [{ physicalLocation: { artifactLocation: { uri: program }, region: { startLine: 1 } } }];
  const results = [
    ...findings.map(({ kind, rule, sentence }) => ({
      ruleId: `sdn/${kind}`,
      level: levels[kind],
      message: { text: sentence },
      locations: [{ ...at[0], logicalLocations: [{ fullyQualifiedName: rule }] }],
    })),
    ...errors.map((text) => ({ ruleId: "sdn/error", level: "error", message: { text }, locations: at })),
  ];
  const known = Object.entries({ ...rules, error: "The preview fails." });
  const driver = {
    name: "pulumi-sdn",
    rules: known.map(([kind, text]) => ({ id: `sdn/${kind}`, shortDescription: { text } })),
  };
  const log = {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [{ tool: { driver }, results }],
  };
  return `${JSON.stringify(log, undefined, 2)}\n`;
}
