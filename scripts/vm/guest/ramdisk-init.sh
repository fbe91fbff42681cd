#!/bin/busybox sh
# Process 1 of the initial RAM disk: drivers, then the read-only root.
/bin/busybox mkdir -p /proc /sys /dev /root
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev

for module in $(/bin/busybox cat /modules/order); do
  /bin/busybox insmod "/modules/$module" || echo "ramdisk: $module refused"
done

# Letters of disks change with the order of arguments; serial numbers do not.
disk() {
  for place in /sys/block/vd*; do
    [ "$(/bin/busybox cat "$place/serial" 2>/dev/null)" = "$1" ] && echo "/dev/${place##*/}" && return
  done
}
root=$(disk root)
while [ -z "$root" ]; do
  /bin/busybox usleep 20000
  root=$(disk root)
done
/bin/busybox mount -t squashfs -o ro "$root" /root || exec /bin/busybox poweroff -f
for place in proc sys dev; do /bin/busybox mount --move "/$place" "/root/$place"; done
exec /bin/busybox switch_root /root /sbin/init
