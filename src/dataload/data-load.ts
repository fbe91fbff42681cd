/**
 * Data load over the network, as the target: answers FIND, and carries out one operation at a time
 * for one loader, only on ground. {@link DataLoadParts} define what it may give and take; it knows
 * neither log nor slots.
 */
import {
  LOAD_CHOICE_MS,
  LOAD_GROUND_POLL_MS,
  LOAD_SILENCE_MS,
  LOAD_STATUS_MS,
  LOAD_TFTP_RETRIES,
  LOAD_TFTP_TIMEOUT_MS,
} from "../limits.ts";
import { type Download, sendChosenFiles, sendNamedFiles } from "./download.ts";
import { FindResponder } from "./find-responder.ts";
import { sendInformation } from "./information.ts";
import type { LoadedHardware } from "./information-files.ts";
import { encodeInitialization } from "./initialization-file.ts";
import { listenAddress } from "./listen-address.ts";
import { Operation, type OperationKind, type OperationTimes } from "./operation.ts";
import { STATUS_ACCEPTED, STATUS_DENIED, statusWords } from "./status-code.ts";
import {
  type Beginning,
  endingOf,
  INITIATING_ENDINGS,
  protocolFile,
  type TargetIdentity,
  targetId,
} from "./target-identity.ts";
import type { Place } from "./tftp-conversation.ts";
import {
  TFTP_ERROR_ACCESS,
  TFTP_ERROR_ILLEGAL,
  TFTP_ERROR_NOT_FOUND,
  type TftpRequest,
} from "./tftp-packet.ts";
import { type TftpAnswers, type TftpRefusal, TftpServer } from "./tftp-server.ts";
import { fetchLoads } from "./upload.ts";
import type { UploadTarget } from "./upload-target.ts";

/** Events for the maintenance log; `detail` says to whom, and why. */
export type DataLoadEvent = "started" | "completed" | "refused" | "aborted";

export interface DataLoadParts {
  readonly identity: TargetIdentity;
  /** Name for people, and name of the kind of hardware. */
  readonly literal: string;
  readonly type: string;
  /** IPv4 address, or name of an interface. */
  readonly listen: string;
  /** TFTP port at both ends. */
  readonly port: number;
  readonly findPort: number;
  readonly vips: readonly string[];
  isOnGround(): boolean;
  /** Reason why nothing may begin now; null when it may. */
  refusal(): string | null;
  hardware(): readonly LoadedHardware[];
  downloads(): readonly Download[];
  readonly target: UploadTarget;
  note(event: DataLoadEvent, detail: string): void;
  readonly times?: OperationTimes;
}

/** State for people, during and after an operation. */
export interface DataLoadState {
  /** `WINGHESA_L` */
  readonly target: string;
  /** Address for loaders; null when it is not open. */
  readonly address: string | null;
  readonly operation: {
    readonly kind: OperationKind;
    readonly from: string;
    /** Current file; "" for none. */
    readonly file: string;
    readonly percent: number;
    readonly status: string;
    readonly description: string;
  } | null;
  /** Result of the last one; null before the first. */
  readonly last: {
    readonly kind: OperationKind;
    readonly from: string;
    readonly completed: boolean;
    /** The result, or why it was not completed. */
    readonly why: string;
  } | null;
}

const TIMES: OperationTimes = {
  tftp: { timeoutMs: LOAD_TFTP_TIMEOUT_MS, retries: LOAD_TFTP_RETRIES },
  statusMs: LOAD_STATUS_MS,
  silenceMs: LOAD_SILENCE_MS,
  choiceMs: LOAD_CHOICE_MS,
  groundPollMs: LOAD_GROUND_POLL_MS,
};

/** File that a loader writes, by the operation that waits for it. */
const WRITTEN: Readonly<Record<OperationKind, string | null>> = {
  information: null,
  upload: "LUR",
  download: "LNA",
  "media-defined download": "LNR",
};
const STATUS_FILES: Readonly<Record<OperationKind, string>> = {
  information: "LCS",
  upload: "LUS",
  download: "LNS",
  "media-defined download": "LNS",
};

export class DataLoad implements TftpAnswers {
  readonly #parts: DataLoadParts;
  readonly #times: OperationTimes;
  #address: string | null = null;
  #operation: Operation | null = null;
  #last: DataLoadState["last"] = null;

  constructor(parts: DataLoadParts) {
    this.#parts = parts;
    this.#times = parts.times ?? TIMES;
  }

