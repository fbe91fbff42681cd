/** The topic of the manual about data loads over the network. */
import { LOAD_CHOICE_MS, LOAD_SILENCE_MS, LOAD_STATUS_MS } from "../../limits.ts";

export const DATA_LOAD =
  (): string => `With maintenance.dataLoad a ground loader on the network finds this server,
sees what is loaded, uploads loads and downloads the maintenance log, as
loaders of aircraft software do: by protocol files over TFTP. It follows the
file layouts as published in open-source implementations, checked with tshark.
Without the key nothing listens.

  "dataLoad": { "listen": "eth0", "position": "L", "manufacturer": "WNG" }

The target is called HARDWARE_POSITION: WINGHESA_L. Every server has its own
address; VIPs, which move, are none. With one file for all servers, listen is
an interface, and position is left out: each server has its identifier in
capitals.

  FIND          UDP findPort (1001), by broadcast; answered into its network
  information   loader reads X.LCI; gets X.LCS and X.LCL: what is loaded
  upload        loader reads X.LUI, gets X.LUS, writes X.LUR; header and
                files are read from it; X.LUS tells how far it is
  download      loader reads X.LNO, gets X.LNL: the log as text, CSV, JSON lines
                and binary; writes X.LNA with its choice; gets the files

TFTP is at UDP port (59) here and at the loader, whose request may name
another one (option port). The loader needs a TFTP server that takes new
files.

On ground only; otherwise the answer has status 1000 and says why. An aircraft
that leaves the ground ends what is under way. One operation at a time:
meanwhile others are refused. A status is told every ${LOAD_STATUS_MS / 1000} s; when the loader has
taken none for ${LOAD_SILENCE_MS / 1000} s the operation is over. A choice is waited for ${LOAD_CHOICE_MS / 60_000} minutes.
What did not come to its end leaves everything as it was.

'show dataload' on the console, and the page, tell operation, file, per cent
and loader. Start, end, refusal and abort are in the log (WNG-0494 to
WNG-0498).

The protocol knows no passwords: whoever reaches the port on ground may ask.
So the network has to be one's own, and what is uploaded is judged by its
signature.

Ports below 1024 need CAP_NET_BIND_SERVICE: the maintenance process keeps that
one alone. A firewall has to let UDP 59, 1001 and the ports that transfers
take pass.

By hand, from a laptop with tftpd-hpa and tftp-hpa:
  in.tftpd --foreground --listen --address LAPTOP:59 --create --secure DIR
  tftp -m binary SERVER 59 -c get WINGHESA_L.LNO     then X.LNL comes into DIR
  tftp -m binary SERVER 59 -c put CHOICE WINGHESA_L.LNA`;
