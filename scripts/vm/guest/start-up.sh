#!/bin/sh
# Once at the start of the machine. The kernel's arguments say which server it is.
mount -t tmpfs -o mode=755 run /run
mount -t tmpfs tmp /tmp
mkdir -p /dev/shm /dev/pts
mount -t tmpfs shm /dev/shm
mount -t devpts pts /dev/pts

for place in /sys/block/vd*; do
  [ "$(cat "$place/serial" 2>/dev/null)" = state ] && mount -t ext4 "/dev/${place##*/}" /var/lib/wingman
done

for argument in $(cat /proc/cmdline); do
  case $argument in
    wingman.server=*) echo "${argument#*=}" > /run/server ;;
    wingman.eth0=*) ip addr add "${argument#*=}" dev eth0 ;;
    wingman.eth1=*) ip addr add "${argument#*=}" dev eth1 ;;
  esac
done
for interface in lo eth0 eth1; do ip link set "$interface" up; done
mkdir /run/wingman
echo 1 > /run/wingman/on-ground
