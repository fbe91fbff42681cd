/**
 * Upload: the loader offers loads; each is fetched with its files and handed to the target of the
 * upload, which accepts all of them or none (LUI; LUS, LUR, the files).
 */
import { LOAD_FILES_MAX, LOAD_HEADER_BYTES_MAX, LOADS_MAX } from "../limits.ts";
import { WORD_BYTES } from "../part/cursor.ts";
import { type LoadFile, type LoadHeader, readLoadHeader } from "../part/load-header.ts";
import { PartError } from "../part/part-error.ts";
import { type Operation, OperationAborted } from "./operation.ts";
import {
  STATUS_ABORTED_BY_TARGET,
  STATUS_ACCEPTED,
  STATUS_COMPLETED,
  STATUS_IN_PROGRESS,
  STATUS_ITEM_FAILED,
} from "./status-code.ts";
import { fileNameObjection } from "./target-identity.ts";
import type { FileSink } from "./tftp-client.ts";
import { TftpError } from "./tftp-error.ts";
import { TFTP_ERROR_FULL } from "./tftp-packet.ts";
import { decodeUploadRequest, encodeUploadStatus, type OfferedLoad } from "./upload-files.ts";
import type { UploadTarget } from "./upload-target.ts";

/** A file of a load, and its minimum and maximum length in bytes. */
interface ListedFile {
  readonly name: string;
  readonly lengthMin: number;
  readonly lengthMax: number;
}

/** A load being received. */
interface ComingLoad extends OfferedLoad {
  percent: number;
  status: number;
  description: string;
  files: readonly ListedFile[];
}

/** @param hardware identifier of this hardware. @returns the result, for people */
export async function fetchLoads(
  operation: Operation,
  target: UploadTarget,
  hardware: string,
): Promise<string> {
  let loads: ComingLoad[] = [];
  await operation.begin((status) =>
    encodeUploadStatus({ ...status, percent: operation.percent, loads }),
  );
  const request = await operation.expect("LUR", operation.times.silenceMs);
  const offered = decodeUploadRequest(request);
  requireSound(offered);
  loads = offered.map((load) => ({
    ...load,
    ...{ percent: 0, status: STATUS_ACCEPTED, description: "", files: [] },
  }));
  operation.status = STATUS_IN_PROGRESS;
  const upload = new Upload(operation, target, loads);
  try {
    await target.begin(offered);
    await upload.fetchHeaders(hardware);
    await upload.fetchFiles();
    operation.check();
    const { accepted, why } = await target.finish({
      signal: operation.ended,
      tell: (words) => {
        operation.description = words;
      },
    });
    if (!accepted) operation.check();
    if (!accepted) throw new OperationAborted(STATUS_ABORTED_BY_TARGET, why);
    for (const load of loads) load.status = STATUS_COMPLETED;
    operation.description = why;
    return loads.map(({ partNumber }) => partNumber).join(", ");
  } catch (error) {
    for (const load of loads) {
      if (load.status === STATUS_ITEM_FAILED) continue;
      load.status = STATUS_ITEM_FAILED;
      load.description = "not taken";
    }
    await target.abort();
    throw error;
  }
}

/** @throws OperationAborted */
function requireSound(loads: readonly OfferedLoad[]): void {
  const names = loads.map(({ headerFile }) => headerFile);
  const bad = names.find((name) => fileNameObjection(name) !== null || !/\.LUH$/i.test(name));
  const found =
    loads.length === 0 || loads.length > LOADS_MAX
      ? `${loads.length} loads in LUR, expected 1 to ${LOADS_MAX}`
      : bad !== undefined
        ? `${JSON.stringify(bad)} in LUR, expected the name of a header file (.LUH)`
        : new Set(names).size < names.length
          ? "a load twice in LUR, expected each once"
          : null;
  if (found !== null) throw new OperationAborted(STATUS_ABORTED_BY_TARGET, `found ${found}`);
}

class Upload {
  /** Bytes of all files that the headers name, and the bytes received so far. */
  #bytes = 0;
  #bytesHere = 0;

  constructor(
    private readonly operation: Operation,
    private readonly target: UploadTarget,
    private readonly loads: readonly ComingLoad[],
  ) {}

