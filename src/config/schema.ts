/**
 * The firmware configuration as files contain it: the one definition from which validation, the
 * messages about bad input, the JSON Schema (scripts/generate-schema.ts) and the manual (`wingman
 * help configuration`) all come.
 *
 * The message of a schema is what it expects, in the words that follow "expected". Its description
 * says what the key means. The kinds of values are in schema-values.ts; what two keys must be to
 * each other is in cross-checks.ts.
 */
import * as v from "valibot";
import { DEFAULT_POLICY, POLICY_NAMES } from "../allocation/policies.ts";
import {
  FUNCTIONS_MAX,
  LEASE_BRIDGES,
  LOG_INHIBIT_S_MAX,
  LOG_SIZE_KIB_MAX,
  LOG_SIZE_KIB_MIN,
  LOST_AFTER_PERIODS_MAX,
  LOST_AFTER_PERIODS_MIN,
  NETWORKS_MAX,
  PERIOD_MS_MAX,
  PERIOD_MS_MIN,
  PRIORITY_MAX,
  PRIORITY_MIN,
  RECOVERED_AFTER_PERIODS_MAX,
  RECOVERED_AFTER_PERIODS_MIN,
  SEATS_MAX,
  SERVERS_MAX,
  SERVERS_MIN,
  STOP_GRACE_MS_DEFAULT,
  STOP_GRACE_MS_MAX,
  VIPS_PER_FUNCTION_MAX,
  WATCHDOG_S_MAX,
  WATCHDOG_S_MIN,
  WITNESSES_MAX,
} from "../limits.ts";
import { PORT_MAX, parseListen } from "./address.ts";
import { PARTNER_ENTRIES, RequiredSchema, ResourceSchema } from "./allocation-schema.ts";
import { DataLoadSchema } from "./data-load-schema.ts";
import { PartsSchema } from "./parts-schema.ts";
import { alternatives, quoted } from "./problem.ts";
import { PROCESS_ENTRIES } from "./process-schema.ts";
import {
  AbsolutePath,
  checkedText,
  filePath,
  IdSchema,
  interfaceName,
  list,
  multicastGroup,
  PartNumberSchema,
  port,
  text,
  VipSchema,
  WitnessSchema,
  wholeNumber,
} from "./schema-values.ts";

/** execve accepts far more; a longer list is a mistake in the file. */
export const COMMAND_WORDS_MAX = 64;

export const KeepAliveSchema = v.strictObject(
  {
    group: v.optional(multicastGroup("Multicast group of the keep-alives."), "239.192.44.1"),
    port: v.optional(port("UDP port of the keep-alives."), 44_100),
    periodMs: v.optional(
      wholeNumber(PERIOD_MS_MIN, PERIOD_MS_MAX, "Time between two keep-alives, in milliseconds."),
      10,
    ),
    lostAfterPeriods: v.optional(
      wholeNumber(
        LOST_AFTER_PERIODS_MIN,
        LOST_AFTER_PERIODS_MAX,
        "A server counts as lost after this many periods of silence.",
      ),
      5,
    ),
    recoveredAfterPeriods: v.optional(
      wholeNumber(
        RECOVERED_AFTER_PERIODS_MIN,
        RECOVERED_AFTER_PERIODS_MAX,
        "A server counts as back after this many consecutive keep-alives.",
      ),
      10,
    ),
    interfaces: v.optional(
      list(
        interfaceName("Network interface of the server."),
        1,
        NETWORKS_MAX,
        "network interfaces",
        "Interface of each keep-alive network. A server is heard if any of them delivers.",
      ),
      ["eth0"],
    ),
    keyFile: v.optional(
      v.nullable(
        filePath(
          "File with the key that authenticates keep-alives; relative paths start at the configuration file. Without it they are not authenticated.",
        ),
      ),
      null,
    ),
    acceptKeyFile: v.optional(
      v.nullable(
        filePath(
          "File with a second key for a change of keys: accepted, but never used for sending; see the topic keep-alive.",
        ),
      ),
      null,
    ),
  },
  "an object",
);

