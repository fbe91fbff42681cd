/** Part of schema.ts: environment of a function's process. */
import * as v from "valibot";
import {
  FUNCTION_OPEN_FILES_DEFAULT,
  READY_TIMEOUT_MS_DEFAULT,
  READY_TIMEOUT_MS_MAX,
} from "../limits.ts";
import { PORT_MAX } from "./address.ts";
import { CAPABILITY_NAMES } from "./capability-names.ts";
import { AbsolutePath, checkedText, list, text, wholeNumber } from "./schema-values.ts";

/** Range of the kernel's resource limits, as far as JSON numbers go. */
const LIMIT_MAX = Number.MAX_SAFE_INTEGER;
/** Default of fs.nr_open in kernels. */
const OPEN_FILES_MAX = 1_048_576;
const ENVIRONMENT_MAX = 64;

const limit = (max: number, description: string) =>
  v.optional(wholeNumber(0, max, `${description} Default: the daemon's.`));

export const PROCESS_ENTRIES = {
  user: v.optional(
    v.nullable(
      text(
        /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,31}$/,
        "the name or the number of a user",
        "User of /etc/passwd that the process runs as, with that user's groups. Without it the daemon's.",
      ),
    ),
    null,
  ),
  capabilities: v.optional(
    v.nullable(
      list(
        checkedText('a capability, such as "CAP_NET_BIND_SERVICE"', "Capability.", (value) =>
          (CAPABILITY_NAMES as readonly string[]).includes(value) ? null : "no capability",
        ),
        0,
        CAPABILITY_NAMES.length,
        "capabilities",
        "Rights of the process beyond those of any user. Without it: for root the default rights of services, for another user none; see the topic processes.",
      ),
    ),
    null,
  ),
  limits: v.optional(
    v.strictObject(
      {
        nofile: v.optional(
          wholeNumber(
            3,
            OPEN_FILES_MAX,
            "Open files of the process; a program may raise it itself up to the daemon's hard limit.",
          ),
          FUNCTION_OPEN_FILES_DEFAULT,
        ),
        nproc: limit(LIMIT_MAX, "Processes of its user."),
        core: limit(LIMIT_MAX, "Bytes of a core dump."),
        memlock: limit(LIMIT_MAX, "Bytes that it may lock in memory."),
        rtprio: v.optional(
          wholeNumber(0, 99, "Highest real-time priority that it may take without CAP_SYS_NICE."),
          0,
        ),
      },
      "an object",
    ),
    {},
  ),
  workingDirectory: v.optional(
    v.pipe(AbsolutePath, v.description("Directory in which the process starts.")),
    "/",
  ),
  environment: v.optional(
    list(
      text(
        // biome-ignore lint/suspicious/noControlCharactersInRegex: a value may hold every character but this one
        /^(?!WINGMAN_)[A-Za-z_][A-Za-z0-9_]*=[^\u0000]{0,4095}$/,
        'a text such as "NAME=value", the name not beginning with WINGMAN_',
        "Variable.",
      ),
      0,
      ENVIRONMENT_MAX,
      "variables",
      "Environment in addition to PATH and the variables that Wingman sets; see the topic processes.",
    ),
    [],
  ),
  nice: v.optional(wholeNumber(-20, 19, "Nice value of the process."), 0),
  oomScoreAdjust: v.optional(
    wholeNumber(
      -1000,
      1000,
      "Which process the kernel kills first when memory is short: the higher, the sooner.",
    ),
    0,
  ),
  umask: v.optional(
    text(
      /^[0-7]{3,4}$/,
      'an octal number, such as "022"',
      "File mode bits that the process does not set.",
    ),
    "022",
  ),
  ready: v.optional(
    v.nullable(
      v.strictObject(
        {
          port: v.optional(
            wholeNumber(
              1,
              PORT_MAX,
              "TCP port at a VIP of the function that accepts connections when its process is ready.",
            ),
          ),
          notify: v.optional(
            v.pipe(
              v.literal(true, "true"),
              v.description("Its process sends READY=1 to NOTIFY_SOCKET when it is ready."),
            ),
          ),
          timeoutMs: v.optional(
            wholeNumber(
              1,
              READY_TIMEOUT_MS_MAX,
              "Milliseconds until ready; a longer wait is a fault.",
            ),
            READY_TIMEOUT_MS_DEFAULT,
          ),
        },
        "an object",
      ),
    ),
    null,
  ),
};
