/** Topics of the manual for people on the ground, who build, install and test it. */

import { paragraph } from "../../command-line/paragraph.ts";
import { UNIT_EXPOSURE } from "./measured.ts";

/** A word, and its explanation in a column of its own. */
const row = (word: string, text: string, width: number): string =>
  paragraph(`${word.padEnd(width)}${text}`, "  ", " ".repeat(width + 2));

const rows = (width: number, entries: readonly (readonly [string, string])[]): string =>
  entries.map(([word, text]) => row(word, text, width)).join("\n");

export const SYSTEM = (): string =>
  [
    `  seats                 know VIPs only: 10.44.1.1 announcements, ...
 -+--+--+------+--------------------+--------------------+---  client network
               | VIPs of a          | VIPs of b          | VIPs of c
        +------+-------+     +------+-------+     +------+-------+
        | server a 100 |     | server b 100 |     | server c 80  |  resource
        |  pa-relay    |     |  pram        |     |  live-tv     |  functions
        |  live-tv     |     |  avod        |     |  games       |
        +------+-------+     +------+-------+     +------+-------+
 --------------+--------------------+--------------------+---  keep-alives`,
    paragraph(
      "Each server multicasts one datagram per period: which servers it hears, what it owns, what it claims, what it cannot run. The method is that of patent application US 2012/0311022 A1.",
    ),
    "Four kinds of processes run on each server, so that none holds up another:",
    rows(17, [
      [
        "wingman run",
        "supervisor: starts the engine and the functions' processes, and restarts them after a growing pause. If it dies, engine and functions' processes die with it; the other servers take over.",
      ],
      [
        "wingman engine",
        "flight loop: keep-alives, membership, allocation, VIPs. It blocks in one ppoll and makes no garbage. If it dies, the supervisor removes its VIPs at once and starts it as a new incarnation.",
      ],
      [
        "wingman manage",
        "maintenance log, serial console, page, data load; without privileges. If it dies, the flight loop is not affected; it is restarted and gets every record that it had not stored.",
      ],
      [
        "functions",
        "the processes that seats use: your programs. One that dies is restarted; after 3 failures in 30 s the function moves, and is retried later (topic processes).",
      ],
    ]),
    "Helper processes wait for disks and for locks of the kernel:",
    rows(17, [
      ["wingman reserve", "reserves incarnation numbers ahead"],
      ["wingman disk", "writes the log"],
      ["wingman take", "checks and stores a data load from the network"],
      [
        "wingman renew",
        "renews the lifetimes of VIPs, and waits for the kernel's lock for addresses before the flight loop moves any",
      ],
      ["wingman watch", "monitors the packet filter"],
      ["wingman launch", "becomes a function's process"],
    ]),
    paragraph(
      "A server that comes back takes functions that run nowhere, and moves none that run; 'wingman rebalance' spreads the load again.",
    ),
  ].join("\n\n");

