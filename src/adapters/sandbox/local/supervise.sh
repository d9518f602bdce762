# Supervisor of one sandbox, outside it, in a session of its own. It starts bubblewrap, owns the deadline, and at the
# deadline kills everything inside and removes its files. It needs neither the bot nor Redis.
#
# Promises:
# - `deadline` in a directory that only the host can write is re-read at least once a second. Unreadable, empty or
#   malformed counts as passed.
# - A wall clock set back prolongs nothing: time left is also counted on the monotonic clock since the value was
#   first seen. A clock set forward ends it early.
# - Should this process die, the kernel kills bubblewrap and with it the sandbox (--die-with-parent), and a watcher
#   (a fork of this script waiting on a pipe for our end) kills and removes what may be left.
#
# bash rather than sh: `read -t`, EPOCHREALTIME and /proc/uptime tell and pass the time without starting a process.
#
# Arguments: the label `prod-access-sandbox`, access, install, requester, target (so that ps and list() can read them
# when the files are lost), life (this opening's random mark), state directory, door directory, slot file or "-",
# file that receives the reason of the end, then cgroup:DIR (limits the sandbox), keeper:DIR (holds this supervisor,
# away from the bot's own cgroup) and ulimit:FLAG=VALUE.
set -u
umask 077
cd /
access=$2 install=$3 life=$6 dir=$7 door=$8 slot=$9 ended=${10}
shift 10
cgroups=() keepers=() ulimits=()
for word in "$@"; do
  case $word in
    cgroup:*) cgroups+=("${word#cgroup:}") ;;
    keeper:*) keepers+=("${word#keeper:}") ;;
    ulimit:*) ulimits+=("${word#ulimit:}") ;;
  esac
done
bwrap='' role=supervisor

# Whether the state directory is still this opening's (or lost): another's sandbox is never touched.
ours() {
  local found=''
  { read -r found <"$dir/life"; } 2>/dev/null || return 0
  [ "$found" = "$life" ]
}

