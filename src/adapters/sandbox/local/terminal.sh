# What stands on a new terminal: sets its size ($1 columns, $2 rows), names it to the host in one line, before anything
# of the requester's runs, and becomes their shell.
stty cols "$1" rows "$2"
printf 'terminal %s\n' "$(tty)"
exec /bin/bash --rcfile /run/prod-access/bashrc -i
