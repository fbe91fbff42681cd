/**
 * Writes lines to standard error like the supervisor: more than anybody reads and, once standard
 * input reports that they were read, some more.
 */
import { logLine, logSupervisor } from "../../src/supervisor/log-output.ts";

for (let line = 0; line < Number(process.argv[2]); line++) logLine("x".repeat(1000));
console.log("full");
for await (const _ of Bun.stdin.stream()) break;
logLine("tab\tbell\u0007escape\u001b[31m\u009b1m Höhe");
logLine("y".repeat(10_000));
logSupervisor("the end");
process.exit(0);
