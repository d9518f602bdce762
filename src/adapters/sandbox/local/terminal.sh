# What stands on a new terminal: sets its size ($1 columns, $2 rows), names it to the host in one line, before anything
# of the requester's runs, and becomes their shell. What socat holds open, the connection to the host among it, must not
# reach the shell: whoever kept it could speak past the terminal, and hold it open when the shell has ended.
for fd in /proc/self/fd/*; do
  case ${fd##*/} in [0-2] | 255) ;; *) eval "exec ${fd##*/}>&-" ;; esac
done
stty cols "$1" rows "$2"
printf 'terminal %s\n' "$(tty)"
exec /bin/bash --rcfile /run/prod-access/bashrc -i
