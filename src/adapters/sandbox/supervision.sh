# What the supervisors of all drivers do alike; the driver's own script follows this in one file. A supervisor stands
# outside its sandbox in a session of its own, owns the deadline, and needs neither the bot nor Redis.
#
# Promises:
# - `deadline` in a directory that only the host can write is re-read at least once a second. Unreadable, empty or
#   malformed counts as passed.
# - A wall clock set back prolongs nothing: time left is also counted on the monotonic clock since the value was
#   first seen. A clock set forward ends it early.
# - Should this process die, a watcher (a fork of this script waiting on a pipe for our end) ends what may be left.
#
# The driver's script has `alive`, whether the sandbox runs, and `finish`, which ends it all, however long it takes, and
# says why.
#
# bash rather than sh: `read -t`, EPOCHREALTIME and /proc/uptime tell and pass the time without starting a process.
#
# Arguments: the driver's mark, access, install, requester, target (so that ps and list() can read them
# when the files are lost), life (this opening's random mark), state directory, door directory, slot file or "-",
# file that receives the reason of the end, then KIND:VALUE words, of which all drivers have keeper:DIR (a cgroup that
# holds this supervisor, away from the bot's own).
set -u
umask 077
cd /
access=$2 install=$3 life=$6 dir=$7 door=$8 slot=$9 ended=${10}
shift 10
keepers=()
for word in "$@"; do
  case $word in keeper:*) keepers+=("${word#keeper:}") ;; esac
done
role=supervisor known='' due=0 left=0

# Whether the state directory is still this opening's (or lost): another's sandbox is never touched.
ours() {
  local found=''
  { read -r found <"$dir/life"; } 2>/dev/null || return 0
  [ "$found" = "$life" ]
}

# Waits, or until the host wakes us. Before the FIFO is there, a process must do.
pause() { if [ -e /proc/self/fd/9 ]; then read -r -t "$1" -u 9 _; else sleep "$1"; fi; }

# The last act: says why, and removes the files. The slot goes before the state that names it.
clear_up() {
  local gone holder=''
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
  role=watcher
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
  done
}

# Moves this process into a cgroup. It has one thread, and as that it moves at once (version 1 only): to move a process
# as a whole the kernel holds up every fork on the machine for some 10 ms.
join_group() {
  local file=tasks
  [ -e "$1/$file" ] || file=cgroup.procs
  echo 0 >"$1/$file"
}

# Leaves the bot's cgroup, which a service manager kills as a whole.
move_out() {
  local group
  for group in "${keepers[@]}"; do join_group "$group"; done 2>/dev/null
}

# Stands by until the deadline.
keep() {
  local pause
  while :; do
    alive || finish 'the sandbox ended by itself'
    time_left || finish 'the deadline could not be read'
    [ "$left" -gt 0 ] || finish 'the deadline passed'
    [ "$left" -lt 1000 ] || left=1000
    printf -v pause '0.%03d' $((left % 1000))
    [ "$left" -lt 1000 ] || pause=1
    read -r -t "$pause" -u 9 _
  done
}

trap '' HUP PIPE
trap 'finish "the supervisor was told to end"' INT TERM