export const RIG = (): string =>
  [
    paragraph(
      "wingman-rig is a separate executable, only for the ground. It builds the whole aircraft on one machine: a network namespace for each server and seat, joined by a switch; each server a real 'wingman run' with real VIPs; seats that call every function a few hundred times a second. It needs root or unprivileged user namespaces. The machine's own network is not touched, and nothing is left behind.",
    ),
    rows(29, [
      ["wingman-rig", "acceptance procedure, then flight until Ctrl-C"],
      [
        "wingman-rig enter MACHINE",
        "a shell, or a command, on a server or seat of the running rig",
      ],
      [
        "wingman-rig call ADDRESS...",
        "on a seat, with enter: address, function and server that answer, number of the answer",
      ],
      ["wingman-rig acceptance ...", "acceptance of real servers, over serial consoles"],
      ["wingman-rig update ...", "a rolling update from one part to another"],
      ["wingman-rig adopt ...", "a move to a part with another table"],
    ]),
    paragraph(
      "--help after each lists its options. 'wingman-rig --config FILE' flies FILE; --wingman PATH flies another executable; --page ADDRESS serves the page at another loopback address than 127.0.0.1:8045; --once ends after the procedure, with exit code 0 only if everything passed; --json prints one document. 'npm start' builds first and passes its options on.",
    ),
    paragraph(
      "The acceptance procedure: all up; power off; take-over by priority; recovery; planned drain; orderly stop; death of the engine alone; power of all servers interrupted for 2, 50 and 1,000 ms; nothing left behind. Each step lists what it did, expected and measured. Then the page shows who runs what, with buttons to cut, pause, kill, drain and restore each server.",
    ),
    paragraph(
      "The rig flies a changed copy of the configuration: each function runs a service of the rig, the key is made for the flight, no serial line is used. Where a function has no command of its own, as in the embedded aircraft, the copy has another table digest, and 'wingman log replay' calls the log of such a flight MADE FROM ANOTHER TABLE. With the copy it repeats the decisions: 'wingman log replay FILE --config COPY'. The rig prints this command with both paths when the procedure is over. Both files go when it ends: copy them before Ctrl-C.",
    ),
    "Real servers, over their serial consoles",
    "  wingman-rig acceptance --console a=/dev/ttyUSB0 --console b=/dev/ttyUSB1 \\\n      --config aircraft.json",
    paragraph(
      "It drains and resumes a server, moves a function, checks that moves are refused in the air, asks the operator to switch a server off and on while it watches the others, and finds all of it in their logs. Functions are away while it does so, as they would be in flight: each for the gap of a move, some more than once, those of the server that is switched off for the gap of a failure. Not with passengers aboard. Each of its nine steps is PASS, FAIL, or NOT DONE with the reason; exit code 0 says that none failed, so look for NOT DONE before you sign, and repeat what is not done. Should it be killed, or a line break, after a drain: type resume on that server. --baud N is the speed of the lines; --skip-power asks nobody to switch anything.",
    ),
    paragraph(
      "Have at hand: an adapter for each server's serial line (a null modem where both ends are DTE; levels as the server has them), the permission to open the devices (group dialout; no root), the same aircraft.json, somebody at the power switch and at the air/ground signal, which says on ground. No other program may read the lines: disable serial-getty on the servers (WNG-0456).",
    ),
    "Before a part goes onto the fleet: on a virtual aircraft, no real server is touched",
    "  wingman-rig update --from part --to new-part --trust part-key.pub.pem\n  wingman-rig adopt --from part --to other-part --trust part-key.pub.pem",
    paragraph(
      "update: each server flies from its own slots. One after the other is drained, gets the part ('part install', 'part activate'), is stopped, started from slots/current, keeps the part after its trial, and is resumed. Then the first one is rolled back ('part rollback') and flies beside the others. Both parts come from 'npm run package', for the same table and from different builds: check the other commit out, 'npm run build', 'npm run package'.",
    ),
    paragraph(
      "adopt: half of the servers get the part and keep it by 'wingman adopt', which is also called where it must refuse; the others leave, and with the last one all functions move; then these come back with the new table. Functions without room are named, with the time for which they were away.",
    ),
    paragraph(
      "In both, two seats call every VIP: no gap above 50 ms for functions that had room all the time (plus the start of the process where a function starts on activation), and no VIP answered by two servers. An update of four servers takes a little more than a minute. The rig needs room for three copies of a part (350 MB) per server in TMPDIR. On a busy machine a server may be taken for lost, and the step then fails.",
    ),
    "Servers that are machines of their own",
    paragraph(
      "'npm run vm' flies servers under QEMU; it needs no KVM, and fetches kernel and busybox from Debian once. '--only boot,console,watchdog,power-cuts,part,roll-back,install-cuts,take-over' selects checks; the topic measured describes each, with its results. roll-back needs the result of part. '--only load' installs over the network: 116 MB in blocks of 1,428 bytes, in lockstep with an emulated processor, take minutes. The parts of install-cuts have 500 kB of noise instead of the executable. Exit code 0 only if all passed.",
    ),
    paragraph(
      "Make the state disk with 'mkfs.ext4 -O ^metadata_csum': with a checksum, power cuts between the two sectors of a superblock left a file system that could not be mounted, in 4 of 86 cuts.",
    ),
  ].join("\n\n");

