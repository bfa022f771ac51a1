import fc from "fast-check";
import { ProgramOutput } from "../../../provider/src/targets/program-output";

function fail(error: Error): never {
  throw error;
}

/** Cuts a buffer at the given places. */
function pieces(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return places.slice(1).map((end, index) => bytes.subarray(places[index], end));
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "\u{1f600}", "\n", "sdn-program-started", " ") });
const cuts = fc.array(fc.nat());

test("in whatever pieces output arrives, text and lines are the same", () => {
  fc.assert(
    fc.property(text, text, text, cuts, (greeting, stdout, stderr, places) => {
      fc.pre(!greeting.includes("sdn-program-started"));
      const lines: string[] = [];
      const output = new ProgramOutput((line) => lines.push(line), fail);
      const out = Buffer.from(`${greeting}sdn-program-started\n${stdout}`);
      const err = Buffer.from(`${greeting}sdn-program-started 41 40 12345\n${stderr}`);
      for (const piece of pieces(out, places)) output.addStdout(piece);
      for (const piece of pieces(err, places)) output.addStderr(piece);
      expect(output.result(5)).toEqual({ exitCode: 5, stdout, stderr });
      expect(lines).toEqual(stdout.split("\n").slice(0, -1));
      expect(output.program).toEqual({ processId: 41, processGroup: 40, startTime: "12345" });
    }),
    { seed: 20260, numRuns: 500 },
  );
});

test("without the marker nothing is output and all is complaint", () => {
  const output = new ProgramOutput(() => fail(new Error("a line")), fail);
  output.addStdout(Buffer.from("welcome\n"));
  output.addStderr(Buffer.from("sudo: no\n"));
  expect(output.program).toBeUndefined();
  expect(output.complaint).toBe("sudo: no\nwelcome\n");
  expect(output.result(1)).toEqual({ exitCode: 1, stdout: "", stderr: "" });
});

test("a greeting without end does not fill the memory", () => {
  const output = new ProgramOutput(undefined, fail);
  for (let index = 0; index < 100; index += 1) output.addStdout(Buffer.alloc(10_000, "x"));
  expect(output.complaint.length).toBeLessThanOrEqual(64 * 1024);
});

test("an onLine that throws is reported once, and no further line is delivered", () => {
  const failures: Error[] = [];
  let calls = 0;
  const onLine = () => {
    calls += 1;
    throw new Error("enough");
  };
  const output = new ProgramOutput(onLine, (error) => failures.push(error));
  output.addStdout(Buffer.from("sdn-program-started\none\ntwo\n"));
  output.addStdout(Buffer.from("three\n"));
  expect(failures.map(({ message }) => message)).toEqual(["enough."]);
  expect(calls).toBe(1);
});