  /** All headers first: a lack of room shows before anything long begins. */
  async fetchHeaders(hardware: string): Promise<void> {
    const names = new Set(this.loads.map(({ headerFile }) => headerFile));
    for (const load of this.loads) {
      await this.#ofLoad(load, async () => {
        const header = await this.#fetchHeader(load.headerFile);
        const { partNumber, hardware: suits, ...listed } = readLoadHeader(header, load.headerFile);
        const files = filesOf(listed);
        if (partNumber !== load.partNumber)
          throw new Error(`found part number ${partNumber}, expected ${load.partNumber}`);
        if (!suits.includes(hardware))
          throw new Error(`found hardware ${suits.join(", ")}, expected ${hardware}`);
        for (const { name } of files) {
          const objection = names.has(name) ? "a name that is used twice" : fileNameObjection(name);
          if (objection !== null)
            throw new Error(`found ${JSON.stringify(name)}, ${objection}, expected a file name`);
          names.add(name);
        }
        if (names.size > LOAD_FILES_MAX)
          throw new Error(`found ${names.size} files, expected at most ${LOAD_FILES_MAX}`);
        load.files = files;
      });
    }
    const files = this.loads.flatMap((load) => load.files);
    this.#bytes = files.reduce((sum, { lengthMax }) => sum + lengthMax, 0);
    const room = await this.target.room();
    if (this.#bytes > room)
      throw new Error(`found ${this.#bytes} bytes to load, expected at most ${room}: no more room`);
  }

  async fetchFiles(): Promise<void> {
    for (const load of this.loads) {
      await this.#ofLoad(load, async () => {
        load.status = STATUS_IN_PROGRESS;
        const bytes = load.files.reduce((sum, { lengthMax }) => sum + lengthMax, 0);
        let here = 0;
        for (const file of load.files) {
          const received = await this.#fetchFile(file, (fileBytes) => {
            load.percent = percentOf(here + fileBytes, bytes);
            this.operation.percent = percentOf(this.#bytesHere + fileBytes, this.#bytes);
          });
          here += received;
          this.#bytesHere += received;
        }
        load.percent = 100;
      });
    }
  }

  /** Adds the load to an error. */
  async #ofLoad(load: ComingLoad, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (error instanceof OperationAborted) throw error;
      load.status = STATUS_ITEM_FAILED;
      load.description = wordsOf(error);
      throw new OperationAborted(
        STATUS_ABORTED_BY_TARGET,
        `${load.headerFile}: ${load.description}`,
      );
    }
  }

  async #fetchHeader(name: string): Promise<Uint8Array> {
    const blocks: Uint8Array[] = [];
    const sink = this.#sinkOf(name, LOAD_HEADER_BYTES_MAX, (content) => {
      blocks.push(Uint8Array.from(content));
    });
    await this.operation.get(name, {
      ...sink,
      begin: async (sizeBytes) => {
        blocks.length = 0;
        await sink.begin(sizeBytes);
      },
    });
    await this.target.close();
    return Buffer.concat(blocks);
  }

  /** @returns its length */
  async #fetchFile(file: ListedFile, onProgress: (bytes: number) => void): Promise<number> {
    let bytes = 0;
    const sink = this.#sinkOf(file.name, file.lengthMax, (content) => {
      bytes += content.length;
      onProgress(bytes);
    });
    await this.operation.get(file.name, {
      ...sink,
      begin: async (sizeBytes) => {
        bytes = 0;
        await sink.begin(sizeBytes);
      },
    });
    await this.target.close();
    if (bytes < file.lengthMin)
      throw new Error(`found ${bytes} bytes in ${file.name}, expected ${file.lengthMin}`);
    return bytes;
  }

  #sinkOf(name: string, bytesMax: number, onContent: (content: Uint8Array) => void): FileSink {
    let bytes = 0;
    const require = (size: number): void => {
      if (size > bytesMax)
        throw new TftpError(
          "local",
          `found ${size} bytes or more in ${name}, expected at most ${bytesMax}`,
          TFTP_ERROR_FULL,
        );
    };
    return {
      begin: async (sizeBytes) => {
        bytes = 0;
        require(sizeBytes ?? 0);
        await this.target.create(name);
      },
      write: (content) => {
        bytes += content.length;
        require(bytes);
        onContent(content);
        return this.target.write(content);
      },
    };
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof PartError)
    return `${error.field}: found ${error.found}, expected ${error.expected}`; // the file is already named
  const { message } = error as Error;
  return error instanceof TftpError && error.failure === "refused"
    ? `the loader refuses a file: ${message}`
    : message;
}

const percentOf = (part: number, whole: number): number =>
  whole === 0 ? 100 : (100 * part) / whole;

/** Data files, then support files. One that is counted in words may be a byte shorter. */
function filesOf({ dataFiles, supportFiles }: Pick<LoadHeader, "dataFiles" | "supportFiles">) {
  return [...dataFiles, ...supportFiles].map(({ name, words, bytes }: LoadFile): ListedFile => {
    const lengthMax = bytes ?? (words ?? 0) * WORD_BYTES;
    return { name, lengthMin: bytes ?? Math.max(0, lengthMax - 1), lengthMax };
  });
}