export const BUILD = (): string =>
  [
    `  npm run build                          dist/wingman and dist/wingman-rig
  npm run build -- --target linux-arm64  dist/linux-arm64/...
  npm run build -- --outdir DIR          into another directory
  npm run check                          types and style only
  npm test                               everything
  npm test -- SUITE                      one suite
  npm run bench -- --only outage         one benchmark
  npm run pictures                       README's pictures, from a real failure`,
    paragraph(
      "Targets: linux-x64, linux-x64-musl, linux-arm64, linux-arm64-musl; the topic measured lists size, requirements and tests of each. The musl executables were run on Debian's musl 1.2.3 with Debian's libstdc++, not on an Alpine system. No server for arm64 has flown: with the kernel starting its children in the emulator (binfmt_misc of a user namespace) supervisor, manage and renew run, and the flight loop ends at the start, because QEMU 7.2 knows neither bpf(2) nor the option PACKET_IGNORE_OUTGOING of packet sockets.",
    ),
    paragraph(
      "One commit gives the same bytes in every folder, at any time and in every environment: 'sha256sum dist/wingman' is the same for everyone who builds it. The executable contains the commit, with -dirty when the sources differ from it; without a repository the variable SOURCE_COMMIT names it. Compare only executables that were built on the same kind of machine: in cross-compiled ones Bun sets one bit. Bun comes from npm in the version and with the checksums of package-lock.json; for other targets it is fetched once into .cache/.",
    ),
    paragraph(
      "A run of the tests leaves nothing behind. After a killed run, the next run says where that one was, and removes what it left and only that.",
    ),
  ].join("\n\n");

export const INSTALLATION = (): string =>
  [
    paragraph(
      "What a server with systemd needs is in firmware-config/, beside three example aircraft with two, four and six servers:",
    ),
    rows(28, [
      [
        "wingman@.service",
        "to /etc/systemd/system/: the unit. User wingman, three capabilities; writes only to its state and run directories; does not wait for a cable",
      ],
      ["wingman.sysusers", "to /usr/lib/sysusers.d/wingman.conf: that user"],
      [
        "90-wingman.rules",
        "to /usr/lib/udev/rules.d/: gives that user access to the watchdog device and processor wake-up",
      ],
      [
        "functions-need-root.conf",
        "to /etc/systemd/system/wingman@.service.d/: a drop-in for functions with another user, low ports or files elsewhere, capability by capability (topic processes)",
      ],
      ["slots.conf", "likewise: a drop-in for servers that fly from slots (topic part)"],
      [
        "90-wingman.conf",
        "to /etc/sysctl.d/: kernel settings, all optional, each with the effect of leaving it out",
      ],
      ["schema.json", "for your editor: every key of the configuration"],
    ]),
    paragraph(
      'In aircraft.json, keepAlive.keyFile is "/etc/wingman/keep-alive.key": without it, whoever reaches the network takes part. As root, in the source tree, in this order:',
    ),
    `  mkdir -p /etc/wingman
  cp dist/wingman /usr/bin/
  cp aircraft.json /etc/wingman/
  cp firmware-config/wingman@.service /etc/systemd/system/
  cp firmware-config/wingman.sysusers /usr/lib/sysusers.d/wingman.conf
  cp firmware-config/90-wingman.rules /usr/lib/udev/rules.d/
  cp firmware-config/90-wingman.conf /etc/sysctl.d/
  systemd-sysusers
  udevadm control --reload
  udevadm trigger
  sysctl --system
  systemctl daemon-reload
  head -c 32 /dev/urandom > /etc/wingman/keep-alive.key
  chown wingman: /etc/wingman/keep-alive.key
  chmod 600 /etc/wingman/keep-alive.key
  systemd-run --pipe --wait -p User=wingman \\
      -p LimitRTPRIO=99 -p LimitMEMLOCK=infinity \\
      -p AmbientCapabilities="CAP_NET_ADMIN CAP_NET_RAW CAP_BPF" \\
      wingman check --here --config /etc/wingman/aircraft.json
  systemctl enable --now wingman@a`,
    paragraph(
      "Every server gets the same: the executable, aircraft.json, the four files and the key, which is made once and copied, with its owner and mode. A server needs neither the source tree nor Node. 'wingman version --config /etc/wingman/aircraft.json' prints the same table digest on all of them. A program of yours writes the air/ground signal (topic ground); without it the server counts as in the air, and flies all the same.",
    ),
    paragraph(
      "'wingman check --here' examines the machine as the user and with the privileges of the unit; called as root, it would not show that the unit lacks something, or cannot read the key. Correct what it marks with !! before the last command, which starts server a; on server b it is wingman@b.",
    ),
    paragraph(
      `'systemd-analyze security' gives the unit ${UNIT_EXPOSURE}. In both cases a function's process has none of the daemon's capabilities; a function that asks for one that the unit does not grant is named at the start.`,
    ),
  ].join("\n\n");
