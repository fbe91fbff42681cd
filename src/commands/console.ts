import { EXIT_DONE, EXIT_FAILED, RuntimeError, UsageError } from "../command-line/errors.ts";
import { parseOptions } from "../command-line/options.ts";
import { quoted } from "../config/problem.ts";
import { RawTerminal } from "../io/raw-terminal.ts";
import { CONSOLE_LINE_MAX } from "../limits.ts";
import { CONSOLE_HELLO_SCRIPT, CONSOLE_HELLO_TERMINAL } from "../manage/console/console-server.ts";
import { RUN_DIRECTORY_DEFAULT, RunDirectory } from "../supervisor/run-directory.ts";

const STDIN = 0;
const CTRL_D = 0x04;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
/** As telnet has it: leaves a console that does not answer. */
const CTRL_RIGHT_BRACKET = 0x1d;

/**
 * `wingman console [--run-dir DIR] [COMMAND…]`: the maintenance console of the daemon that runs
 * here, see the topic console.
 *
 * With a command: what it answers goes to stdout, exit 0; when the answer ends with ERR, its last
 * line and the code go to stderr, exit 1. Without one: a session at this terminal, or, when stdin
 * is none, every line of stdin is a command; their answers with OK and ERR go to stdout, exit 1
 * when one of them was ERR.
 */
export async function console(args: string[]): Promise<number> {
  const at = args.findIndex(
    (argument, index) => !argument.startsWith("-") && args[index - 1] !== "--run-dir",
  );
  const { options } = parseOptions("console", at < 0 ? args : args.slice(0, at), {
    "run-dir": "value",
  });
  const path = new RunDirectory(options["run-dir"] ?? RUN_DIRECTORY_DEFAULT).consoleSocket;
  if (at >= 0) return await command(path, args.slice(at).join(" "));
  if (process.stdin.isTTY === true) return await session(path);
  return await script(path);
}

async function command(path: string, line: string): Promise<number> {
  if (/[^ -~]/.test(line))
    throw new UsageError(`console: found ${quoted(line)}, expected printable ASCII in one line`);
  if (line.length > CONSOLE_LINE_MAX)
    throw new UsageError(`console: expected at most ${CONSOLE_LINE_MAX} characters`);
  const chunks: Uint8Array[] = [];
  const connection = await Connection.open(path, (bytes) => void chunks.push(bytes.slice()));
  connection.send(Uint8Array.of(CONSOLE_HELLO_SCRIPT));
  connection.send(new TextEncoder().encode(`${line}\n`));
  connection.send(Uint8Array.of(CTRL_D));
  await connection.ended;
  const lines = Buffer.concat(chunks).toString("latin1").trimEnd().split(/\r?\n/);
  const verdict = lines.pop() ?? "";
  if (verdict === "OK" || (verdict === "" && line.trim() === "")) {
    print(lines);
    return EXIT_DONE;
  }
  const [, code] = /^ERR (\S+)$/.exec(verdict) ?? [];
  if (code === undefined) throw new RuntimeError("console: the connection ended without an answer");
  const reason = lines.pop() ?? "";
  print(lines);
  throw new RuntimeError(`console: ${reason} (${code})`);
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
}

async function script(path: string): Promise<number> {
  let tail = "";
  let failed = false;
  let answered = 0;
  const connection = await Connection.open(path, (bytes) => {
    const text = Buffer.from(bytes).toString("latin1");
    process.stdout.write(text);
    const lines = (tail + text).split("\n");
    tail = lines.pop() ?? "";
    failed ||= lines.some((line) => line.startsWith("ERR "));
    answered += lines.filter((line) => /^(OK|ERR \S+)\r?$/.test(line)).length;
  });
  const asked = new LineCount();
  const type = async (): Promise<void> => {
    connection.send(Uint8Array.of(CONSOLE_HELLO_SCRIPT));
    for await (const chunk of process.stdin) {
      asked.add(chunk as Uint8Array);
      connection.send(chunk as Uint8Array);
      await connection.taken(); // stdin may have no end
    }
    const end = Uint8Array.of(LF, CTRL_D);
    asked.add(end);
    connection.send(end);
    await connection.ended;
  };
  await Promise.race([type(), connection.ended]);
  process.stdin.destroy();
  if (answered < asked.lines) {
    throw new RuntimeError(
      `console: the connection ended with ${answered} of ${asked.lines} commands answered`,
    );
  }
  return failed ? EXIT_FAILED : EXIT_DONE;
}

