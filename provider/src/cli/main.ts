/** The executable `pulumi-sdn`. */
import { runCommand } from "./command";

runCommand(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  say: (text) => process.stderr.write(`${text}\n`),
})
  .then((code) => {
    process.exitCode = code;
  })
  .catch((error: unknown) => {
    process.stderr.write(`pulumi-sdn: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  });