  /**
   * Opens both ports.
   * @returns a function that closes them
   * @throws Error in words for people: the address does not exist, or a port cannot be bound
   */
  async start(): Promise<() => void> {
    const { listen, port, findPort, vips, identity, literal, type } = this.#parts;
    const place = listenAddress(listen, vips);
    const { address } = place;
    const server = await TftpServer.start({
      ...{ address, port, times: this.#times.tftp, answers: this },
    }).catch((error) => failed(error, address, port));
    const found = { ...identity, literal, type };
    const responder = await FindResponder.start(place, findPort, found).catch((error) => {
      server.stop();
      return failed(error, address, findPort);
    });
    this.#address = address;
    return () => {
      this.#address = null;
      server.stop();
      responder.stop();
    };
  }

  state(): DataLoadState {
    const operation = this.#operation;
    return {
      target: targetId(this.#parts.identity),
      address: this.#address,
      operation:
        operation === null
          ? null
          : {
              kind: operation.kind,
              from: operation.loader.address,
              file: operation.file,
              percent: Math.floor(operation.percent),
              status: statusWords(operation.status),
              description: operation.description,
            },
      last: this.#last,
    };
  }

  read(request: TftpRequest, from: Place): ReturnType<TftpAnswers["read"]> {
    const foreign = this.#foreign(request, from);
    if (foreign !== null) return foreign;
    const ending = endingOf(this.#parts.identity, request.file);
    if (ending === null || !Object.hasOwn(INITIATING_ENDINGS, ending)) {
      const files = Object.keys(INITIATING_ENDINGS).map((name) =>
        protocolFile(this.#parts.identity, name),
      );
      const message = `found ${request.file}, expected ${files.join(", ")}`;
      return { code: TFTP_ERROR_NOT_FOUND, message };
    }
    const beginning = ending as Beginning;
    const kind = INITIATING_ENDINGS[beginning];
    if (this.#operation !== null)
      return this.#deny(kind, from, `the ${this.#operation.kind} is not over`);
    const reason = this.#parts.refusal();
    if (reason !== null) return this.#deny(kind, from, reason);
    const operation = this.#newOperation(kind, request, from);
    this.#operation = operation;
    return {
      content: encodeInitialization({ status: STATUS_ACCEPTED, description: "" }),
      ended: (error) => {
        if (error === null) void this.#run(operation);
        else this.#operation = null; // the loader never learned that it might begin
      },
    };
  }

  write(request: TftpRequest, from: Place): ReturnType<TftpAnswers["write"]> {
    const foreign = this.#foreign(request, from);
    if (foreign !== null) return foreign;
    const operation = this.#operation;
    const expected = operation === null ? null : WRITTEN[operation.kind];
    const ending = endingOf(this.#parts.identity, request.file);
    if (operation === null || expected === null || ending !== expected) {
      const now = operation === null ? "no operation" : operation.kind;
      const message = `found ${request.file} during ${now}, expected ${expected ?? "no file"}`;
      return { code: TFTP_ERROR_ACCESS, message };
    }
    return { taken: (content) => operation.take(expected, content) };
  }

  /** During an operation, everybody but its loader is refused. */
  #foreign({ file }: TftpRequest, from: Place): TftpRefusal | null {
    const loader = this.#operation?.loader.address ?? from.address;
    if (loader === from.address) return null;
    this.#parts.note("refused", `request ${from.address}: ${file}, while ${loader} is at work`);
    return { code: TFTP_ERROR_ILLEGAL, message: "illegal operation: another loader is at work" };
  }

  #deny(kind: string, from: Place, description: string): { content: Uint8Array } {
    this.#parts.note("refused", `${kind} ${from.address}: ${description}`);
    return { content: encodeInitialization({ status: STATUS_DENIED, description }) };
  }

  /** A loader may announce another port of its TFTP server (option `port`). */
  #newOperation(kind: OperationKind, { options }: TftpRequest, from: Place): Operation {
    const said = options.get("port") ?? "";
    const port = /^\d{1,5}$/.test(said) && Number(said) > 0 && Number(said) <= 0xffff;
    return new Operation({
      kind,
      own: this.#address ?? "",
      loader: { address: from.address, port: port ? Number(said) : this.#parts.port },
      times: this.#times,
      statusFile: protocolFile(this.#parts.identity, STATUS_FILES[kind]),
      isOnGround: () => this.#parts.isOnGround(),
    });
  }

  async #run(operation: Operation): Promise<void> {
    const { kind, loader } = operation;
    const from = loader.address;
    this.#parts.note("started", `${kind} ${from}`);
    let done = "";
    const aborted = await operation.run(async () => {
      done = await this.#carryOut(operation);
    });
    this.#operation = null;
    const why = aborted === null ? done : aborted.message;
    this.#last = { kind, from, completed: aborted === null, why };
    const words = why === "" ? `${kind} ${from}` : `${kind} ${from}: ${why}`;
    this.#parts.note(aborted === null ? "completed" : "aborted", words);
  }

  /** @returns the result, for people */
  async #carryOut(operation: Operation): Promise<string> {
    const { identity, target } = this.#parts;
    switch (operation.kind) {
      case "information":
        await sendInformation(operation, protocolFile(identity, "LCL"), this.#parts.hardware());
        return "";
      case "upload":
        return await fetchLoads(operation, target, identity.hardware);
      case "download":
        return await sendChosenFiles(
          operation,
          protocolFile(identity, "LNL"),
          this.#parts.downloads(),
        );
      case "media-defined download":
        return await sendNamedFiles(operation, this.#parts.downloads());
    }
  }
}

function failed(error: NodeJS.ErrnoException, address: string, port: number): never {
  const reason = error.code === "EACCES" ? "not permitted (CAP_NET_BIND_SERVICE)" : error.message;
  throw new Error(`UDP ${address}:${port}: ${reason}`);
}
