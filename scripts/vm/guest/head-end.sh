#!/bin/sh
# The head-end daemon. A slot on the state disk goes before the executable of the read-only root.
slot=/var/lib/wingman/slots/current
executable=/usr/bin/wingman
configuration=/etc/wingman/aircraft.json
if [ -x "$slot/wingman" ]; then
  executable=$slot/wingman
  [ -f "$slot/aircraft.json" ] && configuration=$slot/aircraft.json
fi
echo "starting $executable" > /dev/ttyS1
exec "$executable" run --server "$(cat /run/server)" --config "$configuration" 2> /dev/ttyS1
