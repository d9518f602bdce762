# Supervisor of one local sandbox. It starts bubblewrap, and at the deadline kills everything inside and removes its
# files. Should it die, the kernel kills bubblewrap and with it the sandbox (--die-with-parent).
#
# Its own words: cgroup:DIR (limits the sandbox), ulimit:FLAG=VALUE, and run:WORD for each word of the command.
cgroups=() ulimits=() command=()
for word in "$@"; do
  case $word in
    cgroup:*) cgroups+=("${word#cgroup:}") ;;
    ulimit:*) ulimits+=("${word#ulimit:}") ;;
    run:*) command+=("${word#run:}") ;;
  esac
done
bwrap=''

# Whether bubblewrap runs. Not by `kill -0`, which takes the dead for alive until they are buried: a bash that is told to
# end while it waits in `read -t` keeps SIGCHLD blocked, and buries nobody.
alive() {
  local stat=''
  { read -r stat <"/proc/$bwrap/stat"; } 2>/dev/null
  # The state follows the name.
  [ -n "$stat" ] && [[ ${stat##*) } != [ZX]* ]]
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
  if [ -n "$bwrap" ] && alive; then
    left=0
    init_pid && kill -KILL "$init" 2>/dev/null
    kill -KILL "$bwrap" 2>/dev/null
  elif [ "$role" = watcher ] && init_pid && kill -KILL "$init" 2>/dev/null; then
    left=0
  fi
  [ "$left" = 1 ]
}

finish() {
  local group
  ours || exit 0
  until kill_round; do pause 0.01; done
  [ -n "$bwrap" ] && wait "$bwrap" 2>/dev/null
  for group in "${cgroups[@]}"; do
    until rmdir "$group" 2>/dev/null || [ ! -d "$group" ]; do
      kill_round
      pause 0.02
    done
  done
  clear_up "$1"
}

# Sets a limit, or leaves the one that is lower already.
limit() {
  local held
  ulimit "-$1" "$2" 2>/dev/null && return 0
  held=$(ulimit -H "-$1") && [ "$held" -le "$2" ]
}

# A core file may have one byte, which bash cannot say: why not 0 stands in seccomp/restricted.ts. Where 0 is the most that
# may be had, this is tried, and 0 it stays.
one_byte_of_core() {
  local what most
  while read -r _ what _ _ _ most _; do
    [ "$what" = core ] && break
  done </proc/self/limits
  if [ "$most" = 0 ]; then prlimit --pid "$BASHPID" --core=1:1; else command=(prlimit --core=1:1 "${command[@]}"); fi
}

# Becomes bubblewrap. Its cgroups and limits are set while the host still lays down the files; its own input is a pipe
# from the supervisor that passes on the opener's words, or ends. Its outputs lead to the opener, who hears what is said
# until the sandbox is open.
enter() {
  close_others
  trap - HUP INT PIPE TERM
  read -r _ || exit
  for group in "${cgroups[@]}"; do join_group "$group" || exit 125; done
  # The host's out-of-memory killer takes sandboxes first.
  { echo 500 >/proc/self/oom_score_adj; } 2>/dev/null
  for word in "${ulimits[@]}"; do limit "${word%%=*}" "${word#*=}" || exit 125; done
  one_byte_of_core
  read -r _ || exit
  exec "${command[@]}" <>"$dir/control" 6<"$dir/filter" 7>"$dir/bwrap.info" 8<"$dir/bwrap.args" 9>&-
}

exec 5> >(enter)
bwrap=$!
exec >/dev/null 2>&1
# The opener says on our input that the cgroups stand, then that all files lie there; should it die first, there is
# nothing to open for.
read -r _ || finish 'the opener died'
echo >&5
mkfifo -m 600 "$dir/control" "$dir/wake"
read -r _ || finish 'the opener died'
exec 9<>"$dir/wake" </dev/null || finish 'its files are not there'
time_left && [ "$left" -gt 0 ] || finish 'the deadline passed before the start'
echo >&5
exec 5>&-

# Not before: the opener waits now, and leaves a processor free.
exec 6> >(bwrap='' && watch)
move_out
keep
