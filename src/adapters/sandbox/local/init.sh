# First process inside the sandbox, as pid 1 (which nothing inside can kill). Looks around and says what it sees; ends each
# of its two outputs with a line of its own. From then on it runs what the host asks for, so that every later command
# stands behind the same fence. Each line on standard input names a call directory that the host
# laid under /run/prod-access and the seconds that the call may take, or `terminal` for one that lasts as long as its
# connection to the host. Ends, and the sandbox with it, at end of input.
# $1: port for the probe. The other arguments are the label.
# bash rather than sh: it also reaps orphans.
#
# A process of its own looks around, and says the last words once this one has let go of its outputs: the host looks at
# what it holds then. In two steps, for bash keeps copies of all that one step replaces until the step is over.
exec 9> >(. /run/prod-access/probe "$1"; read -r _; printf 'said\tall\n'; printf 'said\tall\n' >&2)
exec >/dev/null 2>&1
exec 9>&-
. /run/prod-access/listen
while read -r call seconds; do
  case $call in '' | *[!a-z0-9]*) continue ;; esac
  (
    at=/run/prod-access/$call
    mapfile -d '' -t argv <"$at/argv" || exit
    [ "$seconds" != terminal ] || exec "${argv[@]}" </dev/null >/dev/null
    exec </dev/null >"$at/out" 2>"$at/err" 3>"$at/status" || exit
    echo started >&3
    timeout -s KILL "$seconds" "${argv[@]}" 3>&-
    echo "exit $?" >&3
  ) &
done