/** Counts lines that are not blank, as the console does. */
class LineCount {
  lines = 0;
  #isBlank = true;

  add(bytes: Uint8Array): void {
    for (const byte of bytes) {
      const isEnd = byte === LF || byte === CR;
      if (isEnd && !this.#isBlank) this.lines++;
      this.#isBlank = isEnd || (this.#isBlank && byte <= SPACE);
    }
  }
}

async function session(path: string): Promise<number> {
  const { stdin, stdout } = process;
  const connection = await Connection.open(path, (bytes) => void stdout.write(bytes));
  connection.send(Uint8Array.of(CONSOLE_HELLO_TERMINAL));
  const terminal = new RawTerminal(STDIN);
  const type = (bytes: Uint8Array): void => {
    if (bytes.length === 1 && bytes[0] === CTRL_RIGHT_BRACKET) connection.close();
    else connection.send(bytes);
  };
  const leave = (): void => connection.close();
  process.on("SIGTERM", leave);
  process.on("SIGHUP", leave);
  stdin.on("data", type);
  try {
    await connection.ended;
  } finally {
    stdin.off("data", type);
    terminal.restore();
    process.off("SIGTERM", leave);
    process.off("SIGHUP", leave);
    stdin.pause();
  }
  return EXIT_DONE;
}

/** Bytes both ways; what the socket does not take at once waits here. */
class Connection {
  readonly ended: Promise<void>;
  #unsent: Uint8Array = new Uint8Array(0);
  #onTaken: () => void = () => undefined;

  private constructor(
    private readonly socket: Bun.Socket,
    ended: Promise<void>,
  ) {
    this.ended = ended;
  }

  /** @throws RuntimeError when nobody is there */
  static async open(path: string, onBytes: (bytes: Uint8Array) => void): Promise<Connection> {
    const end = Promise.withResolvers<void>();
    let connection: Connection | null = null;
    const options = {
      unix: path,
      socket: {
        data: (_socket: Bun.Socket, bytes: Uint8Array) => onBytes(bytes),
        drain: () => connection?.send(new Uint8Array(0)),
        close: () => end.resolve(),
        error: () => end.resolve(),
      },
    };
    const socket = await Bun.connect(options).catch((error: NodeJS.ErrnoException) => {
      throw new RuntimeError(`console: ${reasonOf(error, path)}`);
    });
    connection = new Connection(socket, end.promise);
    return connection;
  }

  send(bytes: Uint8Array): void {
    this.#unsent = Buffer.concat([this.#unsent, bytes]);
    const sent = this.socket.write(this.#unsent);
    if (sent > 0) this.#unsent = this.#unsent.subarray(sent);
    if (this.#unsent.length === 0) this.#onTaken();
  }

  /** When the socket has taken all that was sent. */
  async taken(): Promise<void> {
    if (this.#unsent.length === 0) return;
    await new Promise<void>((resolve) => {
      this.#onTaken = resolve;
    });
  }

  close(): void {
    this.socket.end();
  }
}

function reasonOf({ code, message }: NodeJS.ErrnoException, path: string): string {
  if (code === "ENOENT") return `not running: there is no ${path}`;
  if (code === "ECONNREFUSED") return `not running: nobody listens at ${path}`;
  if (code === "EACCES" || code === "EPERM") return `not permitted: ${path}`;
  return `${path}: ${message}`;
}
