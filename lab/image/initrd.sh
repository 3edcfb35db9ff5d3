#!/bin/busybox sh
B=/bin/busybox
$B mount -t devtmpfs d /dev
for m in $($B cat /order); do [ -e /m/$m.ko ] && $B insmod /m/$m.ko 2>/dev/null; done
n=0
while [ ! -b /dev/vdc ] && [ $n -lt 100 ]; do $B sleep 0.1; n=$((n + 1)); done
$B mount -t ext4 /dev/vda /mnt || echo "lab: no root disk"
$B mount -t ext4 -o ro /dev/vdb /mnt/usr/lib/modules || echo "lab: no modules"
$B umount /dev
exec $B switch_root /mnt /sbin/init
