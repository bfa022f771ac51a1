/** What several resources of a host may want: how it is taken away. */
import type { Step } from "../../../provider/src/compile/step";
import { removeWords } from "../../../provider/src/compile/steps";
import { SdnError } from "../../../provider/src/model/error";

const where = "sdn-r-5000";
const neighbour: Step = { kind: "neighbour", where, device: "g5001", address: "10.20.1.9", mac: "02:42:0a:14:01:09" };

test("what is one resource's own is removed in any case", () => {
  expect(removeWords(neighbour)).toEqual(["remove_neighbour", where, "g5001", "10.20.1.9"]);
});

test("what may be another's, too, is removed where no other record makes it", () => {
  expect(removeWords({ ...neighbour, shared: true })).toEqual([
    "remove_shared",
    "neighbour",
    where,
    "g5001",
    "10.20.1.9",
  ]);
});

test("what goes with something else needs no removal, shared or not", () => {
  expect(removeWords({ kind: "sysctl", where, key: "net.ipv4.ip_forward", value: "1", shared: true })).toBeUndefined();
});

test("what is removed in other words than it is made in cannot be shared", () => {
  const element: Step = { kind: "nft-element", family: "inet", set: "bridges", value: ["sdn-b-1"], shared: true };
  expect(() => removeWords(element)).toThrow(SdnError);
});
