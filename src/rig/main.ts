/**
 * The ground test rig, an executable of its own: it is never on the aircraft. Arguments → role;
 * exit codes as in command-line/errors. Every role is loaded when it is asked for: dozens of
 * services start from here, and they must be small and quick.
 */
export {};

const [role = "", ...rest] = process.argv.slice(2);

async function main(): Promise<number> {
  if (rest[0] === "--help" && (role === "call" || role === "enter"))
    return await (await import("./command-line.ts")).commandLine(["--help"]);
  switch (role) {
    case "service":
      return await (await import("./service.ts")).service(rest);
    case "seat":
      return await (await import("./seat.ts")).seat();
    case "call":
      return await (await import("./call.ts")).call(rest);
    case "aircraft":
      return await (await import("./aircraft-process.ts")).aircraftProcess(rest);
    default:
      return await (await import("./command-line.ts")).commandLine(process.argv.slice(2));
  }
}

process.exit(await main());
