/** The firewall's bench, small: that it still runs to its end, measures what it says and leaves nothing behind. */
import { execFileSync } from "node:child_process";
import { firewall } from "../../tools/bench/firewall/firewall";
import { firewallChart, firewallReport } from "../../tools/bench/firewall/tables";

const namespaces = (): string => execFileSync("ip", ["netns", "list"], { encoding: "utf8" });

test("the bench of the firewall measures everything, with ten rules and one round", async () => {
  const said: string[] = [];
  const say = (line: string): void => void said.push(line);
  const figures = await firewall({ sizes: [10], rounds: 1, count: 50, streamSeconds: 0.05, say });
  const text = `${said.join("\n")}\n${firewallReport(figures)}`;
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
  expect(text.match(/^- .*: .*(reached|not reached)$/gm)).toHaveLength(4);
  for (const { contender, turns } of figures.courses) {
    for (const turn of turns) {
      const rates = [turn.connects, turn.datagrams, turn.stream];
      expect({ contender, rates: rates.map((rate) => rate > 0) }).toEqual({ contender, rates: [true, true, true] });
    }
  }
  expect(figures.courses.map(({ contender }) => contender)).toEqual(
    expect.arrayContaining(["none", "sdn", "nft", "iptables-nft"]),
  );
  expect(firewallChart(figures)).toContain("nft, linear");
  expect(namespaces()).not.toContain("sdnfb");
}, 120_000);