export const ClientsSchema = v.strictObject(
  {
    interface: v.optional(
      interfaceName("Interface that carries the VIPs. Default: the first keep-alive interface."),
    ),
    lease: v.optional(
      v.pipe(
        v.picklist(["required", "preferred", "off"], '"required", "preferred" or "off"'),
        v.description(
          "Whether the kernel silences the VIPs of a server that has stopped; see the topic lease.",
        ),
      ),
      "preferred",
    ),
    leaseBridges: v.optional(
      wholeNumber(
        0,
        LOST_AFTER_PERIODS_MAX - 2,
        "Consecutive keep-alives that may be lost in both directions before the network counts as divided; see the topic lease.",
      ),
      LEASE_BRIDGES,
    ),
    noticeGroup: v.optional(
      multicastGroup("Multicast group of the client notices."),
      "239.192.44.2",
    ),
    noticePort: v.optional(port("UDP port of the client notices."), 44_101),
    witnesses: v.optional(
      list(
        WitnessSchema,
        0,
        WITNESSES_MAX,
        "IPv4 addresses",
        "A server that hears no peer asks these addresses whether it is cut off.",
      ),
      [],
    ),
    seats: v.optional(
      wholeNumber(
        0,
        SEATS_MAX,
        "Devices on the client network; 'check --here' compares the machine's tables with it. 0: unknown.",
      ),
      0,
    ),
  },
  "an object",
);

export const ServerSchema = v.strictObject(
  {
    id: IdSchema,
    resource: ResourceSchema,
  },
  "a server: an object with id and resource",
);

export const FunctionSchema = v.strictObject(
  {
    id: IdSchema,
    required: RequiredSchema,
    priority: wholeNumber(PRIORITY_MIN, PRIORITY_MAX, "10 is the most important and kept longest."),
    vips: list(
      VipSchema,
      1,
      VIPS_PER_FUNCTION_MAX,
      "addresses",
      "Virtual IP addresses by which clients reach the function.",
    ),
    command: v.optional(
      v.nullable(
        list(
          // biome-ignore lint/suspicious/noControlCharactersInRegex: an argument may hold every character but this one
          text(/^[^\u0000]{0,4095}$/, "a text of at most 4,095 characters", "Argument."),
          1,
          COMMAND_WORDS_MAX,
          "texts",
          "Program with its absolute path, and its arguments; no shell. Without it the function consists of its VIPs only.",
        ),
      ),
      null,
    ),
    start: v.optional(
      v.pipe(
        v.picklist(["on-activate", "always"], '"on-activate" or "always"'),
        v.description(
          '"on-activate": started when the VIPs arrive. "always": kept running on every server that may run it.',
        ),
      ),
      "on-activate",
    ),
    stopGraceMs: v.optional(
      wholeNumber(
        0,
        STOP_GRACE_MS_MAX,
        "Milliseconds from SIGTERM to SIGKILL when the function is stopped.",
      ),
      STOP_GRACE_MS_DEFAULT,
    ),
    servers: v.optional(
      list(
        IdSchema,
        1,
        SERVERS_MAX,
        "servers",
        "Servers that may run the function. Default: all of them.",
      ),
    ),
    ...PARTNER_ENTRIES,
    ...PROCESS_ENTRIES,
    ata: v.optional(
      v.nullable(
        text(
          /^[ -~]{1,16}$/,
          "a text of 1 to 16 characters",
          "ATA chapter for the maintenance log; the integrator's choice.",
        ),
      ),
      null,
    ),
  },
  "a function: an object with id, required, priority and vips",
);

export const WebSchema = v.strictObject(
  {
    listen: v.optional(
      checkedText(
        'an address and a port, such as "127.0.0.1:8044"',
        "Where the maintenance page is served.",
        (value) => {
          const place = parseListen(value);
          return place === null
            ? "no address with a port"
            : place.port > PORT_MAX
              ? "no port"
              : null;
        },
      ),
      "127.0.0.1:8044",
    ),
    tokenFile: v.optional(
      v.nullable(
        filePath(
          "File with the token that the page demands; relative paths start at the configuration file. Required where listen is no loopback address.",
        ),
      ),
      null,
    ),
  },
  "an object",
);

