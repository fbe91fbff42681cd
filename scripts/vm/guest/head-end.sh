#!/bin/sh
# The head-end daemon. `part boot` counts the starts of a part on trial, goes back where it has to,
# and prints the executable of the slot; without a slot, that of the read-only root is started.
root=/usr/bin/wingman
configuration=/etc/wingman/aircraft.json
executable=
if [ -L /var/lib/wingman/slots/current ]; then
  executable=$("$root" part boot --config "$configuration" 2> /dev/ttyS1)
fi
if [ -n "$executable" ]; then
  beside=${executable%/*}/aircraft.json
  [ -f "$beside" ] && configuration=$beside
else
  executable=$root
fi
echo "starting $executable" > /dev/ttyS1
exec "$executable" run --server "$(cat /run/server)" --config "$configuration" 2> /dev/ttyS1
