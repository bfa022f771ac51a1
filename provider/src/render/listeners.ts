import { formatAddress, readAddress } from "../model/address";
import type { ListenerState } from "../model/snapshot";

/** `ss -H -l -n -t -u`: protocol, state, two queues, `ADDRESS:PORT`; of an address also `%INTERFACE`. */
export function parseListeners(text: string): readonly ListenerState[] {
  return text.split("\n").flatMap((line): readonly ListenerState[] => {
    const [protocol = "", , , , local = ""] = line.trim().split(/\s+/);
    const [, place = "", port = ""] = /^(.*):(\d+)$/.exec(local) ?? [];
    if ((protocol !== "tcp" && protocol !== "udp") || port === "") return [];
    const bare = readAddress(place.replace(/^\[/, "").replace(/\]$/, "").replace(/%.*$/, ""));
    const address = bare === undefined || bare.value === 0n ? undefined : formatAddress(bare);
    return [{ protocol, address, port: Number(port) }];
  });
}
