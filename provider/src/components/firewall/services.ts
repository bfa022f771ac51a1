import type { InputReader } from "../../inputs/input-reader";
import { SdnError } from "../../model/error";
import { parsePorts, parseProtocol } from "../../policy/parse";
import { checkHasPorts, checkHasTypes, formatPorts, icmpTypesOf } from "../../policy/service";
import type { Unknown, Value, ValueMap } from "../../rpc/value";
import { present } from "../references";

export const parsePortText = (text: string, property: string): string => formatPorts(parsePorts(text, property));

/** As the spec has them; `any` where nothing is said. */
export function readServices(reader: InputReader, name: string): Value {
  return reader.orUnknown(name, reader.objects(name)?.map(readService)) ?? "any";
}

function readService(reader: InputReader): ValueMap {
  const { problems } = reader;
  const checked = (text: string, property: string): string => {
    parseProtocol(text, property);
    return text;
  };
  const given = reader.require("protocol", reader.parsedDigits("protocol", checked), "such as tcp");
  const protocol = reader.orUnknown("protocol", given);
  const ports = reader.orUnknown("ports", reader.parsedDigits("ports", parsePortText));
  const icmpTypes = readTypes(reader, given);
  if (given !== undefined) {
    const number = parseProtocol(given, reader.at("protocol"));
    if (ports !== undefined) problems.collect(() => checkHasPorts(given, number, reader.at("ports")));
    if (icmpTypes !== undefined) problems.collect(() => checkHasTypes(given, number, reader.at("icmpTypes")));
  }
  reader.finish();
  return present({ protocol, ports, icmpTypes });
}

function readTypes(reader: InputReader, protocol: string | undefined): readonly string[] | Unknown | undefined {
  const items = reader.list("icmpTypes");
  const isIcmp = protocol !== undefined && ["icmp", "icmpv6", "1", "58"].includes(protocol);
  const texts = items?.map((item) => (typeof item === "number" ? String(item) : item));
  const parsed = texts?.flatMap((item, index) => {
    const property = `${reader.at("icmpTypes")}[${index}]`;
    if (typeof item !== "string") {
      reader.problems.add(new SdnError({ code: "invalid-input", property, cause: "must be a text" }));
      return [];
    }
    if (isIcmp) reader.problems.collect(() => icmpTypesOf(protocol, item, property));
    return [item];
  });
  return reader.orUnknown("icmpTypes", parsed);
}
