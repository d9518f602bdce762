# First process inside the sandbox, as pid 1 (which nothing inside can kill): runs what the host asks for, so that
# every later command stands behind the same fence. Each line on standard input names a call directory that the host
# laid under /run/prod-access and the seconds that the call may take, or `terminal` for one that lasts as long as its
# connection to the host. Ends, and the sandbox with it, at end of input.
# bash rather than sh: it also reaps orphans.
exec 2>/dev/null
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