const MaintenanceSchema = v.strictObject(
  {
    console: v.optional(
      v.strictObject(
        {
          device: v.optional(
            v.nullable(
              v.pipe(
                AbsolutePath,
                v.description(
                  "Serial line of the maintenance console; null where the server has none.",
                ),
              ),
            ),
            "/dev/ttyS0",
          ),
          baud: v.optional(
            v.pipe(
              v.picklist(
                [9600, 19_200, 38_400, 57_600, 115_200],
                "9600, 19200, 38400, 57600 or 115200",
              ),
              v.description("Speed of the serial line in bits per second."),
            ),
            115_200,
          ),
        },
        "an object",
      ),
      {},
    ),
    web: v.optional(WebSchema, {}),
    log: v.optional(
      v.strictObject(
        {
          sizeKiB: v.optional(
            wholeNumber(
              LOG_SIZE_KIB_MIN,
              LOG_SIZE_KIB_MAX,
              "Size of the maintenance log; the oldest records are overwritten.",
            ),
            4096,
          ),
          inhibitSeconds: v.optional(
            wholeNumber(
              0,
              LOG_INHIBIT_S_MAX,
              "Seconds after power-up in which the effects of servers starting one after another are no faults; 0: none.",
            ),
            60,
          ),
        },
        "an object",
      ),
      {},
    ),
    dataLoad: v.optional(DataLoadSchema),
    groundInput: v.optional(
      v.pipe(
        AbsolutePath,
        v.description(
          "File that holds the air/ground signal; default: on-ground in the run directory.",
        ),
      ),
    ),
    capacityInput: v.optional(
      v.pipe(
        AbsolutePath,
        v.description(
          "File with the per cent of its resource that the server has to give; default: capacity in the run directory, which may be missing.",
        ),
      ),
    ),
    holdInput: v.optional(
      v.pipe(
        AbsolutePath,
        v.description(
          "File that holds 1 while running functions must not be moved, otherwise 0; default: hold in the run directory, which may be missing.",
        ),
      ),
    ),
    watchdog: v.optional(
      v.strictObject(
        {
          device: v.optional(
            v.pipe(
              AbsolutePath,
              v.description(
                "Hardware watchdog fed by the flight loop; none without the section watchdog. See the topic watchdog.",
              ),
            ),
            "/dev/watchdog",
          ),
          timeoutSeconds: v.optional(
            wholeNumber(
              WATCHDOG_S_MIN,
              WATCHDOG_S_MAX,
              "Time without feeding after which the hardware watchdog resets the machine.",
            ),
            15,
          ),
        },
        "an object",
      ),
    ),
  },
  "an object",
);

export const ConfigSchema = v.strictObject(
  {
    $schema: v.optional(
      v.pipe(v.string("a text"), v.description("JSON Schema of this file, for editors; not used.")),
    ),
    partNumber: v.optional(PartNumberSchema),
    system: text(
      /^[!-~](?:[ -~]{0,62}[!-~])?$/,
      "a name of 1 to 64 printable ASCII characters without a space at either end",
      "Name of the system. Servers of different systems ignore each other.",
    ),
    allocation: v.optional(
      v.pipe(
        v.picklist(POLICY_NAMES, alternatives(POLICY_NAMES.map(quoted))),
        v.description("Allocation policy; see the topic allocation."),
      ),
      DEFAULT_POLICY,
    ),
    keepAlive: v.optional(KeepAliveSchema, {}),
    clients: v.optional(ClientsSchema, {}),
    servers: list(
      ServerSchema,
      SERVERS_MIN,
      SERVERS_MAX,
      "servers",
      "Head-end servers, all with the same file; one alone is allowed for a bench. Among equal servers the first one is chosen.",
    ),
    functions: list(
      FunctionSchema,
      1,
      FUNCTIONS_MAX,
      "functions",
      "Service functions. Among equal priorities the first one is placed first.",
    ),
    maintenance: v.optional(MaintenanceSchema, {}),
    parts: v.optional(PartsSchema, {}),
  },
  "a JSON object with system, servers and functions",
);

/** A configuration as written, with every default filled in. */
export type ConfigFile = v.InferOutput<typeof ConfigSchema>;
