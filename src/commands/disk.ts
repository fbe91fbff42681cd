import { EXIT_DONE, EXIT_FAILED } from "../command-line/errors.ts";
import { parseOptions, wholeNumberOption } from "../command-line/options.ts";
import { errno, SystemError } from "../io/errno.ts";
import { libc, MSG_NOSIGNAL } from "../io/libc.ts";
import { NativeMemory } from "../io/native-memory.ts";
import { dieWithParent } from "../io/realtime.ts";
import { LocalDisk } from "../manage/log/disk.ts";
import {
  DISK_MESSAGE_BYTES_MAX,
  type DiskAnswer,
  type DiskRequest,
  decodeDiskMessage,
  encodeDiskMessage,
} from "../manage/log/disk-message.ts";

const NOTHING = new Uint8Array(0);

/**
 * `wingman disk --control-fd N`: does the file operations of the maintenance log, one after the
 * other, each as long as it takes. Started by `manage`, and ends with it.
 */
export async function disk(args: string[]): Promise<number> {
  const { options } = parseOptions("disk", args, { "control-fd": "value" });
  const fd = wholeNumberOption("disk", "control-fd", options["control-fd"] ?? "", 3, 1023);
  if (!dieWithParent(process.ppid)) return EXIT_FAILED;
  const message = new NativeMemory(DISK_MESSAGE_BYTES_MAX);
  const files = new LocalDisk();
  for (;;) {
    const length = libc.recv(fd, message.address, message.bytes.length, 0);
    if (length <= 0) return EXIT_DONE; // who asked is gone
    const answer = carryOut(files, message.bytes.subarray(0, length));
    const end = encodeDiskMessage(answer, NOTHING, message.bytes);
    if (libc.send(fd, message.address, end, MSG_NOSIGNAL) < 0)
      throw new SystemError("send", errno());
  }
}

function carryOut(files: LocalDisk, message: Uint8Array): DiskAnswer {
  const [{ call, args }, content] = decodeDiskMessage<DiskRequest>(message);
  try {
    if (call === "write") {
      files.write(args[0] as number, content, args[1] as number);
      return {};
    }
    const act = files[call] as (...args: DiskRequest["args"]) => unknown;
    return { value: act.apply(files, [...args]) };
  } catch (error) {
    const { message: text, errno: number = 0, code } = error as NodeJS.ErrnoException;
    return { error: { message: text, errno: Math.abs(number), ...(code && { code }) } };
  }
}
