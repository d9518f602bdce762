# First process inside a container, as pid 1 (which nothing inside can kill). Says what the image lacks, or opens the
# ways out and has the probe look around; ends each of its two outputs with a line of its own. From then on it only
# reaps orphans, and ends with the supervisor, and all of the container with it: `life` is a FIFO that the supervisor
# holds open.
# $1: port for the probe. The other arguments are the label.
at=/run/prod-access
exec 8<"$at/life" || printf 'lacks\t%s\n' "a FIFO of the host's that can be read"
for program in socat stty tty timeout sleep unshare head readlink wc; do
  type -P "$program" >/dev/null || printf 'lacks\t%s\n' "$program"
done
. "$at/listen" 2>/dev/null
/bin/bash "$at/probe" "$1" 8<&-
# The last words are another's, said once this process has let go of its outputs: the host looks at what it holds then.
exec 9> >(read -r _; printf 'said\tall\n'; printf 'said\tall\n' >&2)
exec >/dev/null 2>&1 9>&-
while read -r _ <&8; do :; done