# The host's pid of the sandbox's first process, from what bubblewrap wrote.
init_pid() {
  local text=''
  { text=$(<"$dir/bwrap.info"); } 2>/dev/null
  [[ $text =~ \"child-pid\":\ *([0-9]+) ]] || return 1
  init=${BASH_REMATCH[1]}
  [ "$role" = supervisor ] && return 0
  # The watcher is not bubblewrap's parent, so the number could have been taken over by another process.
  local argv=()
  { mapfile -d '' -t argv <"/proc/$init/cmdline"; } 2>/dev/null || return 1
  [[ " ${argv[*]-} " == *" prod-access-sandbox $access $install "* ]]
}

# One round of SIGKILL; succeeds once nothing was left to kill.
kill_round() {
  local pid group left=1 init
  for group in "${cgroups[@]}"; do
    [ -d "$group" ] || continue
    [ -w "$group/cgroup.kill" ] && echo 1 >"$group/cgroup.kill"
    while read -r pid; do
      kill -KILL "$pid" && left=0
    done <"$group/cgroup.procs"
  done 2>/dev/null
  if [ -n "$bwrap" ] && kill -0 "$bwrap" 2>/dev/null; then
    left=0
    init_pid && kill -KILL "$init" 2>/dev/null
    kill -KILL "$bwrap" 2>/dev/null
  elif [ "$role" = watcher ] && init_pid && kill -KILL "$init" 2>/dev/null; then
    left=0
  fi
  [ "$left" = 1 ]
}

# Waits, or until the host wakes us. Before the FIFO is there, a process must do.
pause() { if [ -e /proc/self/fd/9 ]; then read -r -t "$1" -u 9 _; else sleep "$1"; fi; }

# Ends it all, however long it takes, and says why. The slot goes before the state that names it.
finish() {
  local group gone holder=''
  ours || exit 0
  until kill_round; do pause 0.01; done
  [ -n "$bwrap" ] && wait "$bwrap" 2>/dev/null
  for group in "${cgroups[@]}"; do
    until rmdir "$group" 2>/dev/null || [ ! -d "$group" ]; do
      kill_round
      pause 0.02
    done
  done
  ours || exit 0
  printf '%s\n' "$1" >"$ended" 2>/dev/null
  { read -r holder <"$slot"; } 2>/dev/null
  [ "$holder" = "$access" ] && rm -f "$slot"
  for gone in 1 2 3; do rm -rf "$door" "$dir" 2>/dev/null && break; done
  # Tells the watcher that it ended well.
  [ "$role" = watcher ] || { echo >&6; } 2>/dev/null
  exit 0
}

watch() {
  close_others
  role=watcher bwrap=''
  trap '' HUP INT TERM
  read -r _ && exit 0
  finish 'the supervisor died'
}

now() {
  local up
  wall=$((${EPOCHREALTIME/./} / 1000))
  read -r up _ </proc/uptime
  mono=$((10#${up/./} * 10))
}

# Milliseconds left, by whichever clock leaves less.
time_left() {
  local text=''
  { IFS= read -r text <"$dir/deadline"; } 2>/dev/null || return 1
  case $text in '' | *[!0-9]*) return 1 ;; esac
  [ ${#text} -le 15 ] || return 1
  now
  if [ "$text" != "$known" ]; then
    known=$text
    due=$((mono + 10#$text - wall))
  fi
  left=$((10#$text - wall))
  [ $((due - mono)) -ge "$left" ] || left=$((due - mono))
}

# Keeps only the standard descriptors, the wake FIFO (9) and bash's own script (255): the ends of pipes that bash leaves
# open in a child would hide the supervisor's end from it, and reach into the sandbox.
close_others() {
  local path
  for path in /proc/self/fd/*; do
    case ${path##*/} in [0-2] | 9 | 255) ;; *) eval "exec ${path##*/}>&-" ;; esac
  done 2>/dev/null
}

# Sets a limit, or leaves the one that is lower already.
limit() {
  local held
  ulimit "-$1" "$2" 2>/dev/null && return 0
  held=$(ulimit -H "-$1") && [ "$held" -le "$2" ]
}

# Becomes bubblewrap. Moving into cgroups can take the kernel 10 ms, so it is done while the host still lays down the
# files; its own input is a pipe from the supervisor that says go, or ends.
enter() {
  close_others
  trap - HUP INT PIPE TERM
  for group in "${cgroups[@]}"; do echo 0 >"$group/cgroup.procs" || exit 125; done
  # The host's out-of-memory killer takes sandboxes first.
  { echo 500 >/proc/self/oom_score_adj; } 2>/dev/null
  for word in "${ulimits[@]}"; do limit "${word%%=*}" "${word#*=}" || exit 125; done
  # One byte, which bash cannot say: why not 0 stands in seccomp/restricted.ts. Nor can it be had where 0 was set before.
  prlimit --pid "$BASHPID" --core=1:1 || ulimit -c 0
  read -r _ || exit
  mapfile -d '' -t command <"$dir/command"
  exec "${command[@]}" <>"$dir/control" >/dev/null 2>"$dir/log" 6<"$dir/filter" \
    7>"$dir/bwrap.info" 8<"$dir/bwrap.args" 9>&-
}

trap '' HUP PIPE
trap 'finish "the supervisor was told to end"' INT TERM
exec 5> >(enter)
bwrap=$!
# The opener says go on our input when all files lie there; should it die first, there is nothing to open for.
read -r _ || finish 'the opener died'
exec 9<>"$dir/wake" </dev/null || finish 'its files are not there'
known='' due=0 left=0
time_left && [ "$left" -gt 0 ] || finish 'the deadline passed before the start'
echo >&5
exec 5>&-

exec 6> >(watch)
for group in "${keepers[@]}"; do { echo $$ >"$group/cgroup.procs"; } 2>/dev/null; done

while :; do
  kill -0 "$bwrap" 2>/dev/null || finish 'the sandbox ended by itself'
  time_left || finish 'the deadline could not be read'
  [ "$left" -gt 0 ] || finish 'the deadline passed'
  [ "$left" -lt 1000 ] || left=1000
  printf -v pause '0.%03d' $((left % 1000))
  [ "$left" -lt 1000 ] || pause=1
  read -r -t "$pause" -u 9 _
done
