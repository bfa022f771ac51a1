import { FakeTarget, type Script } from "../../provider/src/targets/fake-target";
import { openLocalTarget } from "../../provider/src/targets/local-target";
import { describeTargetContract } from "./target.contract";

/** Plays the machine by this one. */
const local: Script = (program, stdin, { signal, onLine }) =>
  openLocalTarget().run(program, stdin, { signal, onLine, timeoutMs: 60_000 });

describeTargetContract("the fake", { open: () => new FakeTarget(local) });
