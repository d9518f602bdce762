# Supervisor of one container. It starts nothing: at the deadline it kills the first process, with which the kernel
# kills all of the container, and has the engine remove what is left, for as long as that takes. An engine that is down
# keeps nothing alive. Should it die, the first process sees its end of `life` close, and ends.
#
# Its own words: engine:SOCKET and container:NAME.
for word in "$@"; do
  case $word in
    engine:*) engine=${word#engine:} ;;
    container:*) name=${word#container:} ;;
  esac
done

# The host's pid of the first process, where it is known and still that process: the number alone could be another's.
init_pid() {
  local start='' text='' fields
  init=''
  { read -r init start <"$dir/init"; } 2>/dev/null || return 1
  { text=$(<"/proc/$init/stat"); } 2>/dev/null || return 1
  # What follows the name: the state first, 19 fields later the start.
  read -r -a fields <<<"${text##*) }"
  [ "${fields[19]-}" = "$start" ] && [[ ${fields[0]} != [ZX] ]]
}

# Until the opener has told of the first process, it is its business whether that runs.
alive() { [ ! -e "$dir/init" ] || init_pid; }

# Has the engine kill and remove the container: its status code, or nothing where it does not answer. By its id where
# that is known, for the name may be another opening's by then.
remove() {
  local which=$name
  code=''
  { read -r which <"$dir/container"; } 2>/dev/null
  read -r _ code _ < <(
    close_others
    printf 'DELETE /containers/%s?force=1&v=1 HTTP/1.1\r\nHost: engine\r\nConnection: close\r\n\r\n' "$which" |
      timeout -s KILL 30 socat -t 30 - "UNIX-CONNECT:$engine,shut-none" 2>/dev/null
  )
  # It bears our arguments, so nothing of it may outlive us: it would be taken for a supervisor.
  { kill "$!" && wait "$!"; } 2>/dev/null
}

finish() {
  ours || exit 0
  while :; do
    init_pid && kill -KILL "$init" 2>/dev/null
    remove
    case $code in 204 | 404) init_pid || break ;; esac
    pause 0.2
  done
  clear_up "$1"
}

exec >/dev/null 2>&1
# The opener says go on our input when all files lie there; should it die first, there is nothing to open for.
read -r _ || finish 'the opener died'
exec 9<>"$dir/wake" </dev/null || finish 'its files are not there'
exec 4<>"$door/calls/life" || finish 'its files are not there'
time_left && [ "$left" -gt 0 ] || finish 'the deadline passed before the start'
exec 6> >(watch)
move_out
keep
