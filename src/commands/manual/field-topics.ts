/** Topics of the manual about what happens in the field, and about what Wingman cannot do. */

import { paragraph } from "../../command-line/paragraph.ts";

const items = (texts: readonly string[]): string =>
  texts.map((text) => paragraph(`- ${text}`, "", "  ")).join("\n\n");

export const FIELD = (): string =>
  [
    paragraph(
      "Wingman runs with the kernel's default settings. test/field reproduces, with real executables, common problems of such systems: service goes on where it can; the fault is named in log, console and page within seconds, and ends when its cause ends.",
    ),
    items([
      "A full table of neighbours or connections, a firewall of the server, a missing IPv4 address: servers still hear each other, because keep-alives are whole Ethernet frames; anybody can listen to them as UDP. Each network is monitored separately. A sender that is refused for its key, system or port is named with its MAC, and a switch that has forgotten the group gets a new report.",
      "A lost link is noticed within a period. Without its client interface a server stays up, reports it, and serves again when the interface is back.",
      "A function serves as long as one of its VIPs can be set; each refused one is named and retried. A VIP that somebody else set on a server, as an address, a local route or by proxy ARP, is a fault until it is gone. Announcements are sent in both forms of ARP, and repeated for three minutes. A deleted route to the seats is back within a period. Only the client interface answers ARP for VIPs. Before changing addresses by hand: 'wingman drain'.",
      "A hanging disk does not keep an engine from starting. A run directory on a disk is kept in memory.",
      "Key files, executable and console line may change while a server runs: it goes on with those of its start, and reports the change.",
      "'wingman check --here' checks a machine before it flies. 'wingman run' collects orphans, also as process 1 of a container.",
    ]),
  ].join("\n\n");

export const LIMITS = (): string =>
  items([
    "Linux 5.18 or later on x86-64; older kernels cannot mark addresses, so addresses left by a crash are not recognised. No server has flown on arm64 in the tests. IPv4 and IPv6 VIPs, keep-alives over IPv4 multicast. 16 servers, 1,024 functions, 8 VIPs each.",
    "IPv6 VIPs cost the kernel far more than IPv4 ones: it joins a multicast group for each, and begins to answer from a worker of normal priority. Dozens are fine; hundreds take longer than a failover should.",
    "The lease is enforced by eBPF (Linux 6.6, or clsact before it; CAP_BPF) or, without eBPF, by nftables on ingress and egress (Linux 5.16). By eBPF it ends to the microsecond and needs a detection time of 2 periods + 10 ms: 30 ms at a period of 10 ms, 20 ms at 5; by nftables up to 20 ms more. At 10 ms x 5 (periodMs x lostAfterPeriods) the loop may be late by about 23 ms, and up to leaseBridges keep-alives in a row may be lost in each direction, before the server releases everything and starts over; more count as a divided network, and a server stopped just then may answer beside another one until its lease ends. On a shared virtual machine 30 ms would sometimes silence a server that is only late. Where the lease does not fit, or the kernel has none, the start, 'wingman status' and 'wingman check' report it, and the addresses of a server whose processes are all killed answer until their lifetime ends, about 2 s.",
    "Silence for VIPs that a server does not own needs eBPF. It covers packets from this server: a packet that it forwards for others passes, and so does incoming neighbour discovery behind extension headers (its answer does not go out). AF_XDP, and programs that bypass queueing disciplines when they send, bypass every filter.",
    "Two servers that do not hear each other at all, but share the client network, both serve. Make the client network one of the keep-alive networks, as in the examples. After such a cut has healed, both answer until they have heard each other.",
    "Where the link between the last two servers is cut in one direction, the one that is not heard leaves everything to the other. But when the other one's engine starts again, or its own machine, it cannot tell keep-alives from recordings: both serve until both directions pass. While such a cut lasts, a function that nobody has owned is taken a take-over time later.",
    "The server can do nothing against a flood that fills a network; that is what the second network is for.",
    "Strangers are found by what they send to this server and to everybody; an answer to a single seat is not seen.",
    "With preempt what runs stays where it is, so the owners depend on the order of events; the set of running functions does not. With reset the same servers always give the same owners.",
    "A process that a function starts in a session of its own, and children of a function whose supervisor was killed, are not found: let the service manager end the whole control group.",
    "UDP memory, which the whole machine shares, was not filled in a test; keep-alives do not use it, and rules of nftables for their port (input, output, connection tracking) change nothing. Client notices still need the kernel's table of neighbours.",
    "Another program that changes nftables for a long time holds up a lease by nftables: the engine may release everything, and a fault names the cause (WNG-0308).",
    "A kernel that does not preempt (preempt=none) leaves a processor to one system call for as long as it takes: 200,000 nftables elements loaded at once hold the flight loop up for 0.4 s (WNG-0301). 'wingman check --here' names such a kernel.",
    "A program that keeps the kernel's lock for interfaces and addresses delays VIPs, and nothing else, for 3 s at most (WNG-0314). The flight loop asks for the lock beforehand. It still has to wait when another program takes the lock in the millisecond before a batch, or keeps it when another server has the same VIP or when the loop releases everything; so do routes that are put back and multicast groups that are joined again.",
    "A failed function is retried where there is free room; if there is none, it waits for room, or for 'wingman resume'.",
    "Without clients.witnesses a server that hears no other one serves alone: with carrier, it cannot know that it is cut off.",
    "Servers hear each other only if their keep-alives have the same layout or the previous one: load the same release on all.",
    "Serial lines were tried over pseudo-terminals and an emulated 16550, which knows neither speed nor carrier; not yet on a real UART. ZMODEM and TFTP are our own: of the ZMODEM libraries on npm two are unmaintained, and the one in use (zmodem2 1.2.1) hung with one byte in 20,000 damaged; npm has no well-kept library of TFTP.",
    "A log file that is removed, replaced or truncated while in use is rewritten within a second, with every record that can still be read (WNG-0427). 'wingman log --out' never replaces a device or the log itself.",
    "An engine that is stopped (SIGSTOP) counts as running for up to 2 s in what its own console and page show.",
    "63 legs are kept as summaries; fault records of old legs age out with the other records. Counts that the limit of three records an hour holds back are lost when 'wingman manage' dies. The token of the page travels in clear.",
  ]);
