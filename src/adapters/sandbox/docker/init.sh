# First process inside a container, as pid 1 (which nothing inside can kill). Says what the image lacks, or opens the
# ways out and looks around; ends each of its two outputs with a line of its own. From then on it only
# reaps orphans, and ends with the supervisor, and all of the container with it: `life` is a FIFO that the supervisor
# holds open.
# $1: port for the probe. The other arguments are the label.
at=/run/prod-access
exec 8<"$at/life" || printf 'lacks\t%s\n' "a FIFO of the host's that can be read"
for program in socat stty tty timeout sleep unshare head readlink wc; do
  type -P "$program" >/dev/null || printf 'lacks\t%s\n' "$program"
done
. "$at/listen" 2>/dev/null
# A process of its own looks around, and says the last words once this one has let go of its outputs: the host looks at
# what it holds then. In two steps, for bash keeps copies of all that one step replaces until the step is over.
exec 9> >(exec 8<&-; . "$at/probe" "$1"; read -r _; printf 'said\tall\n'; printf 'said\tall\n' >&2)
exec >/dev/null 2>&1
exec 9>&-
while read -r _ <&8; do :; done
