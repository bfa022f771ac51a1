import { parseAddress } from "../../../provider/src/model/address";
import { parseCidr } from "../../../provider/src/model/cidr";
import { SdnError } from "../../../provider/src/model/error";
import { Problems } from "../../../provider/src/model/problems";
import { parseVni } from "../../../provider/src/model/vni";
import { refusal } from "./messages";

test("all problems of a resource come at once, in order, without the property in the reason", () => {
  const problems = new Problems();
  expect(problems.collect(() => parseVni(7, "vni"))).toBe(7);
  expect(problems.collect(() => parseCidr("10.20.1.5/24", "subnets[0].cidr"))).toBeUndefined();
  problems.collect(() => parseAddress("x", "gateway"));
  problems.add(new SdnError({ code: "conflict", cause: "the whole is wrong" }));
  expect(problems.list).toEqual([
    {
      property: "subnets[0].cidr",
      reason:
        'the value has host bits set (got "10.20.1.5/24"). Write 10.20.1.0/24 for the block or 10.20.1.5/32 for the one address.',
    },
    {
      property: "gateway",
      reason: 'the value is not an IP address (got "x"). Write an address such as 192.0.2.10 or 2001:db8::10.',
    },
    { property: "", reason: "the whole is wrong." },
  ]);
});

test("nothing found throws nothing, one problem throws itself, several throw one error that says them all", () => {
  const problems = new Problems();
  problems.throwIfAny();
  expect(problems.empty).toBe(true);
  problems.collect(() => parseVni(0, "a"));
  expect(refusal(() => problems.throwIfAny()).message).toBe(
    "a: the value is not a VXLAN network identifier (got 0). Write a whole number from 1 to 16777215.",
  );
  problems.collect(() => parseVni(-1, "b"));
  expect(refusal(() => problems.throwIfAny())).toEqual({
    code: "invalid-input",
    message:
      "a: the value is not a VXLAN network identifier (got 0). Write a whole number from 1 to 16777215; " +
      "b: the value is not a VXLAN network identifier (got -1). Write a whole number from 1 to 16777215.",
  });
});

test.each([
  ["an error of another class", new TypeError("defect")],
  ["an error that says it is a defect", new SdnError({ code: "internal", cause: "defect" })],
])("%s is no problem of the user's and goes on", (_name, defect) => {
  const problems = new Problems();
  const fail = () => {
    throw defect;
  };
  expect(() => problems.collect(fail)).toThrow(defect);
  expect(problems.list).toEqual([]);
});
