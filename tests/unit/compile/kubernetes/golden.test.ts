/** What a cluster gets for policies, as YAML to read in a review. `UPDATE_GOLDEN=1` writes the files anew. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";

import { objectsFor } from "../../../support/kubernetes/clusters";
import { expressible } from "../../../support/kubernetes/policies";

const folder = join(__dirname, "golden");

test.each(Object.entries(expressible))("%s", (name, { policy, policyApi }) => {
  const path = join(folder, `${name}.yaml`);
  const actual = objectsFor(policy, policyApi)
    .map((object) => stringify(object, { aliasDuplicateObjects: false }))
    .join("---\n");
  if (process.env["UPDATE_GOLDEN"] === "1") {
    mkdirSync(folder, { recursive: true });
    writeFileSync(path, actual);
  }
  expect(actual).toBe(readFileSync(path, "utf8"));
});

test("every golden file belongs to a test", () => {
  const names = Object.keys(expressible).map((name) => `${name}.yaml`);
  expect(readdirSync(folder).sort()).toEqual(names.sort());
});
