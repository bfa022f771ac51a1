/** What the engine is told while a fleet converges, over gRPC, with the provider's own handlers. */
import { type Connection, connectionUri } from "../../provider/src/model/connection";
import { createHandlers } from "../../provider/src/provider";
import { FakeTarget } from "../../provider/src/targets/fake-target";
import { ModelHost } from "../support/model-host";
import { startPlugin } from "./fakes";
import { until } from "./until";

const names = ["h1", "h2", "h3"];
const spec = { label: "shop", vni: 5000, mtu: 1450, cidr: "10.20.0.0/16" };

test("the host that is waited for is named, in a line that the next one replaces; the end is in the log", async () => {
  const slow = Promise.withResolvers<undefined>();
  const open = (connection: Connection): FakeTarget => {
    const model = new ModelHost();
    const last = connectionUri(connection).includes("192.0.2.13");
    return new FakeTarget(async (program, stdin, context) => {
      if (last) await slow.promise;
      return model.script(program, stdin, context);
    });
  };
  const handlers = createHandlers({ acquire: open, dial: open, closeAll: () => Promise.resolve() });
  const plugin = await startPlugin({ handlers });
  const { logs } = plugin.engine;
  const status = (): readonly string[] =>
    logs.filter(({ ephemeral, message }) => ephemeral && message.includes("hosts done")).map(({ message }) => message);
  const made = names.map((host, index) => {
    const connection = { kind: "ssh", address: `192.0.2.${11 + index}` };
    return plugin.create("sdn:linux:Router", `shop-${host}`, { connection, host, spec });
  });
  await until(() => status().some((message) => message.startsWith("2 of 3 hosts done; waiting for h3 (")));
  expect(logs.find(({ message }) => message.startsWith("2 of 3"))?.urn).toContain("::shop-h3");
  slow.resolve(undefined);
  await Promise.all(made);
  await until(() => logs.some(({ message }) => /^3 hosts done in \d+\.\d s; slowest h3 \(\d+\.\d s\)$/.test(message)));
  await plugin.close();
});
