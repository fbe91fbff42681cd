/** The topic of the manual about data loads over the network. */
import { LOAD_CHOICE_MS, LOAD_SILENCE_MS, LOAD_STATUS_MS } from "../../limits.ts";

export const DATA_LOAD =
  (): string => `With maintenance.dataLoad a ground loader on the network can find this server, list
what is loaded, upload loads and download the maintenance log, as loaders of aircraft
software do: by protocol files over TFTP. The file layouts follow open-source
implementations, checked with tshark. Without the key nothing listens.

  "dataLoad": { "listen": "eth0", "position": "L", "manufacturer": "WNG" }

The target is called HARDWARE_POSITION: WINGHESA_L. Every server needs its own
address; a VIP, which moves, cannot be used. With one file for all servers, give an
interface as listen, and leave position out: each server then uses its identifier in
capitals.

  FIND          UDP findPort (1001), by broadcast; answered into its network
  information   loader reads X.LCI; gets X.LCS and X.LCL: what is loaded
  upload        loader reads X.LUI, gets X.LUS, writes X.LUR; header and
                files are read from it; X.LUS reports the progress
  download      loader reads X.LNO, gets X.LNL: the log as text, CSV, JSON lines
                and binary; writes X.LNA with its choice; gets the files
  download by   loader reads X.LND, writes X.LNR with the names that its medium
  its medium    has: wingman-log-SERVER.txt, .csv, .jsonl, .bin; gets the files

TFTP uses UDP port (59) here and at the loader, whose request may name another one
(option port). The loader needs a TFTP server that accepts new files.

On ground only; otherwise the answer has status 1000 and the reason. An operation is
aborted when the aircraft leaves the ground. One operation at a time: meanwhile others
are refused. A status is sent every ${LOAD_STATUS_MS / 1000} s; when the loader has accepted none for ${LOAD_SILENCE_MS / 1000} s,
the operation is over. The server waits ${LOAD_CHOICE_MS / 60_000} minutes for a choice. An operation that is not
completed leaves everything as it was.

A complete load is checked and copied to the inactive slot by a separate process of
low priority: "checking, 40 %", "storing in slot b, 10 %". Until everything is copied,
the end of the operation ends the copying, too; then the slot is replaced in one step.
Nothing of the load stays outside the slots; what a kill or a power cut leaves is
removed when the server starts. During a load the disk needs room for two copies of
it, besides the two slots.

'show dataload' on the console, and the page, show operation, file, per cent and
loader. Start, end, refusal and abort are in the log (WNG-0494 to WNG-0498).

The protocol has no passwords: anyone who reaches the port on ground may use it. So
the network must be private, and an upload is accepted only by its signature.

Ports below 1024 need CAP_NET_BIND_SERVICE, the only capability that the maintenance
process keeps. A firewall must pass UDP 59, 1001 and the ports of the transfers.

By hand, from a laptop with tftpd-hpa and tftp-hpa:
  in.tftpd --foreground --listen --address LAPTOP:59 --create --secure DIR
  tftp -m binary SERVER 59 -c get WINGHESA_L.LNO     then X.LNL arrives in DIR
  tftp -m binary SERVER 59 -c put CHOICE WINGHESA_L.LNA`;
